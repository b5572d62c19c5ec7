package linkage

import (
	"math"
	"slices"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// Expectation-maximisation ends where no probability changes by more.
const (
	settled   = 1e-4
	maxRounds = 60
)

// twins is the share of pairs of a household that were born on one day: about one child in thirty has a twin, and not all pairs are of children.
const twins = 0.02

// usualPairs is how many pairs of a class what training starts from counts for: it falls back to it where there is little to learn from.
const usualPairs = 20

// unlearned is the share of the records that it counts for where nothing can be learned, as hardly anybody has two records.
const unlearned = 0.25

// training of a model by expectation-maximisation (Dempster, Laird and Rubin, 1977) on the patterns of candidates and of random pairs.
type training struct {
	cs         []comparison
	candidates []seen
	random     []seen
	pairs      float64 // of all records, and half a one of each class
	usual      float64 // pairs that start counts for
	start      [classes][][]float64
	model      *Model
}

// train learns the probabilities of a model. share is that of the candidates among all that there are.
func (m *Model) train(cs []comparison, candidates, random []seen, n int, share float64) {
	t := &training{cs: cs, candidates: candidates, random: random, pairs: float64(n)*float64(n-1)/2*share + 0.5*float64(classes), model: m}
	t.converge(n, usualPairs)
	if t.doubtful() {
		t.converge(n, max(usualPairs, unlearned*float64(n)*share))
	}
}

// believable is how often names and dates of birth of one person agree at the least: two of them in seven of ten pairs.
const believable = 0.7

// doubtful says whether what was learned of one person is that of strangers of one place, as there were hardly any others to learn from.
func (t *training) doubtful() bool {
	few := 0
	for i, c := range t.cs {
		if agree, _ := c.agreement(t.model.Comparisons[i].P[sameAddress]); c.least == telling && agree < believable {
			few++
		}
	}
	return few > 1
}

// converge from the start, which counts for so many pairs.
func (t *training) converge(n int, usual float64) {
	t.usual = usual
	t.begin(n)
	for range maxRounds {
		l := t.model.logs(t.cs)
		t.learnStrangers(l)
		if t.learn(l) < settled {
			break
		}
	}
}

// begin with the usual: equal values in two thirds of what people of a class share.
func (t *training) begin(n int) {
	share := min(0.2, 1/float64(max(n, 2)))
	t.model.Share = [classes]float64{share, share / 4, share / 4, 1 - 1.5*share}
	t.model.Comparisons = nil
	for _, c := range t.cs {
		t.model.Comparisons = append(t.model.Comparisons, Comparison{Name: c.name, Levels: c.levels})
	}
	for k := range t.start {
		t.start[k] = make([][]float64, len(t.cs))
	}
	t.learnStrangers(nil)
	for i, c := range t.cs {
		u := t.model.Comparisons[i].P[strangers]
		t.set(sameAddress, i, c.usually(0.7))
		t.set(moved, i, c.usually(0.7))
		t.set(household, i, u)
		switch c.about {
		case aboutAddress:
			t.set(moved, i, mixed(c.usually(0.7), u, 0.2))
			t.set(household, i, c.usually(0.7))
		case aboutFamily:
			t.set(household, i, mixed(c.usually(0.7), u, 0.7))
		}
	}
}

func (t *training) set(k class, i int, p []float64) {
	t.start[k][i] = p
	t.model.Comparisons[i].P[k] = slices.Clone(p)
}

// usually has equal values with a probability, and any other level as likely as the next.
func (c *comparison) usually(equal float64) []float64 {
	out := make([]float64, len(c.levels))
	for l := 1; l < len(out); l++ {
		out[l] = (1 - equal) / float64(len(out)-2)
	}
	out[c.equal] = equal
	c.hold(out, &[maxLevels]float64{})
	return out
}

// How often two records of one person are on a level that they are hardly ever on, and how many pairs that is known from: as many have to be seen to
// unlearn half of it. Among few records training would take people of a household for one, and learn from them that one person has the names of a man and a woman.
const (
	seldomShare = 0.001
	seldomPairs = 20_000
)

// hold the probability of a level that is hardly ever seen of one person to what is known beside how often levels were seen.
func (c *comparison) hold(p []float64, seen *[maxLevels]float64) {
	if c.seldom == missing {
		return
	}
	total := float64(seldomPairs)
	for _, n := range seen {
		total += n
	}
	before, after := p[c.seldom], (seen[c.seldom]+seldomShare*seldomPairs)/total
	for l := 1; l < len(p); l++ {
		p[l] *= (1 - after) / (1 - before)
	}
	p[c.seldom] = after
}

func mixed(a, b []float64, share float64) []float64 {
	out := make([]float64, len(a))
	for i := range out {
		out[i] = share*a[i] + (1-share)*b[i]
	}
	return out
}

// sums of how often levels were seen.
type sums [maxComparisons][maxLevels]float64

func (s *sums) add(o *sums) {
	for i := range s {
		for l := range s[i] {
			s[i][l] += o[i][l]
		}
	}
}

// probabilities of levels: what was seen, with so many pairs of what is expected.
func (s *sums) probabilities(i int, expected []float64, pairs float64) []float64 {
	total := pairs
	out := make([]float64, len(expected))
	for l := 1; l < len(out); l++ {
		total += s[i][l]
	}
	for l := 1; l < len(out); l++ {
		out[l] = (s[i][l] + pairs*expected[l]) / total
	}
	return out
}

// learnStrangers from random pairs, of which those that seem to be of one person or household do not count.
func (t *training) learnStrangers(l *logs) {
	var s sums
	for _, x := range t.random {
		n := x.n
		if l != nil {
			n *= l.posterior(x.p, len(t.cs))[strangers]
		}
		for i := range t.cs {
			s[i][t.cs[i].level(x.p)] += n
		}
	}
	for i, c := range t.cs {
		even := make([]float64, len(c.levels))
		for l := 1; l < len(even); l++ {
			even[l] = 1 / float64(len(even)-1)
		}
		t.model.Comparisons[i].P[strangers] = s.probabilities(i, even, 0.5*float64(len(even)-1))
	}
}

// expected is how often each level is seen among the candidates of each class but strangers, and how many those are.
func (t *training) expected(l *logs) (s [classes]sums, share [classes]float64) {
	type part struct {
		s     [classes]sums
		share [classes]float64
	}
	// Added up stretch after stretch, so that the sum does not depend on how many processors there are.
	parts := make([]part, (len(t.candidates)+parallel.Stretch-1)/parallel.Stretch)
	parallel.Stretches(len(t.candidates), func(from, to int) {
		own := &parts[from/parallel.Stretch]
		for _, x := range t.candidates[from:to] {
			p := l.posterior(x.p, len(t.cs))
			for k := range strangers {
				own.share[k] += p[k] * x.n
				for i := range t.cs {
					own.s[k][i][t.cs[i].level(x.p)] += p[k] * x.by[i]
				}
			}
		}
	})
	for i := range parts {
		for k := range strangers {
			share[k] += parts[i].share[k]
			s[k].add(&parts[i].s[k])
		}
	}
	return s, share
}

// agreement is how often values agree by probabilities of levels, and how often not.
func (c *comparison) agreement(p []float64) (agree, rest float64) {
	for l := 1; l < len(p); l++ {
		if c.agrees(level(l)) {
			agree += p[l]
		} else {
			rest += p[l]
		}
	}
	return agree, rest
}

// bound makes agreement at least as frequent as least, and everything else less frequent instead.
func (c *comparison) bound(p []float64) {
	agree, rest := c.agreement(p)
	if agree >= c.least || agree == 0 {
		return
	}
	for l := 1; l < len(p); l++ {
		if c.agrees(level(l)) {
			p[l] *= c.least / agree
		} else {
			p[l] *= (1 - c.least) / rest
		}
	}
}

// learn the other classes from the candidates, and say by how much a probability changed at most.
func (t *training) learn(l *logs) (change float64) {
	s, share := t.expected(l)
	t.model.Share[strangers] = 1
	for k := range strangers {
		t.model.Share[k] = max((share[k]+0.5)/t.pairs, 1e-15)
		t.model.Share[strangers] -= t.model.Share[k]
	}
	for i, c := range t.cs {
		t.tie(&s, i, c.about)
		m := &t.model.Comparisons[i]
		for k := range strangers {
			expected, pairs := t.start[k][i], t.usual
			if k == household && c.about == aboutPerson {
				expected = m.P[strangers] // people of a household are each their own person
				if c.twins {
					expected = mixed(m.P[sameAddress], m.P[strangers], twins)
				}
			}
			p := s[k].probabilities(i, expected, pairs)
			if k == sameAddress || k == moved && c.about != aboutAddress {
				c.bound(p)
				c.hold(p, &s[k][i])
			}
			if k == household && c.about == aboutPerson && c.alone {
				p = slices.Clone(expected)
			}
			for l := range p {
				change = max(change, math.Abs(p[l]-m.P[k][l]))
			}
			m.P[k] = p
		}
	}
	return change
}

// tie adds up what classes have in common: of a person all but the address is as it is whether he has moved or not, and people of a household
// have the address in common as one person has it with himself.
func (t *training) tie(s *[classes]sums, i int, about about) {
	a, b := sameAddress, moved
	if about == aboutAddress {
		b = household
	}
	for l := range s[a][i] {
		sum := s[a][i][l] + s[b][i][l]
		s[a][i][l], s[b][i][l] = sum, sum
	}
}
