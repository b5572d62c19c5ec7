package linkage

import (
	"slices"
	"sync"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// Edge is a candidate and its match weight: log2 of the odds that both records are of one person.
type Edge struct {
	L, R   int32 // R < L
	Weight float32
}

// weigh the candidates, or those of touched records, which the caller has numbered.
func (r *Records) weigh(f *fitted, touched []bool) []Edge {
	w := r.weigher(f.comparisons, f.model)
	parts := make([][]Edge, (r.n+parallel.Stretch-1)/parallel.Stretch)
	idle := sync.Pool{New: func() any { return &meeting{blocks: f.blocks, touched: r.numbered(touched), met: make([]int32, r.n)} }}
	parallel.Stretches(r.n, func(from, to int) {
		m := idle.Get().(*meeting)
		defer idle.Put(m)
		edges := make([]Edge, 0, 2*(to-from))
		for x := int32(from); x < int32(to); x++ {
			met := m.of(x)
			m.loaded += r.load(x, met)
			for _, y := range met {
				c := candidate{l: x, r: y, p: r.pattern(f.comparisons, x, y)}
				a, b := r.places[x], r.places[y]
				edges = append(edges, Edge{max(a, b), min(a, b), float32(w.weight(c))})
			}
		}
		parts[from/parallel.Stretch] = edges
	})
	return slices.Concat(parts...)
}

// numbered has what the caller says of each record by its number here.
func (r *Records) numbered(of []bool) (out []bool) {
	if of == nil {
		return nil
	}
	for _, place := range r.places {
		out = append(out, of[place])
	}
	return out
}

type weigher struct {
	records *Records
	n       int // comparisons
	logs    *logs
	chances [maxComparisons]chances
	beside  pattern // the bits of the comparisons that are not of names
}

// chances are what a weigher knows of how often people agree in a respect by chance.
type chances struct {
	close, equal level
	column       int
	average      float64
	rarity       []float32
	of           [classes]float64 // 1 for those that agree by chance, else 0
}

func (r *Records) weigher(cs []comparison, m *Model) *weigher {
	w := &weigher{records: r, n: len(cs), logs: m.logs(cs), beside: beside(cs)}
	for i, c := range cs {
		x := &w.chances[i]
		*x = chances{close: c.close, equal: c.equal, column: c.columns[0], average: c.frequencies.average, rarity: c.frequencies.rarity}
		for k := range classes {
			if c.byChance(k) {
				x.of[k] = 1
				for b := level(0); b < buckets; b++ {
					w.logs.p[i][c.equal+b][k] = 0 // each value counts by its own frequency
				}
			}
		}
	}
	return w
}

// weight in bits. A name alone makes one person of two records only where it is rare enough to leave little doubt: there are many namesakes.
func (w *weigher) weight(p candidate) float64 {
	odds := w.odds(p)
	if p.p&w.beside != 0 || odds >= rareName || odds < doubtful {
		return odds
	}
	return doubtful
}

// Two records of which nothing but names can be compared weigh at least rareName, or else at most doubtful, which is a little less than what would join them, in bits.
const (
	rareName = 4
	doubtful = -0.01
)

// odds in bits, whatever they come from.
func (w *weigher) odds(p candidate) float64 {
	sum := w.sums(p)
	return sum2(sum[sameAddress], sum[moved]) - sum2(sum[household], sum[strangers])
}

// beside has the bits of all comparisons that are not of names. Where all are, it has all bits.
func beside(cs []comparison) (p pattern) {
	for i := range cs {
		if !cs[i].named {
			p |= 15 << (4 * i)
		}
	}
	if p == 0 {
		return ^p
	}
	return p
}

// sums are log2 of how often pairs of each class agree as this one does. By chance people agree in a value as often as it is frequent.
func (w *weigher) sums(p candidate) (sum [classes]float64) {
	sum = w.logs.of(p.p, w.n)
	for i := range w.n {
		if chance := w.chance(i, p); chance != 0 {
			for k, by := range &w.chances[i].of {
				sum[k] -= by * chance
			}
		}
	}
	return sum
}

// chance is by how many bits less likely it is than the model says of the level that two people agree in the very values of a pair.
func (w *weigher) chance(i int, p candidate) float64 {
	c, l := &w.chances[i], p.p.at(i)
	if l < c.equal && l != c.close || l == missing {
		return 0
	}
	x, y := w.records.row(p.l)[c.column], w.records.row(p.r)[c.column]
	switch {
	case x < 0 || y < 0:
		return 0 // the value is in another column
	case l >= c.equal:
		return float64(min(c.rarity[x], c.rarity[y])) // two values may be equal, such as a date and the same with its day first
	}
	return (float64(min(c.rarity[x], c.rarity[y])) + c.average) / 2
}
