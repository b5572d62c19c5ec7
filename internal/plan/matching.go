package plan

import (
	"errors"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/linkage"
)

// Matching is what a rule spells out of probabilistic matching, as package linkage takes it.
func Matching(p *v1alpha1.Probabilistic) linkage.Declaration {
	d := linkage.Declaration{Exclude: p.Exclude}
	for _, c := range p.Comparisons {
		out := linkage.Declared{Attribute: c.Attribute, Compare: c.Compare, IgnoreFrequency: c.TermFrequency != nil && !*c.TermFrequency}
		for _, l := range c.Levels {
			out.Levels = append(out.Levels, linkage.Level{
				JaroWinkler: float64(l.JaroWinkler), EditDistance: int(l.EditDistance), AbsoluteDifference: float64(l.AbsoluteDifference),
				PercentageDifference: float64(l.PercentageDifference), DaysApart: int(l.DaysApart), Part: l.Part,
			})
		}
		d.Comparisons = append(d.Comparisons, out)
	}
	for _, rule := range p.Blocking {
		d.Blocking = append(d.Blocking, rule)
	}
	if c := p.Candidates; c != nil {
		d.PairsPerRecord, d.MaxPairs = int(c.PerRecord), c.MaxPairs
	}
	return d
}

// probabilistic matching looks at Profile records only.
func (c *checker) probabilistic(r *v1alpha1.IdentityRule) {
	if r.Spec.Probabilistic == nil {
		return
	}
	var fields []linkage.Field
	for _, s := range c.o.sources(r) {
		if s.RecordKind != v1alpha1.RecordProfile {
			continue
		}
		for _, a := range s.Attributes {
			fields = append(fields, linkage.Field{Name: a.Name, Semantic: a.Semantic, Identifier: a.Identifier, Type: string(a.Type), Compare: a.Compare})
		}
	}
	_, err := linkage.NewScheme(Matching(r.Spec.Probabilistic), fields)
	var problems linkage.FieldErrors
	_ = errors.As(err, &problems)
	for _, p := range problems {
		class := fault.InvalidManifest
		if absent := (*linkage.NotFoundError)(nil); errors.As(p, &absent) {
			class = fault.ReferenceNotFound
		}
		c.add("IdentityRule", r.Name, "spec.probabilistic."+p.Field, class, "%w", p.Err)
	}
}

// modelFile that a rule matches by, if it is one.
func modelFile(p *v1alpha1.Probabilistic) *v1alpha1.ModelFile {
	if p == nil || p.Model == nil {
		return nil
	}
	return p.Model.File
}
