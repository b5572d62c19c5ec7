// Package cluster makes people out of weighted pairs of records: connected components of the pairs that probably are of one person, and within
// each average-link agglomeration. A pair that was compared and is unlike counts against its clusters as much as one that is alike counts for
// them; pairs that were never compared do not count, and a pair counts the more, the more it tells: that a man's record with his new address resembles
// neither of his old ones says little beside one that fits it. So a single mistaken pair does not make one person of two, as the closure of all pairs would.
// What fits two clusters equally well, which are certainly not one, joins neither.
//
// What does not live here: where the pairs come from (linkage), and which clusters must not be joined, which the caller says.
package cluster

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// Groups are the clusters as they are, of records numbered from 0. Each has a root, which is one of its records.
type Groups interface {
	Len() int
	Find(record int32) (root int32)
	// Union joins different clusters, given by their roots, and gives the root of all, if nothing forbids it; else it changes nothing.
	Union(roots ...int32) (root int32, ok bool)
}

// Options of clustering. Weights are in bits.
type Options struct {
	// Join is the least mean weight of the pairs between two clusters that are joined, see Mean.
	Join float64
	// Clip is the most that one pair counts for or against.
	Clip float64
}

// Default options: clusters are joined where it is more likely than not.
func Default() Options { return Options{Join: 0, Clip: 20} }

// fixed is a weight in 1024ths of a bit. Sums of them do not depend on their order.
type fixed = int64

const one fixed = 1024

func (o Options) fixed(weight float32) fixed {
	return fixed(min(max(float64(weight), -o.Clip), o.Clip) * float64(one))
}

// Joins says whether a pair of such a weight alone would be joined.
func (o Options) Joins(weight float32) bool { return o.fixed(weight) >= o.join() }

func (o Options) join() fixed { return fixed(o.Join * float64(one)) }

// Mean of the weights of pairs, in bits, each counted by how much it tells for or against: by its size and two bits. It is 0 for no pairs.
func (o Options) Mean(edges []linkage.Edge) float64 {
	var sum evidence
	for _, e := range edges {
		sum.add(evidenceOf(o.fixed(e.Weight)))
	}
	if sum.size == 0 {
		return 0
	}
	return sum.mean() / float64(one)
}

// evidence of some pairs.
type evidence struct {
	weighted fixed // the sum of their weights, each times its size
	size     fixed // the sum of their sizes
}

// atAll is how much a pair counts that tells nothing, as if it told so many bits. Without it a pair of great weight would silence all others.
const atAll = 2 * one

// evidenceOf a pair.
func evidenceOf(weight fixed) evidence {
	size := atAll + max(weight, -weight)
	return evidence{weight * size, size}
}

func (e *evidence) add(o evidence) {
	e.weighted += o.weighted
	e.size += o.size
}

// mean weight, in 1024ths of a bit.
func (e evidence) mean() float64 { return float64(e.weighted) / float64(e.size) }

// atLeast says whether the mean reaches a weight.
func (e evidence) atLeast(w fixed) bool { return e.weighted >= w*e.size }

// Refine joins groups by the edges between their records, those with the highest mean weight first. It depends on neither the order of the
// edges nor that in which groups were made, and no component on any other.
func Refine(g Groups, edges []linkage.Edge, o Options) {
	join := o.join()
	agglomerate(g, components(g, edges, o, join), join)
}

// link is the evidence of the pairs between two clusters.
type link struct {
	a, b int32 // a < b
	evidence
}

// component is what hangs together.
type component struct {
	links []link  // in order of clusters
	roots []int32 // of the clusters, in order
	// agreed: nothing counts against anything.
	agreed bool
}

// components hang together through pairs that reach join: without one, no mean does.
func components(g Groups, edges []linkage.Edge, o Options, join fixed) []component {
	root, first := hang(g, edges, o, join)
	inside := func(e linkage.Edge) bool { return first[e.L] == first[e.R] && root[e.L] != root[e.R] }
	// Of each record how many pairs the component has that it is the first of, then where they begin, then where they end.
	ends := make([]int32, g.Len()+1)
	parallel.Stretches(len(edges), func(from, to int) {
		for _, e := range edges[from:to] {
			if inside(e) {
				atomic.AddInt32(&ends[first[e.L]+1], 1)
			}
		}
	})
	for c := range g.Len() {
		ends[c+1] += ends[c]
	}
	links := make([]link, ends[g.Len()]) // of all components, one after the other, each in any order
	parallel.Stretches(len(edges), func(from, to int) {
		for _, e := range edges[from:to] {
			if inside(e) {
				a, b := root[e.L], root[e.R]
				links[atomic.AddInt32(&ends[first[e.L]], 1)-1] = link{min(a, b), max(a, b), evidenceOf(o.fixed(e.Weight))}
			}
		}
	})
	var out []component
	start := int32(0)
	for _, end := range ends[:g.Len()] {
		if end > start {
			out = append(out, component{links: links[start:end:end]})
			start = end
		}
	}
	parallel.Stretches(len(out), func(from, to int) {
		var room []int32 // for the roots of all of them
		for i := from; i < to; i++ {
			c := &out[i]
			c.links = summed(c.links)
			before := len(room)
			room = roots(room, c.links)
			c.roots = room[before:len(room):len(room)]
			c.agreed = !slices.ContainsFunc(c.links, func(l link) bool { return !l.atLeast(join) })
		}
	})
	return out
}

// roots adds those of the clusters that are linked, in order, each once.
func roots(to []int32, links []link) []int32 {
	before := len(to)
	for _, l := range links {
		to = append(to, l.a, l.b)
	}
	slices.Sort(to[before:])
	return to[:before+len(slices.Compact(to[before:]))]
}

// hang gives the root of each record, and a record that stands for all that hangs together with it.
func hang(g Groups, edges []linkage.Edge, o Options, join fixed) (root, first []int32) {
	root = make([]int32, g.Len())
	for i := range root {
		root[i] = g.Find(int32(i))
	}
	first = slices.Clone(root)
	find := func(x int32) int32 {
		for first[x] != x {
			first[x] = first[first[x]]
			x = first[x]
		}
		return x
	}
	for _, e := range edges {
		if o.fixed(e.Weight) >= join {
			a, b := find(e.L), find(e.R)
			first[max(a, b)] = min(a, b)
		}
	}
	for i := range first {
		first[i] = find(int32(i))
	}
	return root, first
}

// summed are links with those between the same clusters added up, in order of clusters.
func summed(links []link) []link {
	slices.SortFunc(links, func(x, y link) int {
		if x.a != y.a {
			return cmp.Compare(x.a, y.a)
		}
		return cmp.Compare(x.b, y.b)
	})
	n := 1
	for _, l := range links[1:] {
		if last := &links[n-1]; last.a == l.a && last.b == l.b {
			last.add(l.evidence)
			continue
		}
		links[n] = l
		n++
	}
	return links[:n:n]
}
