package linkage

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Values get places in the order in which they come, whatever their hashes are, and are the caller's no longer.
func TestIndex(t *testing.T) {
	for name, hashOf := range map[string]func(string) uint64{"one hash": func(string) uint64 { return 7 }, "hashes": hash} {
		x := newIndex(0)
		var values []string
		buffer := make([]byte, 0, 1<<17)
		for i := range 4000 {
			n := i * 7 % 2500
			want := strings.Repeat("x", n%9*n%9000) + fmt.Sprint(n) // some longer than there is room for
			buffer = append(buffer[:0], want...)
			place, ok := x.find(hashOf(want), string(buffer), values)
			if !ok {
				if int(place) != len(values) {
					t.Fatalf("%s: a new value got place %d of %d", name, place, len(values))
				}
				values = append(values, x.copied(string(buffer)))
			}
			if ok != (i >= 2500) || values[place] != want {
				t.Fatalf("%s: value %d of %d letters, found: %v", name, i, len(want), ok)
			}
		}
		if slices.Contains(values, "") || len(values) != 2500 {
			t.Errorf("%s: %d values", name, len(values))
		}
	}
}

// Filled by many at once, columns are what they would be if each value had been set alone.
func TestFilling(t *testing.T) {
	const records, width = 20_000, 3
	value := func(column, record int) string {
		if record%5 == column {
			return ""
		}
		return fmt.Sprint(column, record%(column*1000+7))
	}
	columns := make([]Column, width)
	for j := range columns {
		columns[j] = NewColumn(Exact, fmt.Sprint(j), records)
	}
	f := Fill(columns)
	var all sync.WaitGroup
	for part := range 20 {
		all.Go(func() {
			var some []int32
			for i := part; i < records; i += 20 {
				some = append(some, int32(i))
			}
			f.Set(some, func(column, at int) string { return value(column, int(some[at])) })
		})
	}
	all.Wait()
	for j, c := range columns {
		for i, id := range c.IDs {
			if want := value(j, i); (id < 0) != (want == "") || id >= 0 && c.Values[id] != want {
				t.Fatalf("column %d, record %d", j, i)
			}
		}
		if slices.Sort(c.Values); len(slices.Compact(c.Values)) != len(c.Values) {
			t.Errorf("a value of column %d is there twice", j)
		}
	}
}
