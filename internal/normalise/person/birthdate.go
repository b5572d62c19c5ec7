package person

import (
	"slices"
	"time"
)

// BirthDateQuality says what a birth date is worth as evidence, from nothing to all. Only the two last speak for or against a match.
type BirthDateQuality int

const (
	// NoBirthDate is a missing date.
	NoBirthDate BirthDateQuality = iota
	// DefaultBirthDate is what a system or a hurried person puts where none is known. It is to be treated as missing.
	DefaultBirthDate
	// ImplausibleBirthDate is after the record it stands in, or more than maxAge years before.
	ImplausibleBirthDate
	// YearOnlyBirthDate is a first of January: often a year of which the day is not known. Its year is evidence and its day is not.
	YearOnlyBirthDate
	// GoodBirthDate is any other.
	GoodBirthDate
)

// maxAge is a little less than the longest life on record, 122 years.
const maxAge = 120

type day struct {
	year  int
	month time.Month
	day   int
}

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day{y, m, d}
}

// defaultBirthDates are the zero dates of systems and what people type to get past a form.
var defaultBirthDates = map[day]bool{
	{1, 1, 1}: true, {1000, 1, 1}: true, {1111, 11, 11}: true, {1600, 1, 1}: true, // .NET and Go; forms
	{1601, 1, 1}: true, {1753, 1, 1}: true, {1800, 1, 1}: true, // Windows; SQL Server datetime; forms
	{1858, 11, 17}: true, {1899, 12, 30}: true, {1899, 12, 31}: true, // VMS; OLE Automation; Excel's day 0
	{1900, 1, 1}: true, {1900, 1, 2}: true, {1900, 12, 31}: true, {1901, 1, 1}: true, {1904, 1, 1}: true, // Excel, SQL Server, forms; Excel on the Mac
	{1911, 11, 11}: true, {1901, 12, 13}: true, {1969, 12, 31}: true, {1970, 1, 1}: true, // forms; Unix: least 32-bit second; zero west of Greenwich and at it
	{2000, 1, 1}: true, {2038, 1, 19}: true, {2079, 6, 6}: true, {2099, 12, 31}: true, // two-digit zero; last seconds of Unix and SQL Server
	{2222, 2, 2}: true, {2999, 12, 31}: true, {3000, 1, 1}: true, {9999, 1, 1}: true, {9999, 9, 9}: true, {9999, 12, 30}: true, {9999, 12, 31}: true,
}

// BirthDate judges a date of birth. AsOf is when the record was made, to judge the age by: for a register of 1650 a birth in
// 1600 is good. The zero AsOf says that it is unknown, or that the record tells of people of the past, and age is not judged.
func BirthDate(t, asOf time.Time) BirthDateQuality {
	d := dayOf(t)
	switch {
	case t.IsZero() || d.year < 1:
		return NoBirthDate
	case defaultBirthDates[d]:
		return DefaultBirthDate
	case !asOf.IsZero() && (t.After(asOf) || t.AddDate(maxAge, 0, 0).Before(asOf)):
		return ImplausibleBirthDate
	case d.month == time.January && d.day == 1:
		return YearOnlyBirthDate
	}
	return GoodBirthDate
}

// How far above the other days of its year a day must stand to be heaped: it holds so many records at least, as fewer may be chance or
// twins, and so many times the mean of the others.
const (
	heapedRecords = 10
	heapedTimes   = 10
)

// HeapedDays are the birth dates that stand out in a source, where counts has how many records have each: a default of that source that
// no list can know, to be treated like DefaultBirthDate. They are ascending.
func HeapedDays(counts map[time.Time]int) []time.Time {
	years := map[int]int{}
	for t, n := range counts {
		years[t.Year()] += n
	}
	var heaped []time.Time
	for t, n := range counts {
		others := float64(years[t.Year()]-n) / 364
		if n >= heapedRecords && float64(n) > heapedTimes*others {
			heaped = append(heaped, t)
		}
	}
	slices.SortFunc(heaped, time.Time.Compare)
	return heaped
}
