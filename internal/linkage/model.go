package linkage

import (
	"math"
	"slices"
)

// class of a pair: why two records agree as they do.
type class int

// The classes. Two records of one person share an address, or do not; two people share a household, or nothing but chance. People of one
// household have surname, address, telephone and sometimes a mailbox in common, and would pass for one person if there were only chance to compare with.
const (
	sameAddress class = iota // one person
	moved                    // one person, with different addresses
	household                // two people
	strangers                // two people
	classes
)

// Model says how often each level of each comparison is seen in pairs of each class, and how often the classes are.
type Model struct {
	// Format is that of the version that made it.
	Format int `json:"format"`
	// Columns that it compares, each with its kind.
	Columns []string `json:"columns"`
	// Records that it was learned from.
	Records int `json:"records"`
	// PairsPerRecord is how many candidates there were to be for each record before rules were left out, as declared: 0 for the usual number, -1 where none was left
	// out, as they are spelled out.
	PairsPerRecord int `json:"pairsPerRecord"`
	// Rules by which candidates are found.
	Rules []string `json:"rules"`
	// Largest block of a rule that is not divided, in records.
	Largest     int64        `json:"largest"`
	Comparisons []Comparison `json:"comparisons"`
	// Share of each class among all pairs of records.
	Share [classes]float64 `json:"share"`
	// Frequencies of the values, by comparison.
	Frequencies []Frequencies `json:"frequencies"`
	// Divided blocks, by rule.
	Divided []Divided `json:"divided"`
}

// Format of the models that this version makes and takes. It changes with everything that a weight depends on: forms of values, parts, rules,
// levels.
const Format = 4

// Comparison of a model.
type Comparison struct {
	Name   string   `json:"name"`
	Levels []string `json:"levels"`
	// IgnoresFrequency: equal values count the same, however rare they are.
	IgnoresFrequency bool `json:"ignoresFrequency,omitempty"`
	// P is the probability of each level by class, where no value is missing.
	P [classes][]float64 `json:"p"`
}

// logs are the logarithms of a model, in bits, as they are added up.
type logs struct {
	share [classes]float64
	p     [maxComparisons][maxLevels][classes]float64
}

// logs of a model for comparisons. By chance values agree as often as they are frequent.
func (m *Model) logs(cs []comparison) *logs {
	var out logs
	for k := range classes {
		out.share[k] = math.Log2(m.Share[k])
		for i, c := range cs {
			p := &out.p[i]
			for l := 1; l < len(c.levels); l++ {
				p[l][k] = math.Log2(m.Comparisons[i].P[k][l])
			}
			for b := level(0); b < buckets; b++ {
				if p[c.equal+b][k] = p[c.equal][k]; c.byChance(k) {
					p[c.equal+b][k] = c.frequencies.chance[b]
				}
			}
		}
	}
	return &out
}

// of gives the logarithms of how often pairs of each class with a pattern of n comparisons are seen.
func (l *logs) of(p pattern, n int) [classes]float64 {
	sum := l.share
	for i := range n {
		for k, x := range &l.p[i][p.at(i)] {
			sum[k] += x
		}
	}
	return sum
}

// posterior probabilities of the classes, for a pair with a pattern of n comparisons.
func (l *logs) posterior(p pattern, n int) (out [classes]float64) {
	out = l.of(p, n)
	top := slices.Max(out[:])
	total := 0.0
	for k := range out {
		out[k] = math.Exp2(out[k] - top)
		total += out[k]
	}
	for k := range out {
		out[k] /= total
	}
	return out
}

// sum2 is log2 of the sum of two numbers given by their log2.
func sum2(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if d := b - a; d > -40 {
		return a + math.Log2(1+math.Exp2(d))
	}
	return a
}
