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
	m := &Model{Format: Format, Columns: r.names(), Records: r.n}
	for i := range cs {
		c := r.columns[cs[i].columns[0]]
		m.Frequencies = append(m.Frequencies, c.learnFrequencies())
		cs[i].frequencies = m.Frequencies[i].of(c)
	}
	rules, largest := r.rules(), largestBlock(r.n)
	b := r.block(rules, largest, nil)
	s := r.sample(b, cs)
	m.train(cs, s.seen, r.random(cs), r.n, s.share)
	kept := b.worthwhile(s, m, cs, r.n)
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
// model was made by another version or for other columns, or where there are blocks by now that it would have divided.
func (r *Records) Weigh(m *Model) ([]Edge, []Candidates, error) {
	cs, rules, err := r.fit(m)
	if err != nil {
		return nil, nil, err
	}
	b := r.block(rules, m.Largest, m.Divided)
	if b.outgrown > 0 {
		return nil, nil, fmt.Errorf("%w: %d blocks have outgrown it", ErrOutdated, b.outgrown)
	}
	var found []Candidates
	for i, rule := range rules {
		found = append(found, Candidates{rule.name, b.pairs[i], b.left[i]})
	}
	return r.weigh(cs, m, b), found, nil
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
	for i := range cs {
		cs[i].frequencies = m.Frequencies[i].of(r.columns[cs[i].columns[0]])
	}
	rules := slices.DeleteFunc(r.rules(), func(x rule) bool { return !slices.Contains(m.Rules, x.name) })
	return cs, rules, nil
}

// names of the columns with their kinds.
func (r *Records) names() (out []string) {
	for _, c := range r.columns {
		out = append(out, string(c.kind)+" "+c.name)
	}
	return out
}
