package cluster

import (
	"cmp"
	"container/heap"
	"slices"
)

// agglomerate joins the clusters of one component after the other.
func agglomerate(g Groups, components []component, join fixed) {
	a := agglomeration{groups: g, join: join}
	for _, c := range components {
		if c.agreed {
			if _, ok := g.Union(c.roots...); ok { // all of it is one, if it may be
				continue
			}
		}
		a.component(c)
	}
}

// tie is what is between a cluster and another.
type tie struct {
	to int32
	evidence
}

// agglomeration of one component, whose clusters are numbered in the order of their roots. What it has made room for serves the next.
type agglomeration struct {
	groups  Groups
	join    fixed
	roots   []int32
	ties    [][]tie // in order of the others
	version []int32 // how often a cluster has changed; what was proposed before is void
	queue   queue
	held    [][]proposal // by the smaller number: a third has as good a claim, which may change with a union beside it
}

func (a *agglomeration) component(c component) {
	a.roots = c.roots
	n := len(a.roots)
	if n > len(a.ties) {
		a.ties = slices.Grow(a.ties, n-len(a.ties))[:n]
		a.held = slices.Grow(a.held, n-len(a.held))[:n]
		a.version = make([]int32, n)
	}
	for i := range n {
		a.ties[i], a.held[i], a.version[i] = a.ties[i][:0], a.held[i][:0], 0
	}
	number := func(root int32) int32 { i, _ := slices.BinarySearch(a.roots, root); return int32(i) }
	for _, l := range c.links {
		x, y := number(l.a), number(l.b)
		a.ties[x], a.ties[y] = append(a.ties[x], tie{y, l.evidence}), append(a.ties[y], tie{x, l.evidence})
	}
	a.queue = a.queue[:0]
	for x := range int32(n) {
		for _, t := range a.ties[x] {
			if x < t.to {
				a.propose(x, t)
			}
		}
	}
	heap.Init(&a.queue)
	for a.queue.Len() > 0 {
		if p := heap.Pop(&a.queue).(proposal); a.version[p.a] == p.versionA && a.version[p.b] == p.versionB {
			a.unite(p)
		}
	}
}

// add to what is between two clusters.
func (a *agglomeration) add(x int32, t tie) {
	i, ok := a.find(x, t.to)
	if ok {
		a.ties[x][i].evidence.add(t.evidence)
		return
	}
	a.ties[x] = slices.Insert(a.ties[x], i, t)
}

func (a *agglomeration) find(x, to int32) (int, bool) {
	return slices.BinarySearchFunc(a.ties[x], to, func(t tie, to int32) int { return cmp.Compare(t.to, to) })
}

func (a *agglomeration) remove(x, to int32) {
	i, _ := a.find(x, to)
	a.ties[x] = slices.Delete(a.ties[x], i, i+1)
}

// propose to join two clusters, if their mean weight suffices.
func (a *agglomeration) propose(x int32, t tie) {
	if t.atLeast(a.join) {
		x, y := min(x, t.to), max(x, t.to)
		a.queue = append(a.queue, proposal{t.mean(), x, y, a.version[x], a.version[y]})
	}
}

// unite two clusters, unless one of them is as much a third's. The smaller number stands for both.
func (a *agglomeration) unite(p proposal) {
	x, y := p.a, p.b
	if a.ambiguous(x, y) {
		a.held[x] = append(a.held[x], p)
		return
	}
	if _, ok := a.groups.Union(a.groups.Find(a.roots[x]), a.groups.Find(a.roots[y])); !ok {
		return
	}
	a.version[x]++
	a.version[y] = -1
	a.remove(x, y)
	for _, t := range a.ties[y] {
		if t.to != x {
			a.remove(t.to, y)
			a.add(t.to, tie{x, t.evidence})
			a.add(x, t)
		}
	}
	a.release(x)
	a.release(y)
	for _, t := range a.ties[x] {
		a.release(t.to)
		before := len(a.queue)
		if a.propose(x, t); len(a.queue) > before {
			heap.Fix(&a.queue, before)
		}
	}
}

// release what was held, to be looked at again: a claim on a cluster changes only where that, or a neighbour of it, is united.
func (a *agglomeration) release(x int32) {
	for _, p := range a.held[x] {
		heap.Push(&a.queue, p)
	}
	a.held[x] = a.held[x][:0]
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
