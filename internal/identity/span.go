package identity

import (
	"cmp"
	"slices"

	"github.com/kith-dev/kith/internal/linkage"
)

// link connects records of a profile: a value by a rule, or the likeness of two records.
type link struct {
	records []int
	tie     *tie // nil for a likeness
	weight  float64
}

// linksOf records: all ties, and the pairs that are more likely one person than two; strongest first. A rule is stronger than any likeness.
func linksOf(ties []tie, edges []linkage.Edge) []link {
	var out []link
	for i := range ties {
		if len(ties[i].records) > 1 {
			out = append(out, link{records: ties[i].records, tie: &ties[i]})
		}
	}
	slices.SortStableFunc(out, func(a, b link) int { return cmp.Compare(a.tie.Rule, b.tie.Rule) })
	var alike []link
	for _, e := range edges {
		if e.Weight > 0 {
			alike = append(alike, link{records: []int{int(e.R), int(e.L)}, weight: float64(e.Weight)})
		}
	}
	slices.SortFunc(alike, func(a, b link) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), slices.Compare(a.records, b.records))
	})
	return append(out, alike...)
}

// spanned is how links hold records together: their maximum spanning tree, in which each value of a rule is one link.
type spanned struct {
	tree []int // links that bring something together, strongest first
	// groups of records where all links are taken: 1 where everything hangs together.
	groups int
	// part of each record without the last link of the tree and all that follow. That link is the weakest: it connects parts.
	part []int32
	// others are links no stronger than the weakest that connect parts as well.
	others int
}

// spanning joins n records by links, strongest first.
func spanning(n int, links []link) spanned {
	f := newForest(n)
	out := spanned{groups: n, part: f.founders()}
	for i, l := range links {
		if joined := f.joinAll(l.records); joined > 0 {
			out.tree, out.groups = append(out.tree, i), out.groups-joined
		}
	}
	if len(out.tree) == 0 {
		return out
	}
	weakest := out.tree[len(out.tree)-1]
	f = newForest(n)
	for _, l := range links[:weakest] {
		f.joinAll(l.records)
	}
	out.part = f.founders()
	for _, l := range links[weakest+1:] {
		first := out.part[l.records[0]]
		if slices.ContainsFunc(l.records, func(r int) bool { return out.part[r] != first }) {
			out.others++
		}
	}
	return out
}

// joinAll joins nodes, and says by how much the number of trees fell.
func (f *forest) joinAll(nodes []int) (joined int) {
	root := f.find(int32(nodes[0]))
	for _, n := range nodes[1:] {
		if other := f.find(int32(n)); other != root {
			root = f.union(root, other)
			joined++
		}
	}
	return joined
}

// sizes of the parts that some records are in, largest first.
func (s spanned) sizes(records []int) []int {
	count := map[int32]int{}
	for _, p := range s.part {
		count[p]++
	}
	var out []int
	seen := map[int32]bool{}
	for _, r := range records {
		if p := s.part[r]; !seen[p] {
			seen[p] = true
			out = append(out, count[p])
		}
	}
	slices.SortFunc(out, func(a, b int) int { return cmp.Compare(b, a) })
	return out
}
