package worker

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/plan"
)

func (t task) resolve(ctx context.Context) (Outcome, error) {
	c, err := t.importing(ctx, t.plan.Resolve)
	if err != nil {
		return Outcome{}, err
	}
	rev, err := identity.Run(ctx, identity.Env{Lake: t.env.Lake, DB: t.db, Progress: t.env.Progress}, c)
	return Outcome{Revision: rev}, err
}

// canary puts a rule on trial, or ends that.
func (t task) canary(ctx context.Context) (Outcome, error) {
	env := identity.Env{Lake: t.env.Lake, DB: t.db, Progress: t.env.Progress}
	p := t.plan.Canary
	if p.Candidate == nil {
		rev, err := identity.EndCanary(ctx, env, t.lakePlan())
		return Outcome{Revision: rev}, err
	}
	people, err := t.inputOf(ctx, t.plan.Subject.Kind, t.plan.Subject.Name)
	if err != nil {
		return Outcome{}, err
	}
	c, err := t.importing(ctx, p.Candidate)
	if err != nil {
		return Outcome{}, err
	}
	rev, err := identity.RunCanary(ctx, env, c, people, int(p.Percent))
	return Outcome{Revision: rev}, err
}

// importing is the resolution of a rule with the model that it imports, if it does.
func (t task) importing(ctx context.Context, r *plan.ResolvePlan) (identity.Config, error) {
	c, err := t.resolution(ctx, r)
	if err != nil {
		return c, err
	}
	return c, t.importModel(r, c.Probabilistic)
}

// resolution is a rule as the identity package takes it, without a model that it imports.
func (t task) resolution(ctx context.Context, r *plan.ResolvePlan) (identity.Config, error) {
	c := identity.Config{
		Plan: t.lakePlan(),
		Anonymous: identity.Anonymous{
			OnIdentify: identity.OnIdentify(r.Rule.Anonymous.OnIdentify), ExpiresAfter: r.Rule.Anonymous.ExpiresAfter.Value(),
		},
		Probabilistic: matching(r.Rule.Probabilistic),
		Guards:        identity.Guards{Separate: r.Rule.Guards.Separate, MaxRecords: int(r.Rule.Guards.MaxProfileRecords)},
	}
	if b := r.Rule.Budget; b != nil && !slices.Contains(t.plan.Approved, t.plan.Subject.Name) {
		c.MaxChangePercent = int(b.MaxChangePercent)
	}
	for _, s := range r.Sources {
		source, err := t.identitySource(ctx, s)
		if err != nil {
			return c, err
		}
		c.Sources = append(c.Sources, source)
	}
	if r.Overrides != nil {
		source, err := t.identitySource(ctx, *r.Overrides)
		if err != nil {
			return c, err
		}
		c.Overrides = &source
	}
	if l := r.Labels; l != nil && t.hasInput("DataSource", l.Name) {
		labels, err := t.identitySource(ctx, *l)
		if err != nil {
			return c, err
		}
		c.Labels = &labels
	}
	for _, d := range r.Rule.Deterministic {
		c.Deterministic = append(c.Deterministic, d.Identifiers)
	}
	for _, b := range r.Rule.Guards.BlockedValues {
		c.Guards.BlockedValues = append(c.Guards.BlockedValues, identity.Blocked(b))
	}
	if r.Rule.Guards.Automatic != nil {
		c.Guards.Automatic = []identity.Automatic{} // not nil, which stands for the usual ones
	}
	for _, a := range r.Rule.Guards.Automatic {
		c.Guards.Automatic = append(c.Guards.Automatic, identity.Automatic{Per: a.Per, Distinct: a.Distinct, Above: int(a.Above)})
	}
	for _, l := range r.Rule.Guards.Limits {
		c.Guards.Limits = append(c.Guards.Limits, identity.Limit{Identifier: l.Identifier, PerProfile: int(l.PerProfile), Window: l.Window.Value()})
	}
	for _, s := range r.Rule.Survivorship {
		c.Survivorship = append(c.Survivorship, identity.Survivorship{
			Attributes: s.Attributes, Strategy: identity.Strategy(s.Strategy), VerifiedBy: s.VerifiedBy, List: int(s.List),
		})
	}
	for _, class := range r.Classes {
		c.Classes = append(c.Classes, identity.Class(class))
	}
	return c, nil
}

func (t task) identitySource(ctx context.Context, s plan.Source) (identity.Source, error) {
	out := identity.Source{Name: s.Name, RecordKind: identity.RecordKind(s.RecordKind), Priority: int(s.Priority)}
	for _, a := range s.Attributes {
		out.Fields = append(out.Fields, identity.Field(a))
	}
	var err error
	out.Revision, err = t.inputOf(ctx, "DataSource", s.Name)
	return out, err
}
