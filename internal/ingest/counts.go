package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/lake"
)

func (c *Counts) quarantined() int64 {
	var n int64
	for _, k := range c.Quarantined {
		n += k
	}
	return n
}

// outputs are the counts as a revision has them: those of the whole run, then one for each rule or attribute that has any.
func (c *Counts) outputs(rows lake.Output) []lake.Output {
	out := []lake.Output{
		rows,
		{Name: "read", Rows: c.Read},
		{Name: "written", Rows: c.Written},
		{Name: "quarantined", Rows: c.quarantined()},
		{Name: "duplicates", Rows: c.Duplicates},
		{Name: "deleted", Rows: c.Deleted},
	}
	for _, g := range []struct {
		name   string
		counts map[string]int64
	}{{"quarantined", c.Quarantined}, {"warned", c.Warned}, {"undecided", c.Undecided}, {"invalid", c.Invalid}} {
		for _, k := range slices.Sorted(maps.Keys(g.counts)) {
			out = append(out, lake.Output{Name: g.name + "/" + k, Rows: g.counts[k]})
		}
	}
	return out
}

// listed writes counts with the greatest first.
func listed(counts map[string]int64) string {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return int(counts[b] - counts[a]) })
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprintf("%s %d", n, counts[n])
	}
	return strings.Join(parts, ", ")
}
