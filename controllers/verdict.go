package controllers

import (
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// verdict is what is known and wanted of one subject.
type verdict struct {
	subject  plan.Subject
	owner    client.Object // whose Runs these are
	history  *plan.History
	decision plan.Decision
	// block is why no run is made, whatever is due; nil for nothing.
	block *block
	// pending requests of run-now that no run that is over has answered.
	pending []v1alpha1.RunRequest
	// starting: a run is made in this pass.
	starting bool
}

// block is why nothing can run.
type block struct {
	reason, message string
	// stalled until somebody acts; else what is missing will come, or has to be created.
	stalled bool
	// missing: it is another object that does not exist. After missingGrace that is a mistake rather than a matter of order.
	missing bool
	// suspended: the result stays in use.
	suspended bool
}

// missingGrace is how long a missing object may be one that is about to be created.
const missingGrace = 5 * time.Minute

func waiting(format string, args ...any) *block {
	return &block{reason: v1alpha1.ReasonWaiting, message: fmt.Sprintf(format, args...)}
}

func suspended(by string) *block {
	return &block{reason: v1alpha1.ReasonSuspended, message: "suspended by " + by, suspended: true}
}

// live is the run under way for the subject, nil for none.
func (v *verdict) live() *v1alpha1.Run {
	if v == nil {
		return nil
	}
	return v.history.Live
}

// wanted says whether a run is due and nothing blocks it.
func (v *verdict) wanted() bool {
	return v != nil && v.block == nil && v.decision.Cause != plan.CauseNone
}

// settled says whether nothing is under way or about to happen because of an input that changed. What only its age makes due does not count.
func (v *verdict) settled() bool {
	if v == nil {
		return true
	}
	if v.live() != nil || v.starting {
		return false
	}
	if v.block != nil {
		return true // nothing will happen until something else does
	}
	switch v.decision.Cause {
	case plan.CauseNone, plan.CauseInterval, plan.CausePoll, plan.CauseRetry:
		return true
	}
	return false
}
