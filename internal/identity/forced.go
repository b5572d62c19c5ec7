package identity

import "slices"

// pair is two nodes that somebody decided about, as he named them.
type pair struct{ first, second int32 }

// keepApart takes splits: the two nodes of each must never be in one cluster, which holds for all that is joined afterwards. Earlier ones count first. In
// the sets of guarded values each is two marks, one for either node; marks are numbered from after the last value on.
func (g *graph) keepApart(splits []pair, after int32) {
	if len(splits) == 0 {
		return
	}
	g.splits, g.marks = splits, after
	if g.sets == nil {
		g.sets = make([][]int32, len(g.parent))
	}
	for i, s := range splits {
		g.sets[s.first] = append(slices.Clip(g.sets[s.first]), after+2*int32(i))
		g.sets[s.second] = append(slices.Clip(g.sets[s.second]), after+2*int32(i)+1)
	}
}

// split is the first split that a set of values breaks, or -1. The set is sorted.
func (g *graph) split(set []int32) int {
	if len(g.splits) == 0 {
		return -1
	}
	start, _ := slices.BinarySearch(set, g.marks)
	for i := start; i+1 < len(set); i++ {
		if mark := set[i] - g.marks; mark%2 == 0 && set[i+1] == set[i]+1 {
			return int(mark / 2)
		}
	}
	return -1
}

// isSplit says whether what check found is broken is a split, and which.
func (g *graph) isSplit(broken int) (int, bool) {
	return broken - len(g.guards), broken >= len(g.guards)
}

// force joins the nodes of each merge, one after the other and whatever guards say, before anything else is joined; only a split refuses one. It gives by
// how much the number of clusters fell and, for each merge, the split that refused it, or -1. What the nodes of a cluster have too many of is then
// allowed to it.
func (g *graph) force(merges []pair) (merged int, refused []int) {
	refused = make([]int, len(merges))
	for i, m := range merges {
		refused[i] = -1
		roots := g.roots(nil, []int32{m.first, m.second})
		if g.sets == nil || len(roots) < 2 {
			merged += g.join(roots, nil)
			continue
		}
		set := g.together(roots)
		if refused[i] = g.split(set); refused[i] < 0 {
			merged += g.join(roots, set)
		}
	}
	for i, m := range merges {
		if refused[i] < 0 {
			g.excuse(g.find(m.first))
		}
	}
	return merged, refused
}

// excuse a cluster for what it has been forced to have.
func (g *graph) excuse(root int32) {
	roots := []int32{root}
	for i, x := range g.guards {
		if have := g.different(roots, g.sets[root], x, x.limit); have > x.limit {
			if g.excused == nil {
				g.excused = map[int32][]int{}
			}
			if g.excused[root] == nil {
				g.excused[root] = make([]int, len(g.guards))
			}
			g.excused[root][i] = have
		}
	}
}

// joinExcuses gives the root of joined clusters the excuses of all of them.
func (g *graph) joinExcuses(root int32, joined []int32) {
	if len(g.excused) == 0 || !slices.ContainsFunc(joined, func(r int32) bool { return g.excused[r] != nil }) {
		return
	}
	all := make([]int, len(g.guards))
	for i := range g.guards {
		all[i] = g.allowed(joined, i)
	}
	for _, r := range joined {
		delete(g.excused, r)
	}
	g.excused[root] = all
}

// allowed is how much a guard allows to the union of clusters.
func (g *graph) allowed(roots []int32, guard int) int {
	out := g.guards[guard].limit
	if len(g.excused) == 0 {
		return out
	}
	for _, r := range roots {
		if own := g.excused[r]; own != nil {
			out = max(out, own[guard])
		}
	}
	return out
}

// withoutSplit are the clusters of the nodes of a value, without those that splits take out of them: of each split that they break, the earlier ones
// first, the cluster of the second node. It says which nodes that leaves unconnected.
func (g *graph) withoutSplit(key int32, nodes []int32) (roots []int32, cut []refusal) {
	roots = g.roots(nil, nodes)
	left := nodes
	for len(roots) > 1 && len(g.splits) > 0 {
		i := g.split(g.together(roots))
		if i < 0 {
			break
		}
		out := g.find(g.splits[i].second)
		roots = slices.DeleteFunc(roots, func(r int32) bool { return r == out })
		var stay []int32
		for _, n := range left {
			if g.find(n) == out {
				cut = append(cut, refusal{key, len(g.guards) + i, n})
			} else {
				stay = append(stay, n)
			}
		}
		left = stay
	}
	if len(cut) > 0 && len(left) == 1 {
		cut = append(cut, refusal{key, cut[len(cut)-1].guard, left[0]})
	}
	return roots, cut
}
