package linkage

import "sync"

// Edge is a candidate and its match weight: log2 of the odds that both records are of one person.
type Edge struct {
	L, R   int32 // R < L
	Weight float32
}

// weigh all candidates.
func (r *Records) weigh(cs []comparison, m *Model, b *blocks) []Edge {
	w := r.weigher(cs, m)
	var out []Edge
	var mu sync.Mutex
	r.each(b, nil, func(pairs []candidate) {
		edges := make([]Edge, len(pairs))
		for i, c := range pairs {
			c.p = r.pattern(cs, c.l, c.r)
			edges[i] = Edge{c.l, c.r, float32(w.weight(c))}
		}
		mu.Lock()
		defer mu.Unlock()
		out = append(out, edges...)
	})
	return out
}

type weigher struct {
	records *Records
	cs      []comparison
	logs    *logs
}

func (r *Records) weigher(cs []comparison, m *Model) *weigher {
	w := &weigher{records: r, cs: cs, logs: m.logs(cs)}
	for k := range classes {
		for i, c := range cs {
			if c.byChance(k) {
				for b := level(0); b < buckets; b++ {
					w.logs.p[k][i][c.equal+b] = 0 // each value counts by its own frequency
				}
			}
		}
	}
	return w
}

// weight in bits.
func (w *weigher) weight(p candidate) float64 {
	sum := w.sums(p)
	return sum2(sum[sameAddress], sum[moved]) - sum2(sum[household], sum[strangers])
}

// sums are log2 of how often pairs of each class agree as this one does. By chance people agree in a value as often as it is frequent.
func (w *weigher) sums(p candidate) (sum [classes]float64) {
	for k := range classes {
		sum[k] = w.logs.of(k, p.p, len(w.cs))
	}
	for i := range w.cs {
		c := &w.cs[i]
		chance := w.chance(c, p)
		if c.byChance(strangers) {
			sum[strangers] -= chance
		}
		if c.byChance(household) {
			sum[household] -= chance
		}
	}
	return sum
}

// chance is by how many bits less likely it is than the model says of the level that two people agree in the very values of a pair.
func (w *weigher) chance(c *comparison, p candidate) float64 {
	l := c.level(p.p)
	if l == missing || l != c.equal && l != c.close {
		return 0
	}
	f, at := c.frequencies, c.columns[0]
	x, y := w.records.row(p.l)[at], w.records.row(p.r)[at]
	switch {
	case x < 0 || y < 0:
		return 0 // the value is in another column
	case l == c.equal:
		return float64(f.rarity[x])
	}
	return (float64(min(f.rarity[x], f.rarity[y])) + f.average) / 2
}
