package linkage

import (
	"errors"
	"fmt"
	"slices"
)

// Learn a model from the records, without any labels.
func (r *Records) Learn() (*Model, error) {
	cs, err := r.comparisons()
	if err != nil {
		return nil, err
	}
	m := &Model{Format: Format, Columns: r.names(), Records: r.n, PairsPerRecord: r.scheme.pairsPerRecord()}
	for i := range cs {
		c := r.columns[cs[i].columns[0]]
		f := c.learnFrequencies()
		if cs[i].ignoresFrequency {
			f = f.alike(c)
		}
		m.Frequencies = append(m.Frequencies, f)
		cs[i].frequencies = m.Frequencies[i].of(c)
	}
	rules, largest := r.rules(), largestBlock(r.n)
	b := r.block(rules, largest, nil)
	if m.PairsPerRecord == 0 {
		if err := r.scheme.allows(b); err != nil {
			return nil, err
		}
	}
	s := r.sample(b, cs)
	m.train(cs, s.seen, r.random(cs), r.n, s.share)
	for i := range cs {
		m.Comparisons[i].IgnoresFrequency = cs[i].ignoresFrequency
	}
	kept := ^uint64(0)
	if m.PairsPerRecord > 0 {
		kept = b.worthwhile(s, m, cs, m.PairsPerRecord*r.n)
	}
	m.Largest = largest
	for i, rule := range rules {
		if kept&(1<<i) != 0 {
			m.Rules = append(m.Rules, rule.name)
			m.Divided = append(m.Divided, b.divided[i])
		}
	}
	return m, nil
}

// ErrOutdated says that a model does not fit the records any more, and another has to be learned.
var ErrOutdated = errors.New("the model is outdated")

// Candidates of one rule.
type Candidates struct {
	Rule  string
	Pairs int64 // before those that several rules find are told apart
	Left  int64 // records in blocks that are too large and can't be divided
}

// Weigh finds the candidates by a model and gives each its match weight. The order of the edges is not defined. The error is ErrOutdated where the
// model was made by another version or for other columns, comparisons or rules, or where there are blocks by now that it would have divided. It is a
// TooManyError where there are more candidates than declared.
func (r *Records) Weigh(m *Model) ([]Edge, []Candidates, error) {
	edges, found, _, err := r.weighBy(m, false)
	return edges, found, err
}

// fit gives the comparisons and rules of a model for the records.
func (r *Records) fit(m *Model) ([]comparison, []rule, error) {
	cs, err := r.comparisons()
	if err != nil {
		return nil, nil, err
	}
	if m.Format != Format || !slices.Equal(m.Columns, r.names()) || len(m.Comparisons) != len(cs) {
		return nil, nil, fmt.Errorf("%w: it was made for other attributes, or by another version of Kith", ErrOutdated)
	}
	rules, err := r.rulesOf(m, cs)
	if err != nil {
		return nil, nil, err
	}
	for i := range cs {
		cs[i].frequencies = m.Frequencies[i].of(r.columns[cs[i].columns[0]])
	}
	return cs, rules, nil
}

// names of the columns with their kinds.
func (r *Records) names() (out []string) {
	for _, c := range r.columns {
		out = append(out, string(c.kind)+" "+c.name)
	}
	return out
}
