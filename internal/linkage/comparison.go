package linkage

import (
	"fmt"
	"math"
	"strings"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// level of agreement in one comparison. 0 is missing, which tells nothing, and 1 is difference.
type level = uint8

const (
	missing level = iota
	differs
)

// maxComparisons that a pattern has room for, and levels of each.
const (
	maxComparisons = 16
	maxLevels      = 16
)

// about is what a comparison is about.
type about int

const (
	aboutPerson  about = iota // the person alone
	aboutFamily               // what people of a household may have in common
	aboutAddress              // where somebody lives
)

// comparison of two records in one respect.
type comparison struct {
	name             string
	place            int // among the comparisons
	about            about
	named            bool    // it is of a name, or of the gender that a name tells
	alone            bool    // people of a household agree in it by chance only
	least            float64 // of the pairs of one person how many agree, at least
	twins            bool    // or because they were born together
	columns          []int   // that it looks at. The first has the frequencies of the values
	levels           []string
	equal            level        // the last: both have the same value. Patterns tell by the buckets of rarity that follow it how rare it is
	frequencies      *frequencies // of the values of the first column
	ignoresFrequency bool         // of the values
	seldom           level        // two records of one person are hardly ever on it; missing where there is no such level
	close            level        // both have nearly the same value, whose rarity counts for half; missing where there is no such level
	of               func(l, r []int32) level
}

// comparisons that follow from the kinds of the columns.
func (r *Records) comparisons() ([]comparison, error) {
	var out []comparison
	for i, c := range r.columns {
		if c.kind == family || c.kind == generation || !r.scheme.compares(c.name) {
			continue
		}
		if levels := r.scheme.declared(c.name).Levels; levels != nil {
			out = append(out, r.leveledComparison(i, levels))
			continue
		}
		switch r.scheme.method(c) {
		case GivenName, Surname, MiddleName:
			out = append(out, r.nameComparison(i))
		case BirthDate:
			out = append(out, r.dateComparison(i))
		case Postcode:
			out = append(out, r.postcodeComparison(i))
		case Street, City, Text, Organization:
			out = append(out, r.textComparison(i))
		case HouseNumber, Identifier:
			out = append(out, r.codeComparison(i))
		case Phone:
			out = append(out, r.phoneComparison(i))
		case Email:
			out = append(out, r.emailComparison(i))
		case Number:
			out = append(out, r.numberComparison(i))
		case Gender, Region, Exact:
			out = append(out, r.exactComparison(i))
		default:
			return nil, fmt.Errorf("column %q is of kind %q, which is not compared", c.name, c.kind)
		}
	}
	for i := range out {
		kind := r.columns[out[i].columns[0]].kind
		out[i].about, out[i].alone = subject(kind)
		out[i].twins = kind == BirthDate
		out[i].named = kind == GivenName || kind == MiddleName || kind == Surname || kind == Gender
		out[i].place = i
		out[i].ignoresFrequency = r.scheme.declared(out[i].name).IgnoreFrequency
		out[i].least = leastAgreement(kind)
	}
	if len(out) > maxComparisons {
		return nil, fmt.Errorf("%d attributes are to be compared; the most is %d", len(out), maxComparisons)
	}
	return out, nil
}

// byChance says whether people of a class have equal values by chance only.
func (c *comparison) byChance(k class) bool {
	return k == strangers || k == household && c.alone && !c.twins
}

// level of a pattern in this comparison, without the rarity of an equal value.
func (c *comparison) level(p pattern) level { return min(p.at(c.place), c.equal) }

// agrees says whether two values of a level are equal or nearly so.
func (c *comparison) agrees(l level) bool {
	return l >= c.equal || c.close != missing && l >= c.close
}

// telling is the least agreement in what tells most who somebody is, and nobody else has a reason to share.
const telling = 0.6

// leastAgreement of two records of one person in a respect, where both have a value: how often it is at least. Without such bounds training on data
// with hardly anybody twice in it takes for one person whoever has most in common by chance.
func leastAgreement(k Kind) float64 {
	switch k {
	case Gender:
		return 0.9
	case GivenName, Surname, BirthDate:
		return telling
	case Email, Phone, Identifier:
		return 0.25
	}
	return 0.4
}

// subject of a comparison of a kind.
func subject(k Kind) (a about, alone bool) {
	switch k {
	case GivenName, MiddleName, Identifier, BirthDate, Text, Number, Exact:
		return aboutPerson, true
	case Surname, Email, Phone, Organization:
		return aboutFamily, false
	case Street, HouseNumber, City, Region, Postcode:
		return aboutAddress, false
	}
	return aboutPerson, false
}

// byValue compares two values of column i: missing, equal, or as alike as unlike says of values that are not the same.
func byValue(i int, equal level, unlike func(a, b int32) level) func(l, r []int32) level {
	return func(l, r []int32) level {
		switch a, b := l[i], r[i]; {
		case a < 0 || b < 0:
			return missing
		case a == b:
			return equal
		default:
			return unlike(a, b)
		}
	}
}

func (r *Records) exactComparison(i int) comparison {
	const equal = 2
	return comparison{
		name: r.columns[i].name, columns: []int{i}, levels: []string{"missing", "differs", "equal"}, equal: equal,
		of: byValue(i, equal, func(int32, int32) level { return differs }),
	}
}

func (r *Records) numberComparison(i int) comparison {
	const near, nearly, equal = 2, 3, 4
	c := r.columns[i]
	numbers := c.numbers()
	return comparison{
		name: c.name, columns: []int{i}, levels: []string{"missing", "differs", "within 10 %", "within 1 %", "equal"}, equal: equal,
		of: byValue(i, equal, func(a, b int32) level {
			x, y := numbers[a], numbers[b]
			switch off := math.Abs(x - y); {
			case off == 0:
				return equal
			case off <= 0.01*max(math.Abs(x), math.Abs(y)):
				return nearly
			case off <= 0.1*max(math.Abs(x), math.Abs(y)):
				return near
			}
			return differs
		}),
	}
}

// codeComparison is of numbers that mean nothing: of a house, a card.
func (r *Records) codeComparison(i int) comparison {
	const almost, equal = 2, 3
	texts := r.columns[i].texts
	return comparison{
		name: r.columns[i].name, columns: []int{i}, levels: []string{"missing", "differs", "one edit", "equal"}, equal: equal, close: almost,
		of: byValue(i, equal, func(a, b int32) level {
			if min(texts[a].len(), texts[b].len()) > 2 && within(&texts[a], &texts[b], 1) {
				return almost
			}
			return differs
		}),
	}
}

// phoneComparison knows that a number may be written without its area, or be taken for one of another country.
func (r *Records) phoneComparison(i int) comparison {
	c := r.codeComparison(i)
	const almost, equal = 2, 3
	texts, ends := r.columns[i].texts, r.columns[i].of(last7)
	c.levels = []string{"missing", "differs", "one edit or same end", "equal"}
	c.of = byValue(i, equal, func(a, b int32) level {
		if ends[a] != 0 && ends[a] == ends[b] || within(&texts[a], &texts[b], 1) {
			return almost
		}
		return differs
	})
	return c
}

// The least similarity of texts that are nearly equal, and of those that are alike.
const (
	nearly = 0.92
	alike  = 0.82
)

func (r *Records) textComparison(i int) comparison {
	const similar, shares, almost, equal = 2, 3, 4, 5
	c := r.columns[i]
	texts, words := c.texts, c.words()
	return comparison{
		name: c.name, columns: []int{i}, levels: []string{"missing", "differs", "similar", "shares a word", "nearly equal", "equal"}, equal: equal, close: almost,
		of: byValue(i, equal, func(a, b int32) level {
			switch s := jaroWinkler(&texts[a], &texts[b], alike); {
			case s >= nearly:
				return almost
			case words.share(a, b):
				return shares
			case s >= alike:
				return similar
			}
			return differs
		}),
	}
}

func (r *Records) postcodeComparison(i int) comparison {
	const inArea, inDistrict, almost, equal = 2, 3, 4, 5
	c := r.columns[i]
	texts, districts, areas := c.texts, c.of(district), c.of(area)
	return comparison{
		name: c.name, columns: []int{i}, levels: []string{"missing", "differs", "same area", "same district", "one edit", "equal"}, equal: equal, close: almost,
		of: byValue(i, equal, func(a, b int32) level {
			switch {
			case within(&texts[a], &texts[b], 1):
				return almost
			case districts[a] == districts[b] && districts[a] != 0:
				return inDistrict
			case areas[a] == areas[b]:
				return inArea
			}
			return differs
		}),
	}
}

// emailComparison: mailboxes of one name at two providers are likely one person's, unless the name in them is that of both people anyway.
func (r *Records) emailComparison(i int) comparison {
	const similar, sameLocal, almost, equal = 2, 3, 4, 5
	c := r.columns[i]
	texts, locals := c.texts, c.of(local)
	parts, numbered := make([]text, len(c.values)), make([]bool, len(c.values))
	parallel.Stretches(len(parts), func(from, to int) {
		for j := from; j < to; j++ {
			p := partOf(local, c.values[j])
			parts[j], numbered[j] = newText(p), strings.ContainsAny(p, "0123456789")
		}
	})
	given, family, alike := r.given, r.family, r.namesInCommon()
	namesakes := func(l, r []int32) bool {
		return given >= 0 && l[given] >= 0 && l[given] == r[given] || family >= 0 && l[family] >= 0 && l[family] == r[family] || alike(l, r)
	}
	return comparison{
		name: c.name, columns: []int{i}, levels: []string{"missing", "differs", "similar name", "same name", "two edits", "equal"}, equal: equal, close: almost,
		of: func(l, r []int32) level {
			a, b := l[i], r[i]
			switch {
			case a < 0 || b < 0:
				return missing
			case a == b:
				return equal
			case locals[a] == locals[b]:
				if !numbered[a] && namesakes(l, r) {
					return missing
				}
				return sameLocal
			case within(&texts[a], &texts[b], 2):
				return almost
			case jaroWinkler(&parts[a], &parts[b], 0.88) >= 0.88:
				if namesakes(l, r) {
					return missing
				}
				return similar
			}
			return differs
		},
	}
}
