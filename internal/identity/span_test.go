package identity

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/linkage"
)

// labelled gives every record the smallest one that links lead to from it, by following them until nothing changes.
func labelled(n int, links []link) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	for changed := true; changed; {
		changed = false
		for _, l := range links {
			low := out[l.records[0]]
			for _, r := range l.records {
				low = min(low, out[r])
			}
			for _, r := range l.records {
				changed = changed || out[r] != low
				out[r] = low
			}
		}
	}
	return out
}

func different(labels []int32) int {
	labels = slices.Clone(labels)
	slices.Sort(labels)
	return len(slices.Compact(labels))
}

// The weakest link is the one that completes what links connect when they are taken one after the other; what it parts, and what connects the same, is
// what following links shows.
func TestSpanning(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	alone, together, several := 0, 0, 0
	for range 2000 {
		n := 1 + r.IntN(9)
		var links []link
		for range r.IntN(12) {
			l := link{records: r.Perm(n)[:1+r.IntN(min(n, 4))]}
			links = append(links, l)
		}
		got := spanning(n, links)
		if want := different(labelled(n, links)); got.groups != want {
			t.Fatalf("%v: %d groups, want %d", links, got.groups, want)
		}
		last := -1
		for i := range links {
			if different(labelled(n, links[:i])) != different(labelled(n, links[:i+1])) {
				last = i
			}
		}
		if last < 0 {
			if len(got.tree) != 0 {
				t.Fatalf("%v: %v connects nothing", links, got.tree)
			}
			continue
		}
		if got.tree[len(got.tree)-1] != last {
			t.Fatalf("%v: the weakest is %v, want %d", links, got.tree, last)
		}
		part, others := labelled(n, links[:last]), 0
		for _, l := range links[last+1:] {
			for _, x := range l.records {
				if part[x] != part[l.records[0]] {
					others++
					break
				}
			}
		}
		if !slices.Equal(got.part, part) || got.others != others {
			t.Fatalf("%v: parts %v and %d others, want %v and %d", links, got.part, got.others, part, others)
		}
		sizes := 0
		for _, s := range got.sizes(links[last].records) {
			sizes += s
		}
		if got.groups == 1 && sizes != n {
			t.Fatalf("%v: the parts have %d of %d records", links, sizes, n)
		}
		switch {
		case others == 0:
			alone++
		case len(got.sizes(links[last].records)) > 2:
			several++
		default:
			together++
		}
	}
	if alone < 50 || together < 50 || several < 20 {
		t.Errorf("too little was seen: %d %d %d", alone, together, several)
	}
}

func TestLinksInOrder(t *testing.T) {
	ties := []tie{{Shared{2, "email", "a"}, []int{0, 1}}, {Shared{1, "card", "c"}, []int{1, 2, 3}}, {Shared{1, "card", "d"}, []int{0}}}
	edges := []linkage.Edge{{L: 1, R: 0, Weight: 3}, {L: 2, R: 0, Weight: -4}, {L: 3, R: 2, Weight: 9}}
	var got [][]int
	for _, l := range linksOf(ties, edges) {
		got = append(got, l.records)
	}
	want := [][]int{{1, 2, 3}, {0, 1}, {2, 3}, {0, 1}} // the rules, stronger ones first, then likeness; what counts against is no link
	if !slices.EqualFunc(got, want, slices.Equal[[]int]) {
		t.Errorf("%v", got)
	}
}
