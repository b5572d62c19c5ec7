package lang

import (
	"maps"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
)

// Order sorts expressions so that what one needs comes before it. needs names, for each expression, those it needs; names that are not keys
// are left to the caller. Each level needs only the levels before it. Expressions that need each other are in failed with CyclicReference
// that names the cycle, a -> b -> a; the others that need one of them are in failed too. Both results are the same for the same needs.
func Order(needs map[string][]string) (levels [][]string, failed map[string]error) {
	failed = map[string]error{}
	done := map[string]bool{}
	for {
		var level []string
		for _, n := range slices.Sorted(maps.Keys(needs)) {
			if !done[n] && !slices.ContainsFunc(needs[n], func(m string) bool { _, ours := needs[m]; return ours && !done[m] }) {
				level = append(level, n)
			}
		}
		if len(level) == 0 {
			break
		}
		for _, n := range level {
			done[n] = true
		}
		levels = append(levels, level)
	}
	for _, n := range slices.Sorted(maps.Keys(needs)) {
		if done[n] {
			continue
		}
		if cycle := pathTo(n, n, needs); cycle != nil {
			failed[n] = fault.New(fault.CyclicReference, "these need each other: %s; break the circle", strings.Join(cycle, " -> "))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(needs)) {
		if !done[n] && failed[n] == nil {
			failed[n] = fault.New(fault.CyclicReference, "%s can't be computed, because what it needs stands in a circle", n)
		}
	}
	return levels, failed
}

// pathTo is a shortest path from one expression to another, both included; nil if there is none.
func pathTo(from, to string, needs map[string][]string) []string {
	type step struct {
		name string
		back *step
	}
	queue, seen := []*step{{name: from}}, map[string]bool{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, next := range slices.Sorted(slices.Values(needs[at.name])) {
			if next == to {
				path := []string{to}
				for s := at; s != nil; s = s.back {
					path = append(path, s.name)
				}
				slices.Reverse(path)
				return path
			}
			if !seen[next] {
				seen[next] = true
				queue = append(queue, &step{next, at})
			}
		}
	}
	return nil
}
