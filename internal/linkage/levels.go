package linkage

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Level of agreement of values that are not equal. Exactly one of its criteria is set.
type Level struct {
	JaroWinkler          float64 // the least similarity, below 1
	EditDistance         int     // the most edits: a letter more, less or another, or two neighbours swapped
	AbsoluteDifference   float64 // of numbers, at most
	PercentageDifference float64 // of numbers, at most, of the larger one
	DaysApart            int     // of dates, at most
	Part                 string  // that is equal, such as sound or year
}

// criterion of a level: what is measured, how far two values may be apart by it, and in words.
func (l Level) criterion() (what string, apart float64, words string) {
	switch {
	case l.JaroWinkler > 0:
		return "jaroWinkler", 1 - l.JaroWinkler, fmt.Sprintf("Jaro-Winkler %s or more", short(l.JaroWinkler))
	case l.EditDistance > 0:
		return "editDistance", float64(l.EditDistance), fmt.Sprintf("at most %s", plural(l.EditDistance, "edit"))
	case l.AbsoluteDifference > 0:
		return "absoluteDifference", l.AbsoluteDifference, fmt.Sprintf("at most %s apart", short(l.AbsoluteDifference))
	case l.PercentageDifference > 0:
		return "percentageDifference", l.PercentageDifference, fmt.Sprintf("at most %s %% apart", short(l.PercentageDifference))
	case l.DaysApart > 0:
		return "daysApart", float64(l.DaysApart), fmt.Sprintf("at most %s apart", plural(l.DaysApart, "day"))
	}
	return "part", 0, "same " + l.Part
}

func short(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// maxDeclaredLevels that a pattern has room for, beside missing, differs, and the buckets of equal values.
const maxDeclaredLevels = maxLevels - 2 - buckets

// checkLevels of a comparison of values of a kind.
func checkLevels(field string, levels []Level, k Kind) *FieldError {
	if len(levels) > maxDeclaredLevels {
		return wrong(field+".levels", "there are %d levels; the most is %d", len(levels), maxDeclaredLevels)
	}
	last := map[string]float64{}
	for i, l := range levels {
		field := fmt.Sprintf("%s.levels[%d]", field, i)
		what, apart, _ := l.criterion()
		before, seen := last[what]
		switch ofNumbers := what == "absoluteDifference" || what == "percentageDifference"; {
		case what == "part" && (!slices.Contains(partsOf(k), part(l.Part)) || part(l.Part) == whole):
			return wrong(field, "values of this attribute have no part %q; there are %v", l.Part, partsOf(k)[1:])
		case ofNumbers != (k == Number):
			return wrong(field, "%s is not for values of kind %s", what, k)
		case what == "daysApart" && k != BirthDate:
			return wrong(field, "daysApart is for dates")
		case slices.Contains(levels[:i], l):
			return wrong(field, "this level is there already")
		case seen && what != "part" && apart <= before:
			return wrong(field, "it is never reached: levels are listed best first, and one above it holds for all that it does")
		}
		last[what] = apart
	}
	return nil
}

// leveledComparison has the levels that were declared, equal values above them and everything else below. Of a value that is nearly equal by its letters the
// rarity counts for half, as in other comparisons.
func (r *Records) leveledComparison(i int, levels []Level) comparison {
	c, n := r.columns[i], len(levels)
	out := comparison{name: c.name, columns: []int{i}, levels: make([]string, n+3), equal: level(n + 2)}
	out.levels[missing], out.levels[differs], out.levels[out.equal] = "missing", "differs", "equal"
	holds := make([]func(a, b int32) bool, n)
	for j, l := range levels {
		what, _, words := l.criterion()
		out.levels[n+1-j] = words
		holds[j] = c.holds(l)
		if j == 0 && (what == "jaroWinkler" || what == "editDistance") {
			out.close = level(n + 1)
		}
	}
	out.of = byValue(i, out.equal, func(a, b int32) level {
		for j, hold := range holds {
			if hold(a, b) {
				return level(n + 1 - j)
			}
		}
		return differs
	})
	return out
}

// holds says of two values whether they are on a level, or above it.
func (c *column) holds(l Level) func(a, b int32) bool {
	texts := c.texts
	switch what, _, _ := l.criterion(); what {
	case "jaroWinkler":
		return func(a, b int32) bool { return jaroWinkler(&texts[a], &texts[b], l.JaroWinkler) >= l.JaroWinkler }
	case "editDistance":
		return func(a, b int32) bool { return within(&texts[a], &texts[b], l.EditDistance) }
	case "part":
		parts := c.of(part(l.Part))
		return func(a, b int32) bool { return parts[a] != 0 && parts[a] == parts[b] }
	case "daysApart":
		days := c.days()
		return func(a, b int32) bool { return math.Abs(days[a]-days[b]) <= float64(l.DaysApart) }
	case "absoluteDifference":
		numbers := c.numbers()
		return func(a, b int32) bool { return math.Abs(numbers[a]-numbers[b]) <= l.AbsoluteDifference }
	}
	numbers := c.numbers()
	return func(a, b int32) bool {
		x, y := numbers[a], numbers[b]
		return math.Abs(x-y) <= l.PercentageDifference/100*max(math.Abs(x), math.Abs(y))
	}
}

// numbers of the values; what is none is within nothing of anything.
func (c *column) numbers() []float64 {
	out := make([]float64, len(c.values))
	for j, v := range c.values {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			n = math.NaN()
		}
		out[j] = n
	}
	return out
}

// days of the dates, counted from one that does not matter; what is none is near nothing.
func (c *column) days() []float64 {
	out := make([]float64, len(c.values))
	for j, v := range c.values {
		out[j] = math.NaN()
		if t, err := time.Parse("20060102", v); err == nil {
			out[j] = float64(t.Unix() / (24 * 60 * 60))
		}
	}
	return out
}

// alike makes frequencies the same for all values: that two values are equal tells as much of any as it does on the average.
func (f Frequencies) alike(c *column) Frequencies {
	squares := 0.0
	for _, n := range c.count {
		squares += float64(n) * float64(n)
	}
	all := float64(max(c.filled, 1))
	return Frequencies{Filled: c.filled, Counts: Counts{}, Rest: max(squares/all/all, 1/all/all), Others: 1}
}
