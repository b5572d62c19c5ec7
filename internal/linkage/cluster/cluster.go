// Package cluster makes people out of weighted pairs of records: connected components of the pairs that probably are of one person, and within
// each average-link agglomeration. A pair that was compared and is unlike counts against its clusters as much as one that is alike counts for
// them; pairs that were never compared do not count. So a single mistaken pair does not make one person of two, as the closure of all pairs would.
//
// What does not live here: where the pairs come from (linkage), and which clusters must not be joined, which the caller says.
package cluster

import (
	"cmp"
	"slices"

	"github.com/kith-dev/kith/internal/linkage"
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
	// Join is the least mean weight of the pairs between two clusters that are joined.
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

// Refine joins groups by the edges between their records, those with the highest mean weight first. It depends on neither the order of the
// edges nor that in which groups were made, and no component on any other.
func Refine(g Groups, edges []linkage.Edge, o Options) {
	join := o.join()
	for _, c := range components(g, edges, o, join) {
		agglomerate(g, c, join)
	}
}

// link is the sum of the weights of the pairs between two clusters, and how many they are.
type link struct {
	a, b int32 // a < b
	sum  fixed
	n    int32
}

// atLeast says whether the mean weight reaches a weight.
func (l *link) atLeast(w fixed) bool { return l.sum >= w*fixed(l.n) }

// components gives the links between the clusters of each component, in order of clusters. Components hang together through pairs that reach join:
// without one, no mean does.
func components(g Groups, edges []linkage.Edge, o Options, join fixed) [][]link {
	parent := make([]int32, g.Len())
	for i := range parent {
		parent[i] = g.Find(int32(i))
	}
	find := func(x int32) int32 {
		for parent[x] != x {
			parent[x] = parent[parent[x]]
			x = parent[x]
		}
		return x
	}
	for _, e := range edges {
		if o.fixed(e.Weight) >= join {
			a, b := find(e.L), find(e.R)
			parent[max(a, b)] = min(a, b)
		}
	}
	type placed struct {
		component int32
		link
	}
	var inside []placed
	for _, e := range edges {
		c := find(e.L)
		if c != find(e.R) {
			continue
		}
		if a, b := g.Find(e.L), g.Find(e.R); a != b {
			inside = append(inside, placed{c, link{min(a, b), max(a, b), o.fixed(e.Weight), 1}})
		}
	}
	slices.SortFunc(inside, func(x, y placed) int {
		if x.component != y.component {
			return cmp.Compare(x.component, y.component)
		}
		if x.a != y.a {
			return cmp.Compare(x.a, y.a)
		}
		return cmp.Compare(x.b, y.b)
	})
	var out [][]link
	links := make([]link, 0, len(inside)) // of all components, one after the other
	for i := 0; i < len(inside); {
		first := len(links)
		c := inside[i].component
		for ; i < len(inside) && inside[i].component == c; i++ {
			l := inside[i].link
			if n := len(links); n > first && links[n-1].a == l.a && links[n-1].b == l.b {
				links[n-1].sum += l.sum
				links[n-1].n += l.n
				continue
			}
			links = append(links, l)
		}
		out = append(out, links[first:len(links):len(links)])
	}
	return out
}
