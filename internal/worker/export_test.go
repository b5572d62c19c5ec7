package worker

import (
	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/plan"
)

// RateOf a plan's deliveries.
func RateOf(env Env, p *plan.Plan) activation.Rate { return task{env: env, plan: p}.rate() }
