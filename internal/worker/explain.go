package worker

import (
	"context"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/plan"
)

// ExplainPair says why two records are one person, or why not: by the latest people of the plan's rule, which the plan itself would make anew.
func ExplainPair(ctx context.Context, env Env, p *plan.Plan, a, b identity.Ref) (out *identity.PairExplanation, err error) {
	_, err = run(ctx, env, p, func(t task) (Outcome, error) {
		c, err := t.resolution(ctx)
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
		out, err = identity.ExplainPair(ctx, identity.Env{Lake: t.env.Lake, DB: t.db}, c, people, a, b)
		return Outcome{}, err
	})
	return out, err
}
