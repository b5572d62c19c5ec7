package people

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// The sizes of the lists that Zipf's law runs over: the common names of a country's file come first, names made of syllables follow.
const (
	surnameCount = 150_000
	givenCount   = 5_000
	townCount    = 700
)

// flatness of the law for surnames, and for given names by generation: parents have spread out.
const surnameFlat = 90

var givenFlat = [generations]int64{70, 70, 80, 140}

const (
	male = iota
	female
)

// generations are those of birth years until 1949, 1969, 1989, and later.
const generations = 4

func generation(year int) int {
	for i, last := range []int{1949, 1969, 1989} {
		if year <= last {
			return i
		}
	}
	return generations - 1
}

// country is what differs between populations. Its lists are in order of frequency.
type country struct {
	code          string
	surnames      []string
	surnameShares []int64 // nil: by Zipf's law, with surnameTail behind the list
	surnameTail   syllables
	given         [2][generations][]string
	givenTail     [2]syllables
	nicknames     map[string][]string
	middlePercent int64 // people with a middle name
	takesName     int64 // percent of wives who take the husband's name
	namesakes     int64 // percent of sons who have their father's name

	cities        []string // "name,region,postcode prefix"
	townTail      syllables
	streets       []string
	streetTail    syllables
	streetKinds   []string // the first is the most frequent
	abbreviations map[string]string
	joinStreet    func(name, kind string) string
	houseNumbers  int64
	postcode      func(prefix string, city, street, house int64) string

	domains    []string
	companyEnd string
	phones     phonePlan
}

// phonePlan makes the numbers of a country, as digits with the national prefix, and the ways to write them: # stands for a digit.
type phonePlan struct {
	mobile, line func(r draw.RNG, area int64) string
	area         func(hash uint64) int64
	forms        []string
}

var countries = []*country{us, uk, de, fr, kr}

// Countries are the codes that Options.Country may have.
func Countries() []string {
	var codes []string
	for _, c := range countries {
		codes = append(codes, c.code)
	}
	return codes
}

func countryOf(code string) (*country, error) {
	i := slices.Index(Countries(), code)
	if i < 0 {
		return nil, fmt.Errorf("country %q is none of %s", code, strings.Join(Countries(), ", "))
	}
	return countries[i], nil
}

// syllables make the names that no list has. A rank always gives the same name, so none needs to be remembered.
type syllables struct{ starts, middles, ends []string }

func (s syllables) make(kind string, rank int) string {
	h := uint64(len(kind))
	for _, b := range []byte(kind) {
		h = draw.Mix(h ^ uint64(b))
	}
	h = draw.Mix(h ^ uint64(rank)<<8)
	name := s.starts[h%uint64(len(s.starts))]
	if len(s.middles) > 0 && h>>20%3 > 0 {
		name += s.middles[h>>24%uint64(len(s.middles))]
	}
	return name + s.ends[h>>40%uint64(len(s.ends))]
}

// digits writes n with leading zeros.
func digits(n int64, width int) string { return fmt.Sprintf("%0*d", width, n) }

// digitsAfterPrefix is the postcode of a country where a city has a prefix and a district the rest.
func digitsAfterPrefix(length int) func(string, int64, int64, int64) string {
	return func(prefix string, city, street, _ int64) string {
		rest := length - len(prefix)
		districts := int64(90)
		if rest > 2 {
			districts = 400
		}
		return prefix + digits(int64(draw.Mix(uint64(city)<<32^uint64(street/12))%uint64(districts)), rest)
	}
}
