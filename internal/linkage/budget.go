package linkage

import "math/bits"

// fewer is a bound on what is done with records: most up to 100,000 of them, then less as they are more, and least at the least. Among more records a
// block has more strangers in it, by the square, and only as many more pairs of one person; and they teach more than is needed.
func fewer(most, least, records int) int {
	const few = 100_000
	return max(least, int(float64(most)*min(1, few/float64(max(records, 1)))))
}

// largestBlock is how many records of a block are compared, each with each.
func largestBlock(records int) int64 { return int64(fewer(100, 16, records)) }

// sampledPairs is about how many candidates a model is learned from.
func sampledPairs(records int) float64 { return float64(fewer(2_000_000, 500_000, records)) }

// randomPairs is how many pairs of records are drawn to learn how often two people agree by chance.
func randomPairs(records int) int { return fewer(1_000_000, 250_000, records) }

// pairsPerRecord is how many candidates there are to be for each record at most, where nothing else is declared; what rules find the least among them is left out.
func pairsPerRecord(records int) int { return fewer(10, 2, records) }

// worthwhile is at least how many pairs of one person have to be expected among those that a rule alone finds: one in so many.
func worthwhile(records int) float64 { return 1 / float64(fewer(100, 20, records)) }

// worthwhile gives the rules, as bits, without those that find hardly anything that others do not find too, where there are too many candidates: the worst
// first, until there are no more than most or all are worth their pairs.
func (b *blocks) worthwhile(s *sample, m *Model, cs []comparison, records, most int) uint64 {
	l := m.logs(cs)
	type count struct{ pairs, same float64 }
	counts := map[uint64]count{}
	for _, f := range s.found {
		p := l.posterior(f.p, len(cs))
		c := counts[f.rules]
		c.pairs += f.n / s.share
		c.same += f.n / s.share * (p[sameAddress] + p[moved])
		counts[f.rules] = c
	}
	kept := uint64(1)<<len(b.rules) - 1
	for {
		alone := make([]count, len(b.rules))
		total := 0.0
		for rules, c := range counts {
			switch rules &= kept; bits.OnesCount64(rules) {
			case 0:
			case 1:
				a := &alone[bits.TrailingZeros64(rules)]
				a.pairs += c.pairs
				a.same += c.same
				fallthrough
			default:
				total += c.pairs
			}
		}
		worst := -1
		for i, a := range alone {
			if kept&(1<<i) != 0 && a.same < worthwhile(records)*a.pairs && (worst < 0 || a.same*alone[worst].pairs < alone[worst].same*a.pairs) {
				worst = i
			}
		}
		if total <= float64(most) || worst < 0 {
			return kept
		}
		kept &^= 1 << worst
	}
}
