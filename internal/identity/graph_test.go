package identity

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// problem is a random input: values of two rules, and for each node its values of two guarded kinds.
type problem struct {
	n      int
	rules  [][][]int32 // of each rule: value -> the nodes that carry it
	values [][]int32   // node -> guarded values: kind 0 below 100, kind 1 from 100 on
	times  []int64     // of the nodes, in microseconds, or always
	guards []guard
}

func randomProblem(r *rand.Rand) problem {
	p := problem{n: 2 + r.IntN(14), guards: []guard{{values: span{0, 100}, limit: 1}, {values: span{100, 200}, limit: 1 + r.IntN(3)}}}
	p.rules = make([][][]int32, 2)
	for i := range p.rules {
		for range 1 + r.IntN(8) {
			nodes := []int32{}
			for range 2 + r.IntN(3) {
				nodes = append(nodes, int32(r.IntN(p.n)))
			}
			slices.Sort(nodes)
			p.rules[i] = append(p.rules[i], slices.Compact(nodes))
		}
	}
	p.values = make([][]int32, p.n)
	for i := range p.values {
		if r.IntN(3) == 0 {
			p.values[i] = append(p.values[i], int32(r.IntN(4)))
		}
		for range r.IntN(3) {
			p.values[i] = append(p.values[i], 100+int32(r.IntN(5)))
		}
	}
	p.times = make([]int64, p.n)
	for i := range p.times {
		if p.times[i] = always; r.IntN(6) > 0 {
			p.times[i] = r.Int64N(10)
		}
	}
	p.guards[1].window = time.Duration(r.IntN(5)) * time.Microsecond
	return p
}

// solve runs the graph over the problem with the nodes of each value in a random order.
func (p problem) solve(r *rand.Rand) ([]int32, [][]refusal) {
	var nodes, values []int32
	for n, vs := range p.values {
		for _, i := range r.Perm(len(vs)) {
			nodes, values = append(nodes, int32(n)), append(values, vs[i])
		}
	}
	g := newGraph(p.n, p.guards, nodes, values)
	if len(p.guards) > 0 {
		g.watch(p.times)
	}
	var all [][]refusal
	for _, rule := range p.rules {
		s := &stars{}
		for key, nodes := range rule {
			for _, i := range r.Perm(len(nodes)) {
				s.add(int32(key), nodes[i])
			}
		}
		_, refused := g.apply(s)
		slices.SortFunc(refused, func(a, b refusal) int { return cmp.Compare(a.key, b.key) })
		all = append(all, refused)
	}
	return g.founders(), all
}

// naive is the same by the words of the documentation, with sets of nodes and no cleverness.
func (p problem) naive() []int32 {
	cluster := make([]int32, p.n)
	for i := range cluster {
		cluster[i] = int32(i)
	}
	merge := func(nodes []int32) {
		least := slices.MinFunc(nodes, func(a, b int32) int { return cmp.Compare(cluster[a], cluster[b]) })
		to := cluster[least]
		var from []int32
		for _, n := range nodes {
			from = append(from, cluster[n])
		}
		for i := range cluster {
			if slices.Contains(from, cluster[i]) {
				cluster[i] = to
			}
		}
	}
	allowed := func(nodes []int32) bool {
		ids := map[int32]bool{}
		for _, n := range nodes {
			ids[cluster[n]] = true
		}
		return len(ids) == 1 || p.keeps(func(n int32) bool { return ids[cluster[n]] })
	}
	for _, rule := range p.rules {
		for _, component := range connected(rule, cluster) {
			var all []int32
			for _, v := range component {
				all = append(all, rule[v]...)
			}
			if allowed(all) {
				merge(all)
				continue
			}
			for _, v := range component {
				if allowed(rule[v]) {
					merge(rule[v])
				}
			}
		}
	}
	return cluster
}

// keeps says whether the nodes together keep every guard.
func (p problem) keeps(in func(int32) bool) bool {
	for _, g := range p.guards {
		starts := []int64{always}
		if g.window > 0 {
			starts = append(starts, p.times...)
		}
		for _, start := range starts {
			if p.differentIn(g, start, in) > g.limit {
				return false
			}
		}
	}
	return true
}

// differentIn counts the different values of a guard that nodes have in the window from start on, or at all without a window.
func (p problem) differentIn(g guard, start int64, in func(int32) bool) int {
	distinct := map[int32]bool{}
	for n, vs := range p.values {
		inWindow := g.window == 0 || p.times[n] == always || p.times[n] >= start && p.times[n]-start <= g.window.Microseconds() && start != always
		for _, v := range vs {
			if in(int32(n)) && g.has(v) && inWindow {
				distinct[v] = true
			}
		}
	}
	return len(distinct)
}

// connected groups values that touch a common cluster, directly or through others.
func connected(rule [][]int32, cluster []int32) [][]int {
	label := make([]int, len(rule))
	for i := range label {
		label[i] = i
	}
	for changed := true; changed; {
		changed = false
		for i := range rule {
			for j := range i {
				touch := slices.ContainsFunc(rule[i], func(a int32) bool {
					return slices.ContainsFunc(rule[j], func(b int32) bool { return cluster[a] == cluster[b] })
				})
				if touch && label[i] != label[j] {
					label[i], changed = min(label[i], label[j]), true
					label[j] = label[i]
				}
			}
		}
	}
	var out [][]int
	for i := range rule {
		var members []int
		for j := range rule {
			if label[j] == i {
				members = append(members, j)
			}
		}
		if len(members) > 0 {
			out = append(out, members)
		}
	}
	return out
}

func TestGraph(t *testing.T) {
	refusedOnce := false
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := randomProblem(r)
		want := p.naive()
		got, refused := p.solve(r)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
		again, refusedAgain := p.solve(r)
		if !slices.Equal(got, again) || !slices.EqualFunc(refused, refusedAgain, slices.Equal) {
			t.Fatalf("seed %d: %v with one order of nodes, %v with another", seed, got, again)
		}
		refusedOnce = refusedOnce || len(refused[0])+len(refused[1]) > 0
		for _, c := range got {
			size := 0
			for _, d := range got {
				if d == c {
					size++
				}
			}
			if size > 1 && !p.keeps(func(n int32) bool { return got[n] == c }) {
				t.Fatalf("seed %d: cluster %d of %v breaks a guard", seed, c, got)
			}
		}
	}
	if !refusedOnce {
		t.Error("no random problem had anything to refuse")
	}
}

// Without guards the clusters are the connected components of everything.
func TestGraphWithoutGuards(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := randomProblem(r)
		p.guards = nil
		got, _ := p.solve(r)
		if want := p.naive(); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}
