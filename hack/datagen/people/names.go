package people

import "github.com/kith-dev/kith/hack/datagen/draw"

// nameTables are the shares of a country's names.
type nameTables struct {
	*country
	surnameBy shares
	givenBy   [2][generations]shares
	lists     [2][generations][]string // the given names of a generation first, then those of its neighbours
}

func newNameTables(c *country) *nameTables {
	t := &nameTables{country: c}
	if c.surnameShares != nil {
		t.surnameBy = sharesOf(c.surnameShares...)
	} else {
		t.surnameBy = zipf(surnameCount, surnameFlat)
	}
	for g := range generations {
		for sex := range 2 {
			t.lists[sex][g] = mergedNames(c.given[sex], g)
			t.givenBy[sex][g] = givenShares(len(t.lists[sex][g]), givenFlat[g])
		}
	}
	return t
}

// givenShares follow Zipf's law, but those of the names that are in no list are a third: of given names, unlike surnames, a hundred or so
// are most of it.
func givenShares(listed int, flat int64) shares {
	weights := zipfWeights(givenCount, flat)
	for i := listed; i < len(weights); i++ {
		weights[i] /= 3
	}
	return sharesOf(weights...)
}

// mergedNames puts the names of the other generations, the nearer ones first, behind those of generation g.
func mergedNames(by [generations][]string, g int) []string {
	seen := map[string]bool{}
	var all []string
	for distance := range generations {
		for i, names := range by {
			if i != g-distance && i != g+distance {
				continue
			}
			for _, n := range names {
				if !seen[n] {
					seen[n] = true
					all = append(all, n)
				}
			}
		}
	}
	return all
}

func (t *nameTables) surname(r draw.RNG) string {
	rank := t.surnameBy.draw(r)
	if rank < len(t.surnames) {
		return t.surnames[rank]
	}
	return t.surnameTail.make(t.code+"surname", rank)
}

func (t *nameTables) givenName(r draw.RNG, sex, year int) string {
	g := generation(year)
	rank := t.givenBy[sex][g].draw(r)
	if list := t.lists[sex][g]; rank < len(list) {
		return list[rank]
	}
	return t.givenTail[sex].make(t.code+"given", rank)
}
