package linkage

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// pattern is the levels of all comparisons of a pair, four bits each.
type pattern uint64

func (p pattern) at(i int) level { return level(p >> (4 * i) & 15) }

func (r *Records) pattern(cs []comparison, a, b int32) (p pattern) {
	x, y := r.row(a), r.row(b)
	for i := range cs {
		l := cs[i].of(x, y)
		if l == cs[i].equal {
			at := cs[i].columns[0]
			l += min(cs[i].frequencies.bucket[x[at]], cs[i].frequencies.bucket[y[at]])
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

// sample takes whole blocks, chosen by their keys alone, so that it depends on neither the order nor the number of records. A pair that several rules
// find comes with the first of them.
func (r *Records) sample(b *blocks, cs []comparison) *sample {
	total := int64(0)
	for _, n := range b.pairs {
		total += n
	}
	out := &sample{share: min(1, sampledPairs(r.n)/float64(max(total, 1)))}
	type chosen struct{ rule, block int }
	var all []chosen
	for rule := range b.of {
		for block, key := range b.of[rule].keys {
			if h := mix(uint64(key) + uint64(rule)<<32); float64(h>>11) < out.share*(1<<53) {
				all = append(all, chosen{rule, block})
			}
		}
	}
	unbiased := unbiased(b.rules, cs)
	patterns, finds := map[pattern]*seen{}, map[found]float64{}
	var mu sync.Mutex
	parallel.Stretches(len(all), func(from, to int) {
		var pairs []candidate
		for _, c := range all[from:to] {
			block := b.of[c.rule].block(c.block)
			for x, l := range block {
				for _, o := range block[:x] {
					if rules := b.common(l, o); bits.TrailingZeros64(rules) == c.rule {
						pairs = append(pairs, candidate{l: l, r: o, rules: rules, p: r.pattern(cs, l, o)})
					}
				}
			}
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

// meeting finds the candidates of one record after the other.
type meeting struct {
	blocks  *blocks
	touched []bool  // by record: only pairs with such a record count; nil for all
	met     []int32 // by record: the last one that it was met with, and one more
	found   []int32
	loaded  int32 // of no use, but that nothing is left out that it comes from
}

// of gives the records that a record is to be compared with: each pair comes once. What it gives is valid until it is asked again.
func (m *meeting) of(l int32) []int32 {
	m.found = m.found[:0]
	if m.touched != nil && !m.touched[l] {
		return nil
	}
	for i := range m.blocks.of {
		g := &m.blocks.of[i]
		if g.at[l] < 0 {
			continue
		}
		for _, o := range g.block(int(g.at[l])) {
			if o >= l {
				if m.touched == nil {
					break // these pairs come with the other record, as do those of two touched ones
				}
				if o == l || m.touched[o] {
					continue
				}
			}
			if m.met[o] != l+1 {
				m.met[o] = l + 1
				m.found = append(m.found, o)
			}
		}
	}
	return m.found
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
