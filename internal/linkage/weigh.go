package linkage

import "sync"

// Edge is a candidate and its match weight: log2 of the odds that both records are of one person.
type Edge struct {
	L, R   int32 // R < L
	Weight float32
}

// weigh all candidates.
func (r *Records) weigh(cs []comparison, m *Model, b *Blocks) []Edge {
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

// weight in bits. By chance people agree in a value as often as it is frequent.
func (w *weigher) weight(p candidate) float64 {
	var sum [classes]float64
	for k := range classes {
		sum[k] = w.logs.of(k, p.p, len(w.cs))
	}
	a, b := w.records.row(p.l), w.records.row(p.r)
	for i := range w.cs {
		c := &w.cs[i]
		f, x, y := c.frequencies, a[c.columns[0]], b[c.columns[0]]
		if x < 0 || y < 0 {
			continue
		}
		switch c.base(p.p, i) {
		case c.equal:
			w.byChance(c, &sum, float64(f.rarity[x]))
		case c.close:
			w.byChance(c, &sum, (float64(min(f.rarity[x], f.rarity[y]))+f.average)/2)
		}
	}
	return sum2(sum[sameAddress], sum[moved]) - sum2(sum[household], sum[strangers])
}

// byChance makes it less likely that people agree by chance.
func (w *weigher) byChance(c *comparison, sum *[classes]float64, rarity float64) {
	if c.byChance(strangers) {
		sum[strangers] -= rarity
	}
	if c.byChance(household) {
		sum[household] -= rarity
	}
}
