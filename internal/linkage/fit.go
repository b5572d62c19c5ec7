package linkage

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// WeighPinned is as Weigh, but that a model stays as it is though blocks have outgrown it: those are divided as for a model that is
// learned, but only where they are larger than outgrown times what a block may have. It gives how many they are.
func (r *Records) WeighPinned(m *Model) (edges []Edge, found []Candidates, outgrown int, err error) {
	return r.weighBy(m, true, nil)
}

func (r *Records) weighBy(m *Model, pinned bool, touched []bool) (edges []Edge, found []Candidates, outgrown int, err error) {
	f, err := r.fit(m)
	if err != nil {
		return nil, nil, 0, err
	}
	b := f.blocks
	if b.outgrown > 0 && !pinned {
		return nil, nil, 0, fmt.Errorf("%w: %d blocks have outgrown it", ErrOutdated, b.outgrown)
	}
	if err := r.scheme.allows(b); err != nil {
		return nil, nil, 0, err
	}
	return r.weigh(f, touched), b.candidates(), b.outgrown, nil
}

// rulesOf a model, if its comparisons and rules are those of the records.
func (r *Records) rulesOf(m *Model, cs []comparison) ([]rule, error) {
	for i := range cs {
		if c := m.Comparisons[i]; c.Name != cs[i].name || !slices.Equal(c.Levels, cs[i].levels) || c.IgnoresFrequency != cs[i].ignoresFrequency {
			return nil, fmt.Errorf("%w: it compares %s in another way", ErrOutdated, cs[i].name)
		}
	}
	if m.PairsPerRecord != r.scheme.pairsPerRecord() {
		return nil, fmt.Errorf("%w: it was made for other blocking rules, or for another number of candidates", ErrOutdated)
	}
	rules := r.rules()
	if !r.scheme.spelled() {
		rules = slices.DeleteFunc(rules, func(x rule) bool { return !slices.Contains(m.Rules, x.name) })
	}
	if !slices.Equal(ruleNames(rules), m.Rules) {
		return nil, fmt.Errorf("%w: it was made for other blocking rules", ErrOutdated)
	}
	return rules, nil
}

// spelled says whether the rules are.
func (s *Scheme) spelled() bool { return s != nil && s.rules != nil }

// DecodeModel reads a model as JSON and checks that it is whole: one that anybody may have written must not bring a run down. One of another Format is left
// as it is; it fits no records.
func DecodeModel(text []byte) (*Model, error) {
	m := &Model{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	if m.Format != Format {
		return m, nil
	}
	return m, m.check()
}

func (m *Model) check() error {
	if len(m.Comparisons) == 0 || len(m.Comparisons) > maxComparisons || len(m.Frequencies) != len(m.Comparisons) {
		return fmt.Errorf("it has %d comparisons and the frequencies of %d", len(m.Comparisons), len(m.Frequencies))
	}
	if len(m.Rules) > maxRules || len(m.Divided) != len(m.Rules) || m.Largest < 2 || m.Records < 0 {
		return fmt.Errorf("it has %d rules and the blocks of %d, of %d records at most", len(m.Rules), len(m.Divided), m.Largest)
	}
	for k := range classes {
		for _, c := range m.Comparisons {
			if n := len(c.Levels); n < 3 || n > maxLevels || len(c.P[k]) != n || slices.ContainsFunc(c.P[k][1:], func(p float64) bool { return !probable(p) }) {
				return fmt.Errorf("comparison %s has levels without a probability", c.Name)
			}
		}
	}
	for i, f := range m.Frequencies {
		if f.Filled < 0 || f.Others < 0 || f.Others > 1 || !probable(f.Rest) {
			return fmt.Errorf("the frequencies of %s are none", m.Comparisons[i].Name)
		}
		for _, n := range f.Counts {
			if n < 1 || int(n) > f.Filled {
				return fmt.Errorf("the frequencies of %s are none", m.Comparisons[i].Name)
			}
		}
	}
	for _, d := range m.Divided {
		for _, keys := range d {
			if !slices.IsSorted(keys) {
				return fmt.Errorf("its divided blocks are in no order")
			}
		}
	}
	return nil
}

// probable says whether a number is a probability whose logarithm there is.
func probable(p float64) bool { return p > 0 && p <= 1+1e-9 && !math.IsNaN(p) }
