package linkage

import (
	"encoding/binary"
)

// The levels of dates.
const (
	dateNearYear level = iota + 2
	dateYear
	dateDay
	dateTwo
	dateNearly
	dateEqual
)

// A date of the first of January often stands for the year alone, so two of them agree in less than eight digits.
var dateLevels = []string{"missing", "differs", "years of one edit", "same year", "same day of the year", "two edits", "one edit or day and month swapped", "equal"}

// date as eight digits: year, month, day; the first of them in the lowest byte. 0 is none.
type date uint64

// The bytes of a date.
const (
	yearOfDate     date = 1<<32 - 1
	yearOnly       date = '0'<<32 | '1'<<40 | '0'<<48 | '1'<<56 // 1 January
	monthDayOfDate      = ^yearOfDate
)

// dateOf eight digits; false for anything else.
func dateOf(v string) (date, bool) {
	if len(v) != 8 {
		return 0, false
	}
	return date(binary.LittleEndian.Uint64([]byte(v))), true
}

func (d date) yearOnly() bool { return d&monthDayOfDate == yearOnly }

// turned has day and month swapped.
func (d date) turned() date { return d&yearOfDate | d>>48<<32 | d>>32<<48 }

// dayFirst says whether the day stands where the month should, as there are no more than twelve.
func (d date) dayFirst() bool {
	tens, ones := d>>32&0xff, d>>40&0xff
	return tens > '1' || tens == '1' && ones > '2'
}

func (d date) year() (y int) {
	for i := range 4 {
		y = 10*y + int(d>>(8*i)&0xff) - '0'
	}
	return y
}

func (r *Records) dateComparison(i int) comparison {
	c := r.columns[i]
	dates := c.dates()
	return comparison{
		name: c.name, columns: []int{i}, levels: dateLevels, equal: dateEqual, close: dateNearly,
		of: func(l, r []int32) level {
			if l[i] < 0 || r[i] < 0 {
				return missing
			}
			return dateLevel(dates[l[i]], dates[r[i]])
		},
	}
}

// dates of the values, 0 for one that is none.
func (c *column) dates() []date {
	out := make([]date, len(c.values))
	for i, v := range c.values {
		out[i], _ = dateOf(v)
	}
	return out
}

// slips are in how many places two dates have different digits, two neighbours that are swapped being one.
func slips(a, b date) (n int) {
	for ; a != b; a, b = a>>8, b>>8 {
		if a&0xff == b&0xff {
			continue
		}
		n++
		if a&0xff == b>>8&0xff && a>>8&0xff == b&0xff {
			a, b = a>>8, b>>8
		}
	}
	return n
}

func dateLevel(a, b date) level {
	if a == 0 || b == 0 {
		return missing
	}
	first, second := a.yearOnly(), b.yearOnly()
	switch {
	case a == b, a == b.turned() && (a.dayFirst() || b.dayFirst()):
		return dateEqual
	case first && second:
		if slips(a, b) == 1 {
			return dateNearYear
		}
		return differs
	case a&yearOfDate == b&yearOfDate && (first || second):
		return dateYear
	}
	switch n := min(slips(a, b), slips(a, b.turned())+1, slips(a.turned(), b)+1); {
	case n < 2:
		return dateNearly
	case a&monthDayOfDate == b&monthDayOfDate:
		return dateDay
	case a&yearOfDate == b&yearOfDate:
		return dateYear
	case n == 2:
		return dateTwo
	}
	return differs
}
