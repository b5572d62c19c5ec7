package linkage

import (
	"encoding/binary"
	"math/bits"
)

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

// swapped says whether day and month of one are month and day of the other.
func (d date) swapped(o date) bool {
	return d&yearOfDate == o&yearOfDate && d>>48 == o>>32&0xffff && d>>32&0xffff == o>>48
}

// oneEdit says whether another digit or two swapped neighbours make one date of another.
func (d date) oneEdit(o date) bool {
	x := uint64(d ^ o)
	at := bits.TrailingZeros64(x) &^ 7
	switch rest := x >> at; {
	case rest < 1<<8:
		return true
	case rest < 1<<16:
		return d>>at&0xff == o>>at>>8&0xff && o>>at&0xff == d>>at>>8&0xff
	}
	return false
}

func (r *Records) dateComparison(i int) comparison {
	c := r.columns[i]
	dates := make([]date, len(c.values))
	for j, v := range c.values {
		dates[j], _ = dateOf(v)
	}
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

func dateLevel(a, b date) level {
	if a == 0 || b == 0 {
		return missing
	}
	first, second := a.yearOnly(), b.yearOnly()
	switch {
	case a == b:
		return dateEqual
	case first && second:
		if a.oneEdit(b) {
			return dateNearYear
		}
		return differs
	case a&yearOfDate == b&yearOfDate && (first || second):
		return dateYear
	case a.oneEdit(b), a.swapped(b):
		return dateNearly
	case a&monthDayOfDate == b&monthDayOfDate:
		return dateDay
	case a&yearOfDate == b&yearOfDate:
		return dateYear
	}
	return differs
}
