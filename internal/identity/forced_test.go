package identity

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// decidedProblem is a random input about some of whose nodes somebody decided.
type decidedProblem struct {
	problem
	merges, splits []pair
}

func randomDecided(r *rand.Rand) decidedProblem {
	p := decidedProblem{problem: randomProblem(r)}
	if r.IntN(4) == 0 {
		p.guards = nil
	}
	random := func() (out []pair) {
		for range r.IntN(5) {
			if a, b := int32(r.IntN(p.n)), int32(r.IntN(p.n)); a != b {
				out = append(out, pair{a, b})
			}
		}
		return out
	}
	p.merges, p.splits = random(), random()
	return p
}

func (p decidedProblem) graph(r *rand.Rand) (*graph, []int) {
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
	g.keepApart(p.splits, 200)
	_, refused := g.force(p.merges)
	return g, refused
}

// solve runs the graph over the problem with the nodes of each value in a random order.
func (p decidedProblem) solve(r *rand.Rand) (founders []int32, refused []int, cut [][]refusal) {
	g, refused := p.graph(r)
	for _, rule := range p.rules {
		s := &stars{}
		for key, nodes := range rule {
			for _, i := range r.Perm(len(nodes)) {
				s.add(int32(key), nodes[i])
			}
		}
		_, all := g.apply(s)
		slices.SortFunc(all, func(a, b refusal) int {
			return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.guard, b.guard), cmp.Compare(a.node, b.node))
		})
		cut = append(cut, all)
	}
	return g.founders(), refused, cut
}

// solver is the state of the naive solution: a cluster for each node, and what was merged by hand.
type solver struct {
	decidedProblem
	cluster []int32
	forced  [][]int32
}

func (p *solver) in(nodes []int32) func(int32) bool {
	return func(n int32) bool {
		return slices.ContainsFunc(nodes, func(m int32) bool { return p.cluster[m] == p.cluster[n] })
	}
}

func (p *solver) join(nodes []int32) {
	var old []int32
	for _, n := range nodes {
		old = append(old, p.cluster[n])
	}
	for i, c := range p.cluster {
		if slices.Contains(old, c) {
			p.cluster[i] = slices.Min(old)
		}
	}
}

// brokenSplit is the first split that nodes, with all that is one with them, break.
func (p *solver) brokenSplit(nodes []int32) int {
	in := p.in(nodes)
	return slices.IndexFunc(p.splits, func(s pair) bool { return in(s.first) && in(s.second) })
}

// most different values of a guard that nodes have in one of its windows.
func (p *solver) most(g guard, in func(int32) bool) (out int) {
	for _, start := range append([]int64{always}, p.times...) {
		if g.window > 0 || start == always {
			out = max(out, p.differentIn(g, start, in))
		}
	}
	return out
}

func (p *solver) keepsGuards(nodes []int32) bool {
	if len(nodes) == 0 || !slices.ContainsFunc(nodes, func(n int32) bool { return p.cluster[n] != p.cluster[nodes[0]] }) {
		return true
	}
	in := p.in(nodes)
	for _, g := range p.guards {
		allowed := g.limit
		for _, f := range p.forced {
			if in(f[0]) {
				allowed = max(allowed, p.most(g, func(n int32) bool { return slices.Contains(f, n) }))
			}
		}
		if p.most(g, in) > allowed {
			return false
		}
	}
	return true
}

// naive is the same by the words of the documentation.
func (p decidedProblem) naive() (founders []int32, refused []int) {
	s := &solver{decidedProblem: p}
	for i := range int32(p.n) {
		s.cluster = append(s.cluster, i)
	}
	for _, m := range p.merges {
		nodes := []int32{m.first, m.second}
		split := s.brokenSplit(nodes)
		if refused = append(refused, split); split < 0 {
			s.join(nodes)
		}
	}
	for i := range int32(p.n) {
		var own []int32
		for j := range int32(p.n) {
			if s.cluster[j] == i {
				own = append(own, j)
			}
		}
		if len(own) > 1 {
			s.forced = append(s.forced, own)
		}
	}
	for _, rule := range p.rules {
		for _, component := range connected(rule, s.cluster) {
			var all []int32
			for _, v := range component {
				all = append(all, rule[v]...)
			}
			if s.brokenSplit(all) < 0 && s.keepsGuards(all) {
				s.join(all)
				continue
			}
			for _, v := range component {
				nodes := slices.Clone(rule[v])
				for split := s.brokenSplit(nodes); split >= 0; split = s.brokenSplit(nodes) {
					out := s.cluster[p.splits[split].second]
					nodes = slices.DeleteFunc(nodes, func(n int32) bool { return s.cluster[n] == out })
				}
				if len(nodes) > 0 && s.keepsGuards(nodes) {
					s.join(nodes)
				}
			}
		}
	}
	return s.cluster, refused
}

func TestGraphWithDecisions(t *testing.T) {
	refusedMerges, cutNodes := 0, 0
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 7))
		p := randomDecided(r)
		want, wantRefused := p.naive()
		got, refused, cut := p.solve(r)
		if !slices.Equal(got, want) || !slices.Equal(refused, wantRefused) {
			t.Fatalf("seed %d: %v %v, want %v %v", seed, got, refused, want, wantRefused)
		}
		again, refusedAgain, cutAgain := p.solve(r)
		if !slices.Equal(got, again) || !slices.Equal(refused, refusedAgain) || !slices.EqualFunc(cut, cutAgain, slices.Equal) {
			t.Fatalf("seed %d: %v with one order of nodes, %v with another", seed, got, again)
		}
		for _, s := range p.splits {
			if got[s.first] == got[s.second] {
				t.Fatalf("seed %d: %v has %v in one cluster", seed, got, s)
			}
		}
		for i, m := range p.merges {
			if refused[i] < 0 && got[m.first] != got[m.second] {
				t.Fatalf("seed %d: %v has %v in two clusters", seed, got, m)
			}
			if refused[i] >= 0 {
				refusedMerges++
			}
		}
		for _, c := range cut {
			for _, x := range c {
				if x.node != everyNode {
					cutNodes++
				}
			}
		}
	}
	if refusedMerges < 100 || cutNodes < 100 {
		t.Errorf("%d Merges and %d nodes were refused: the random problems show little", refusedMerges, cutNodes)
	}
}
