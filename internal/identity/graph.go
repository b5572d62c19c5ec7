package identity

import (
	"cmp"
	"slices"
	"time"
)

// forest is a union-find over the numbers 0 to n-1.
type forest struct{ parent, size []int32 }

func newForest(n int) *forest {
	f := &forest{parent: make([]int32, n), size: make([]int32, n)}
	for i := range f.parent {
		f.parent[i], f.size[i] = int32(i), 1
	}
	return f
}

func (f *forest) find(x int32) int32 {
	for f.parent[x] != x {
		f.parent[x] = f.parent[f.parent[x]]
		x = f.parent[x]
	}
	return x
}

// union joins two roots and gives the root of both.
func (f *forest) union(a, b int32) int32 {
	if a == b {
		return a
	}
	if f.size[a] < f.size[b] {
		a, b = b, a
	}
	f.parent[b] = a
	f.size[a] += f.size[b]
	return a
}

// stars are the values of one rule, in the order in which they are tried; each with the nodes that carry it.
type stars struct {
	keys  []int32 // the number of each value
	ends  []int32 // where the nodes of each value end
	nodes []int32
}

// add takes the next pair; pairs come in order of key.
func (s *stars) add(key, node int32) {
	if n := len(s.keys); n == 0 || s.keys[n-1] != key {
		s.keys, s.ends = append(s.keys, key), append(s.ends, int32(len(s.nodes)))
	}
	s.nodes = append(s.nodes, node)
	s.ends[len(s.ends)-1] = int32(len(s.nodes))
}

func (s *stars) of(i int) []int32 {
	start := int32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.nodes[start:s.ends[i]]
}

// guard bounds how many different values of one kind a cluster may have, or how many nodes.
type guard struct {
	kind     int  // ofSize for the number of nodes
	values   span // the numbers of the kind's values
	limit    int
	separate bool // declared as separate rather than as a limit of 1
	// window in which the different values are counted; 0 for all time.
	window time.Duration
}

// ofSize is the kind of a guard that bounds the number of nodes itself.
const ofSize = -2

// span is a range of numbers, hi excluded.
type span struct{ lo, hi int32 }

// refusal is a value that connects nothing, because what it would connect breaks a guard; or one that does not connect a node to the others, because
// of a split.
type refusal struct {
	key   int32
	guard int   // or the number of guards + that of the split
	node  int32 // everyNode for a guard
}

const everyNode = -1

// graph holds clusters of nodes and the guarded values that each has.
type graph struct {
	*forest
	guards []guard
	sets   [][]int32 // by root: the numbers of its guarded values, sorted, then its marks of splits; nil when there are neither guards nor splits
	splits []pair
	marks  int32 // the number of the first mark
	// excused has, for the roots of clusters that were forced to have more than a guard allows, how much each guard allows them.
	excused map[int32][]int
	// sightings by root, of the values of guards with a window; nil when there are none, or no times.
	sightings [][]sighting
}

// newGraph makes a cluster of each node. The pairs of carriers and values give each node's guarded values; they come in order of node.
func newGraph(n int, guards []guard, carriers, values []int32) *graph {
	g := &graph{forest: newForest(n), guards: guards}
	if len(guards) == 0 {
		return g
	}
	g.sets = make([][]int32, n)
	for i := 0; i < len(carriers); {
		j := i
		for j < len(carriers) && carriers[j] == carriers[i] {
			j++
		}
		set := values[i:j:j]
		slices.Sort(set)
		g.sets[carriers[i]] = slices.Compact(set)
		i = j
	}
	return g
}

// apply merges what the values of one rule connect. Values that hang together make a component; when the union of a component
// breaks no guard it is merged as a whole. Otherwise its values are tried one after the other, and one whose clusters must not be
// together connects nothing. It gives by how much the number of clusters fell, and the values that were refused. The order of nodes
// does not matter; that of values does, so it has to be canonical.
func (g *graph) apply(s *stars) (merged int, refused []refusal) {
	if g.sets == nil {
		for i := range s.keys {
			merged += g.join(g.roots(nil, s.of(i)), nil)
		}
		return merged, nil
	}
	var roots []int32
	for _, component := range g.components(s) {
		roots = roots[:0]
		for _, i := range component {
			roots = g.roots(roots, s.of(int(i)))
		}
		slices.Sort(roots)
		roots = slices.Compact(roots)
		if set, broken := g.check(roots); broken < 0 {
			merged += g.join(roots, set)
			continue
		}
		for _, i := range component {
			own, cut := g.withoutSplit(s.keys[i], s.of(int(i)))
			refused = append(refused, cut...)
			set, broken := g.check(own)
			if broken >= 0 {
				refused = append(refused, refusal{s.keys[i], broken, everyNode})
				continue
			}
			merged += g.join(own, set)
		}
	}
	return merged, refused
}

// roots adds to have the clusters of nodes, each once among those added.
func (g *graph) roots(have, nodes []int32) []int32 {
	start := len(have)
	for _, n := range nodes {
		have = append(have, g.find(n))
	}
	added := have[start:]
	slices.Sort(added)
	return have[:start+len(slices.Compact(added))]
}

// components groups the values that are connected through the clusters as they are, each group in the order of its values.
func (g *graph) components(s *stars) [][]int32 {
	f := newForest(len(g.parent))
	for i := range s.keys {
		nodes := s.of(i)
		first := f.find(g.find(nodes[0]))
		for _, n := range nodes[1:] {
			first = f.union(first, f.find(g.find(n)))
		}
	}
	root, order := make([]int32, len(s.keys)), make([]int32, len(s.keys))
	for i := range order {
		root[i], order[i] = f.find(g.find(s.of(i)[0])), int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(root[a], root[b]) })
	var out [][]int32
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && root[order[j]] == root[order[i]] {
			j++
		}
		out = append(out, order[i:j])
		i = j
	}
	return out
}

// check gives the guarded values of the union of clusters, and what that union breaks: the number of guards + that of the first split, or the first
// guard, or -1. One cluster alone breaks nothing: there is nothing that could be kept apart.
func (g *graph) check(roots []int32) ([]int32, int) {
	if len(roots) < 2 || g.sets == nil {
		return nil, -1
	}
	union := g.together(roots)
	if i := g.split(union); i >= 0 {
		return nil, len(g.guards) + i
	}
	for i, guard := range g.guards {
		if allowed := g.allowed(roots, i); g.different(roots, union, guard, allowed) > allowed {
			return nil, i
		}
	}
	return union, -1
}

// together are the guarded values of the union of clusters.
func (g *graph) together(roots []int32) (union []int32) {
	for _, r := range roots {
		union = append(union, g.sets[r]...)
	}
	slices.Sort(union)
	return slices.Compact(union)
}

// different is how many different values of a guard, or nodes, the union of clusters has; exactly, where it is more than enough.
func (g *graph) different(roots, union []int32, x guard, enough int) int {
	if x.kind == ofSize {
		size := 0
		for _, r := range roots {
			size += int(g.size[r])
		}
		return size
	}
	lo, _ := slices.BinarySearch(union, x.values.lo)
	hi, _ := slices.BinarySearch(union, x.values.hi)
	if x.window > 0 && hi-lo > enough && g.sightings != nil {
		return g.busiest(roots, x)
	}
	return hi - lo
}

// join merges clusters, whose guarded values together are set, and says by how much their number fell.
func (g *graph) join(roots, set []int32) int {
	if len(roots) < 2 {
		return 0
	}
	root := roots[0]
	for _, r := range roots[1:] {
		root = g.union(root, r)
	}
	if g.sets == nil {
		return len(roots) - 1
	}
	for _, r := range roots {
		g.sets[r] = nil
	}
	g.sets[root] = set
	g.joinSightings(root, roots)
	g.joinExcuses(root, roots)
	return len(roots) - 1
}

// founders gives the smallest node of each node's cluster: a name for the cluster that does not depend on how it was found.
func (f *forest) founders() []int32 {
	first := make([]int32, len(f.parent))
	for i := range first {
		first[i] = -1
	}
	out := make([]int32, len(f.parent))
	for i := range f.parent {
		root := f.find(int32(i))
		if first[root] < 0 {
			first[root] = int32(i)
		}
		out[i] = first[root]
	}
	return out
}
