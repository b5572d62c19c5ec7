package worker

import (
	"context"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
)

// Preview counts what the plan of a Sync would do at its destination, and does nothing.
func Preview(ctx context.Context, env Env, p *plan.Plan) (out activation.Preview, err error) {
	_, err = run(ctx, env, p, func(t task) (Outcome, error) {
		c, err := t.activation(ctx)
		if err == nil {
			out, err = activation.Look(ctx, t.activationEnv(), c)
		}
		return Outcome{}, err
	})
	return out, err
}

// Difference between the people of the plan of a Resolve and those that it was made on, nil for none.
func Difference(ctx context.Context, env Env, p *plan.Plan, base, rev *lake.Revision, examples int) (out identity.Difference, err error) {
	_, err = run(ctx, env, p, func(t task) (Outcome, error) {
		var err error
		out, err = identity.Compare(ctx, identity.Env{Lake: t.env.Lake, DB: t.db}, p.Subject.Name, base, rev, examples)
		return Outcome{}, err
	})
	return out, err
}
