package worker

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
)

// ExplainPair says why two records are one person, or why not: by the latest people of the plan's rule, which the plan itself would make anew.
func ExplainPair(ctx context.Context, env Env, p *plan.Plan, a, b identity.Ref) (out *identity.PairExplanation, err error) {
	err = explain(ctx, env, p, func(_ task, env identity.Env, c identity.Config, people *lake.Revision) (err error) {
		out, err = identity.ExplainPair(ctx, env, c, people, a, b)
		return err
	})
	return out, err
}

// ExplainProfile says what one of the latest people of the plan's rule is made of, with the first limit entries of each list.
func ExplainProfile(ctx context.Context, env Env, p *plan.Plan, id string, limit int) (out *identity.ProfileExplanation, err error) {
	err = explain(ctx, env, p, func(t task, env identity.Env, c identity.Config, people *lake.Revision) (err error) {
		out, err = identity.ExplainProfile(ctx, env, c, people, id, limit)
		if fault.Is(err, fault.ReferenceNotFound) {
			return t.elsewhere(ctx, env, id, err)
		}
		return err
	})
	return out, err
}

// explain hands the plan's declarations and the latest people of its rule to do. By which model these were matched is in the lake, so a file that
// the rule imports is not needed.
func explain(ctx context.Context, env Env, p *plan.Plan, do func(task, identity.Env, identity.Config, *lake.Revision) error) error {
	_, err := run(ctx, env, p, func(t task) (Outcome, error) {
		c, err := t.resolution(ctx, t.plan.Resolve)
		if err != nil {
			return Outcome{}, err
		}
		s := p.Subject
		people, err := t.env.Lake.Latest(ctx, string(s.Task), s.Kind, s.Name)
		if err != nil {
			return Outcome{}, err
		}
		if people == nil {
			return Outcome{}, fault.New(fault.ReferenceNotFound, "IdentityRule %s has no people yet: run `kith run` first", s.Name)
		}
		return Outcome{}, do(t, identity.Env{Lake: t.env.Lake, DB: t.db}, c, people)
	})
	return err
}

// elsewhere adds to the error about a profile that is not there the rule that has it.
func (t task) elsewhere(ctx context.Context, env identity.Env, id string, missing error) error {
	revs, err := t.env.Lake.Revisions(ctx)
	if err != nil {
		return missing
	}
	asked := map[string]bool{t.plan.Subject.Name: true}
	for _, r := range slices.Backward(revs) {
		if r.Task != string(t.plan.Subject.Task) || asked[r.Subject] {
			continue
		}
		asked[r.Subject] = true
		if known, err := identity.Knows(ctx, env, &r, id); err == nil && known {
			return fault.New(fault.ReferenceNotFound, "%w; it is a profile of IdentityRule %s", missing, r.Subject)
		}
	}
	return missing
}
