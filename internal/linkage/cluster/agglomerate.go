package cluster

import (
	"cmp"
	"container/heap"
	"slices"
)

// agglomerate joins the clusters of one component.
func agglomerate(g Groups, links []link, join fixed) {
	if !slices.ContainsFunc(links, func(l link) bool { return !l.atLeast(join) }) {
		// Nothing counts against anything: all of it is one, if it may be.
		if _, ok := g.Union(roots(links)...); ok {
			return
		}
	}
	a := agglomeration{groups: g, join: join, of: map[int32]map[int32]tie{}, version: map[int32]int32{}}
	for _, l := range links {
		a.tie(l.a, l.b, tie{l.sum, l.n})
	}
	for _, l := range links {
		a.propose(l.a, l.b)
	}
	heap.Init(&a.queue)
	for a.queue.Len() > 0 {
		if p := heap.Pop(&a.queue).(proposal); a.version[p.a] == p.versionA && a.version[p.b] == p.versionB {
			a.unite(p.a, p.b)
		}
	}
}

func roots(links []link) []int32 {
	out := make([]int32, 0, 2*len(links))
	for _, l := range links {
		out = append(out, l.a, l.b)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tie is what is between two clusters.
type tie struct {
	sum fixed
	n   int32
}

type agglomeration struct {
	groups  Groups
	join    fixed
	of      map[int32]map[int32]tie
	version map[int32]int32 // how often a cluster has changed; what was proposed before is void
	queue   queue
}

func (a *agglomeration) tie(x, y int32, t tie) {
	for _, p := range [][2]int32{{x, y}, {y, x}} {
		if a.of[p[0]] == nil {
			a.of[p[0]] = map[int32]tie{}
		}
		a.of[p[0]][p[1]] = t
	}
}

// propose to join two clusters, if their mean weight suffices.
func (a *agglomeration) propose(x, y int32) {
	t := a.of[x][y]
	if t.sum >= a.join*fixed(t.n) {
		x, y = min(x, y), max(x, y)
		a.queue = append(a.queue, proposal{float64(t.sum) / float64(t.n), x, y, a.version[x], a.version[y]})
	}
}

// unite two clusters. The smaller number stands for both.
func (a *agglomeration) unite(x, y int32) {
	if _, ok := a.groups.Union(a.groups.Find(x), a.groups.Find(y)); !ok {
		return
	}
	a.version[x]++
	a.version[y] = -1
	delete(a.of[x], y)
	for z, t := range a.of[y] {
		delete(a.of[z], y)
		if z != x {
			have := a.of[x][z]
			a.tie(x, z, tie{have.sum + t.sum, have.n + t.n})
		}
	}
	delete(a.of, y)
	for z := range a.of[x] {
		before := len(a.queue)
		if a.propose(x, z); len(a.queue) > before {
			heap.Fix(&a.queue, before)
		}
	}
}

// proposal to join two clusters, as they were when it was made.
type proposal struct {
	mean               float64
	a, b               int32
	versionA, versionB int32
}

// queue has the highest mean first, and of equal ones that of the smallest numbers.
type queue []proposal

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[j].mean, q[i].mean), cmp.Compare(q[i].a, q[j].a), cmp.Compare(q[i].b, q[j].b)) < 0
}

// Push is for package heap.
func (q *queue) Push(x any) { *q = append(*q, x.(proposal)) }

// Pop is for package heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}
