package linkage

import "math/bits"

// pairsPerRecord is how many candidates there are to be for each record at most, where nothing else is declared; what rules find the least among them is
// left out.
const pairsPerRecord = 10

// worthwhile is at least how many pairs of one person have to be expected among those that a rule alone finds.
const worthwhile = 0.01

// worthwhile gives the rules, as bits, without those that find hardly anything that others do not find too, where there are too many candidates: the worst
// first, until there are no more than most or all are worth their pairs.
func (b *blocks) worthwhile(s *sample, m *Model, cs []comparison, most int) uint64 {
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
			if kept&(1<<i) != 0 && a.same < worthwhile*a.pairs && (worst < 0 || a.same*alone[worst].pairs < alone[worst].same*a.pairs) {
				worst = i
			}
		}
		if total <= float64(most) || worst < 0 {
			return kept
		}
		kept &^= 1 << worst
	}
}
