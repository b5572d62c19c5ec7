package linkage

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
)

// pattern is the levels of all comparisons of a pair, four bits each.
type pattern uint64

func (p pattern) at(i int) level { return level(p >> (4 * i) & 15) }

func (r *Records) pattern(cs []comparison, a, b int32) (p pattern) {
	x, y := r.row(a), r.row(b)
	for i := range cs {
		l := cs[i].of(x, y)
		if l == cs[i].equal {
			l += cs[i].frequencies.bucket[x[cs[i].columns[0]]]
		}
		p |= pattern(l) << (4 * i)
	}
	return p
}

// seen is how often a pattern was seen. by[i] is how often where the candidates do not owe it to what comparison i looks at: those of a rule
// that needs equal surnames do not tell how often surnames are equal.
type seen struct {
	p  pattern
	n  float64
	by [maxComparisons]float64
}

// sampledPairs is about how many candidates a model is learned from.
const sampledPairs = 2_000_000

// sample is a part of the candidates, or all of them: what patterns they have, and how many there are by the rules that find them.
type sample struct {
	share float64 // of all candidates
	seen  []seen  // in order of pattern
	found []found // in order of rules
}

// found are the candidates of some rules, as bits, that have a pattern.
type found struct {
	rules uint64
	p     pattern
	n     float64
}

// sample takes whole blocks, chosen by their keys alone, so that it depends on neither the order nor the number of records.
func (r *Records) sample(b *blocks, cs []comparison) *sample {
	total := int64(0)
	for _, n := range b.pairs {
		total += n
	}
	out := &sample{share: min(1, sampledPairs/float64(max(total, 1)))}
	chosen := func(rule, block int) bool {
		h := mix(uint64(b.keys[int(b.of[rule].block(block)[0])*len(b.rules)+rule]) + uint64(rule)<<32)
		return float64(h>>11) < out.share*(1<<53)
	}
	unbiased := unbiased(b.rules, cs)
	patterns, finds := map[pattern]*seen{}, map[found]float64{}
	var mu sync.Mutex
	r.each(b, chosen, func(pairs []candidate) {
		for i := range pairs {
			pairs[i].p = r.pattern(cs, pairs[i].l, pairs[i].r)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, c := range pairs {
			s := patterns[c.p]
			if s == nil {
				s = &seen{p: c.p}
				patterns[c.p] = s
			}
			s.n++
			for j := range cs {
				s.by[j] += float64(bits.OnesCount64(c.rules & unbiased[j]))
			}
			finds[found{rules: c.rules, p: c.p}]++
		}
	})
	for _, s := range patterns {
		out.seen = append(out.seen, *s)
	}
	for f, n := range finds {
		f.n = n
		out.found = append(out.found, f)
	}
	slices.SortFunc(out.seen, func(a, b seen) int { return cmp.Compare(a.p, b.p) })
	slices.SortFunc(out.found, func(a, b found) int { return cmp.Or(cmp.Compare(a.rules, b.rules), cmp.Compare(a.p, b.p)) })
	return out
}

// candidate is a pair of records, l after r, the rules that find it, as bits, and its pattern.
type candidate struct {
	l, r  int32
	rules uint64
	p     pattern
}

// each calls f with the candidates of chosen blocks, some at a time, on all processors. A pair that several rules find comes with the first of them whose
// block is chosen.
func (r *Records) each(b *blocks, chosen func(rule, block int) bool, f func([]candidate)) {
	tasks := b.tasks()
	atOnce(len(tasks), func(i int) {
		t := tasks[i]
		var pairs []candidate
		for k := t.from; k < t.to; k++ {
			if chosen != nil && !chosen(t.rule, k) {
				continue
			}
			block := b.of[t.rule].block(k)
			for x, l := range block {
				for _, o := range block[:x] {
					rules := b.common(l, o)
					if bits.TrailingZeros64(rules) == t.rule {
						pairs = append(pairs, candidate{l: l, r: o, rules: rules})
					}
				}
			}
		}
		f(pairs)
	})
}

// unbiased has, for each comparison, the bits of the rules that do not look at its columns.
func unbiased(rules []rule, cs []comparison) []uint64 {
	out := make([]uint64, len(cs))
	for i, c := range cs {
		for j, r := range rules {
			if !slices.ContainsFunc(r.keys, func(k key) bool { return slices.Contains(c.columns, k.column) }) {
				out[i] |= 1 << j
			}
		}
	}
	return out
}

// common are the rules in whose blocks both records are, as bits.
func (b *blocks) common(l, r int32) (out uint64) {
	n := len(b.rules)
	x, y := b.keys[int(l)*n:int(l)*n+n], b.keys[int(r)*n:int(r)*n+n]
	for i, k := range x {
		if k == y[i] && k != 0 {
			out |= 1 << i
		}
	}
	return out
}

// task is a number of blocks of one rule.
type task struct{ rule, from, to int }

const pairsOfTask = 1 << 17

// tasks of about the same size.
func (b *blocks) tasks() (out []task) {
	for rule := range b.of {
		g := &b.of[rule]
		t, pairs := task{rule: rule}, 0
		for i := range g.ends {
			n := len(g.block(i))
			pairs += n * (n - 1) / 2
			t.to = i + 1
			if pairs >= pairsOfTask || i == len(g.ends)-1 {
				out = append(out, t)
				t, pairs = task{rule, i + 1, i + 1}, 0
			}
		}
	}
	return out
}
