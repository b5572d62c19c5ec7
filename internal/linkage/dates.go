package linkage

// The levels of dates.
const (
	dateNearYear level = iota + 2
	dateYear
	dateDay
	dateNearly
	dateEqual
)

// A date of the first of January often stands for the year alone, so two of them agree in less than eight digits.
var dateLevels = []string{"missing", "differs", "years of one edit", "same year", "same day of the year", "one edit or day and month swapped", "equal"}

// date as eight digits: year, month, day.
type date struct {
	text string
	t    text
}

func dateOf(v string) (date, bool) {
	if len(v) != 8 {
		return date{}, false
	}
	return date{text: v}, true
}

func (d *date) yearOnly() bool { return d.text[4:] == "0101" }

// swapped says whether day and month of one are month and day of the other.
func (d *date) swapped(o *date) bool {
	return d.text[:4] == o.text[:4] && d.text[4:6] == o.text[6:] && d.text[6:] == o.text[4:6]
}

func (r *Records) dateComparison(i int) comparison {
	c := r.columns[i]
	dates := make([]date, len(c.values))
	for j, v := range c.values {
		if d, ok := dateOf(v); ok {
			d.t = newText(v)
			dates[j] = d
		}
	}
	return comparison{
		name: c.name, columns: []int{i}, levels: dateLevels, equal: dateEqual, close: dateNearly,
		of: func(l, r []int32) level {
			if l[i] < 0 || r[i] < 0 {
				return missing
			}
			return dateLevel(&dates[l[i]], &dates[r[i]])
		},
	}
}

func dateLevel(a, b *date) level {
	if a.text == "" || b.text == "" {
		return missing
	}
	first, second := a.yearOnly(), b.yearOnly()
	switch {
	case a.text == b.text:
		return dateEqual
	case first && second:
		if within(&a.t, &b.t, 1) {
			return dateNearYear
		}
		return differs
	case a.text[:4] == b.text[:4] && (first || second):
		return dateYear
	case within(&a.t, &b.t, 1), a.swapped(b):
		return dateNearly
	case a.text[4:] == b.text[4:]:
		return dateDay
	case a.text[:4] == b.text[:4]:
		return dateYear
	}
	return differs
}
