package person

import (
	"testing"
	"time"
)

func date(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

func TestBirthDate(t *testing.T) {
	now := date(2026, 6, 1)
	for _, c := range []struct {
		born, asOf time.Time
		want       BirthDateQuality
	}{
		{time.Time{}, now, NoBirthDate}, {date(0, 1, 1), now, NoBirthDate}, {date(1900, 1, 1), now, DefaultBirthDate}, {date(1901, 1, 1), now, DefaultBirthDate}, {date(1970, 1, 1), now, DefaultBirthDate},
		{date(1899, 12, 30), now, DefaultBirthDate}, {date(1899, 12, 31), now, DefaultBirthDate}, {date(9999, 12, 31), now, DefaultBirthDate}, {date(1111, 11, 11), now, DefaultBirthDate},
		{date(1900, 1, 1), time.Time{}, DefaultBirthDate},
		{date(1985, 1, 1), now, YearOnlyBirthDate}, {date(1985, 1, 2), now, GoodBirthDate}, {date(1970, 1, 2), now, GoodBirthDate}, {date(2000, 2, 29), now, GoodBirthDate},
		{date(2026, 6, 2), now, ImplausibleBirthDate}, {date(2026, 6, 1), now, GoodBirthDate}, {date(1906, 5, 31), now, ImplausibleBirthDate}, {date(1906, 6, 1), now, GoodBirthDate},
		{date(1600, 3, 4), now, ImplausibleBirthDate}, {date(1600, 3, 4), time.Time{}, GoodBirthDate}, {date(1600, 3, 4), date(1650, 1, 1), GoodBirthDate},
		{date(1600, 3, 4), date(1590, 1, 1), ImplausibleBirthDate}, {date(1777, 1, 1), time.Time{}, YearOnlyBirthDate},
	} {
		if got := BirthDate(c.born, c.asOf); got != c.want {
			t.Errorf("born %s as of %s: %d; want %d", c.born.Format(time.DateOnly), c.asOf.Format(time.DateOnly), got, c.want)
		}
	}
}

func TestHeapedDays(t *testing.T) {
	counts := map[time.Time]int{}
	for d := date(1960, 1, 1); d.Year() < 1990; d = d.AddDate(0, 0, 1) {
		counts[d] = 3 + d.Day()%3
	}
	counts[date(1980, 1, 1)] = 400
	counts[date(1975, 7, 15)] = 200
	counts[date(1976, 7, 15)] = 20 // busy, but no heap
	counts[date(1850, 5, 5)] = 9   // alone in its year, but too few
	counts[date(1851, 5, 5)] = 10
	got := HeapedDays(counts)
	want := []time.Time{date(1851, 5, 5), date(1975, 7, 15), date(1980, 1, 1)}
	if len(got) != len(want) {
		t.Fatalf("%v; want %v", got, want)
	}
	for i := range want {
		if !got[i].Equal(want[i]) {
			t.Errorf("%v; want %v", got, want)
		}
	}
}

func BenchmarkBirthDate(b *testing.B) {
	born, now := date(1985, 4, 3), date(2026, 6, 1)
	for b.Loop() {
		BirthDate(born, now)
	}
}
