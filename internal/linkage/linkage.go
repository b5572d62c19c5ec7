package linkage

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// Learn a model from the records, without any labels. What it has found out about them serves Weigh, which most often follows.
func (r *Records) Learn() (*Model, error) {
	cs, err := r.comparisons()
	if err != nil {
		return nil, err
	}
	m := &Model{Format: Format, Columns: r.names(), Records: r.n, PairsPerRecord: r.scheme.pairsPerRecord(), Frequencies: make([]Frequencies, len(cs))}
	parallel.Each(len(cs), func(i int) {
		c := r.columns[cs[i].columns[0]]
		m.Frequencies[i] = c.learnFrequencies()
		if cs[i].ignoresFrequency {
			m.Frequencies[i] = m.Frequencies[i].alike(c)
		}
	})
	r.count(cs, m)
	largest := largestBlock(r.n)
	b := r.block(r.rules(), largest, nil)
	if r.scheme.spelled() {
		if err := r.scheme.allows(b); err != nil {
			return nil, err
		}
	}
	s := r.sample(b, cs)
	m.train(cs, s.seen, r.random(cs), r.n, s.share)
	for i := range cs {
		m.Comparisons[i].IgnoresFrequency = cs[i].ignoresFrequency
	}
	if !r.scheme.spelled() {
		most := m.PairsPerRecord
		if most == 0 {
			most = pairsPerRecord(r.n)
		}
		b = b.only(b.worthwhile(s, m, cs, r.n, most*r.n))
	}
	m.Largest, m.Divided = largest, b.divided
	for _, rule := range b.rules {
		m.Rules = append(m.Rules, rule.name)
	}
	r.learned = &fitted{m, cs, b}
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
func (r *Records) Weigh(m *Model) ([]Edge, []Candidates, error) { return r.WeighTouching(m, nil) }

// WeighTouching is Weigh for the candidates alone that have a touched record, which touched says by record; nil stands for all records. The others are not
// compared. How many candidates each rule has is told of all all the same.
func (r *Records) WeighTouching(m *Model, touched []bool) ([]Edge, []Candidates, error) {
	edges, found, _, err := r.weighBy(m, false, touched)
	return edges, found, err
}

// fitted is how records are compared and blocked by a model.
type fitted struct {
	model       *Model
	comparisons []comparison
	blocks      *blocks
}

// fit a model to the records. That which was just learned from them fits as it is, and is not kept for another time: it is large.
func (r *Records) fit(m *Model) (*fitted, error) {
	if f := r.learned; f != nil && f.model == m {
		r.learned = nil
		return f, nil
	}
	cs, rules, err := r.matching(m)
	if err != nil {
		return nil, err
	}
	r.count(cs, m)
	return &fitted{m, cs, r.block(rules, m.Largest, m.Divided)}, nil
}

// matching gives the comparisons and rules of a model for the records, if it was made for such records.
func (r *Records) matching(m *Model) ([]comparison, []rule, error) {
	cs, err := r.comparisons()
	if err != nil {
		return nil, nil, err
	}
	if m.Format != Format || !slices.Equal(m.Columns, r.names()) || len(m.Comparisons) != len(cs) {
		return nil, nil, fmt.Errorf("%w: it was made for other attributes, or by another version of Kith", ErrOutdated)
	}
	rules, err := r.rulesOf(m, cs)
	return cs, rules, err
}

// count how frequent the values are that comparisons look at, by a model.
func (r *Records) count(cs []comparison, m *Model) {
	parallel.Each(len(cs), func(i int) { cs[i].frequencies = m.Frequencies[i].of(r.columns[cs[i].columns[0]]) })
}

// names of the columns with their kinds.
func (r *Records) names() (out []string) {
	for _, c := range r.columns {
		out = append(out, string(c.kind)+" "+c.name)
	}
	return out
}
