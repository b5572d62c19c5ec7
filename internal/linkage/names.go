package linkage

import (
	"slices"

	"github.com/kith-dev/kith/internal/linkage/parallel"
	"github.com/kith-dev/kith/internal/normalise/person"
)

// The levels of names.
const (
	nameOtherGender level = iota + 2
	nameInitial
	nameSimilar
	nameWord
	namePet
	nameSwapped
	nameNearly
	nameMisplaced
	nameEqual
)

var nameLevels = []string{"missing", "differs", "of the other gender", "initial", "similar", "shares a word", "pet name", "swapped", "nearly equal", "in the other field", "equal"}

// nameComparison is of given names or of surnames. It knows that the two are sometimes swapped, and that a record with one name only may
// have it in either field.
func (r *Records) nameComparison(i int) comparison {
	c := r.columns[i]
	n := names{i: i, other: -1, texts: c.texts, words: c.words(), sounds: c.of(sound), spelt: c.spelt(), namesakes: namesakes{generation: -1, born: -1}}
	if c.kind != Surname {
		n.pets, n.genders = c.pets()
		n.gender = r.find(Gender)
	}
	if c.kind == GivenName {
		n.namesakes = r.namesakes()
	}
	if c.kind != MiddleName && r.given >= 0 && r.surname >= 0 {
		n.other = r.given + r.surname - i
		n.given, n.surname = r.given, r.surname
		n.givenTexts, n.surnameTexts = r.columns[r.given].texts, r.columns[r.surname].texts
		n.cross = c.placesIn(r.columns[n.other])
	}
	return comparison{name: c.name, columns: []int{i}, levels: nameLevels, equal: nameEqual, close: nameNearly, seldom: nameOtherGender, of: n.level}
}

type names struct {
	i, other                 int
	namesakes                namesakes
	texts                    []text
	words                    wordList
	sounds                   []uint64
	spelt                    []spelt         // nil where all values are in Latin letters
	pets                     [][]int32       // groups of names that stand for each other, nil for surnames
	genders                  []person.Gender // that names tell, nil for surnames
	gender, given, surname   int
	givenTexts, surnameTexts []text
	cross                    []int32 // the place that a name has among the other column's, -1 for none
}

func (n *names) level(l, r []int32) level {
	if n.other >= 0 {
		if lone, full := n.oneName(l, r); lone != nil {
			if found := n.misplaced(lone, full); found != missing {
				if n.i == n.given {
					return missing // the name is compared with the other's surname
				}
				return found
			}
		}
	}
	a, b := l[n.i], r[n.i]
	switch {
	case a < 0 || b < 0:
		return missing
	case n.namesakes.generations(l, r):
		return differs
	case a == b:
		if n.namesakes.generationApart(l, r) {
			return differs
		}
		return nameEqual
	case n.other >= 0 && n.swapped(l, r):
		if n.i == n.given {
			return missing // that surnames are swapped says all
		}
		return nameSwapped
	}
	if n.spelt != nil && n.spelt[a].script != n.spelt[b].script {
		return n.across(a, b)
	}
	x, y := &n.texts[a], &n.texts[b]
	if x.letter() || y.letter() {
		if x.at(0) == y.at(0) {
			return nameInitial
		}
		return differs
	}
	if min(x.len(), y.len()) > 2 && within(x, y, 1) {
		return nameNearly
	}
	switch s := jaroWinkler(x, y, alike); {
	case s >= nearly:
		return nameNearly
	case n.related(a, b):
		return namePet
	case n.ofTwoGenders(l, r):
		return nameOtherGender
	case n.words.share(a, b):
		return nameWord
	case s >= alike || n.sounds[a] == n.sounds[b]:
		return nameSimilar
	}
	return differs
}

// letter says whether the text is one letter of an alphabet, and so an initial; a syllable or an ideograph may be all of a name.
func (t *text) letter() bool { return t.len() == 1 && t.at(0) < 0x1100 }

// related says whether one of the names often stands for the other.
func (n *names) related(a, b int32) bool {
	if n.pets == nil {
		return false
	}
	for _, x := range n.pets[a] {
		if slices.Contains(n.pets[b], x) {
			return true
		}
	}
	return false
}

// ofTwoGenders says whether one name is a man's and the other a woman's: Mark and Marsha are alike and yet two people.
func (n *names) ofTwoGenders(l, r []int32) bool {
	if n.gender >= 0 && (l[n.gender] >= 0 || r[n.gender] >= 0) {
		return false
	}
	a, b := l[n.i], r[n.i]
	return n.genders != nil && n.genders[a] != n.genders[b] && n.genders[a] != person.AnyGender && n.genders[b] != person.AnyGender
}

// pets are the groups of each value, and the gender that it tells.
func (c *column) pets() ([][]int32, []person.Gender) {
	groups, genders := make([][]int32, len(c.values)), make([]person.Gender, len(c.values))
	parallel.Stretches(len(groups), func(from, to int) {
		for i := from; i < to; i++ {
			groups[i], genders[i] = person.GivenNameGroups(c.values[i]), person.GenderOf(c.values[i])
		}
	})
	return groups, genders
}

// swapped: each given name is the other's surname.
func (n *names) swapped(l, r []int32) bool {
	x, y := l[n.other], r[n.other]
	return x >= 0 && y >= 0 && x != y && n.cross[l[n.i]] == y && n.cross[r[n.i]] == x
}

// namesInCommon says whether the given name of one is the surname of the other.
func (r *Records) namesInCommon() func(x, y []int32) bool {
	if r.given < 0 || r.surname < 0 {
		return func(_, _ []int32) bool { return false }
	}
	given, surname := r.columns[r.given].of(whole), r.columns[r.surname].of(whole)
	is := func(x, y []int32) bool {
		g, s := x[r.given], y[r.surname]
		return g >= 0 && s >= 0 && given[g] == surname[s]
	}
	return func(x, y []int32) bool { return is(x, y) || is(y, x) }
}

// oneName gives the one of two records that has a given name and no surname, where the other has a surname.
func (n *names) oneName(l, r []int32) (lone, full []int32) {
	switch g, s := n.given, n.surname; {
	case l[s] < 0 && l[g] >= 0 && r[s] >= 0:
		return l, r
	case r[s] < 0 && r[g] >= 0 && l[s] >= 0:
		return r, l
	}
	return nil, nil
}

// misplaced is how alike the only name of a record and the other's surname are, or missing where it is nearer to the other's given name.
func (n *names) misplaced(lone, full []int32) level {
	x, y, g := &n.givenTexts[lone[n.given]], &n.surnameTexts[full[n.surname]], full[n.given]
	s := jaroWinkler(x, y, alike)
	switch {
	case s < alike, g >= 0 && (g == lone[n.given] || jaroWinkler(x, &n.givenTexts[g], s) > s):
		return missing
	case s == 1:
		return nameMisplaced
	case s >= nearly || within(x, y, 1):
		return nameNearly
	}
	return nameSimilar
}

// wordList has the hashes of the words of each value that has several.
type wordList [][]uint64

func (c *column) words() wordList {
	out := make(wordList, len(c.values))
	parallel.Stretches(len(out), func(from, to int) {
		for i := from; i < to; i++ {
			out[i] = wordsOf(c.values[i])
		}
	})
	return out
}

// wordsOf a value are the hashes of its words of two letters or more.
func wordsOf(v string) (all []uint64) {
	start := 0
	for j := 0; j <= len(v); j++ {
		if j == len(v) || v[j] == ' ' {
			if j-start > 1 {
				all = append(all, hash(v[start:j]))
			}
			start = j + 1
		}
	}
	return all
}

// share says whether two values, one of several words, have a word in common.
func (w wordList) share(a, b int32) bool {
	if len(w[a]) < 2 && len(w[b]) < 2 {
		return false
	}
	for _, x := range w[a] {
		for _, y := range w[b] {
			if x == y {
				return true
			}
		}
	}
	return false
}
