package controllers

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/conditions"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// subjectSummary is what the conditions of an object say that a verdict is about. what tells of the result in use, for people.
func subjectSummary(v *verdict, generation int64, before []metav1.Condition, what string, now time.Time) conditions.Summary {
	s := conditions.Summary{Fresh: freshness(v)}
	inEffect := v.decision.InEffect || earned(before, generation)
	switch {
	case v.block != nil:
		blocked(&s, v.block, inEffect, before, generation, now)
	case v.decision.Failure != nil && v.decision.Failure.Of(v.decision.Plan):
		failedSummary(&s, v, inEffect)
	case !inEffect:
		s.Reason, s.Reconciling = v1alpha1.ReasonProgressing, v1alpha1.ReasonProgressing
		s.Message = progress(v)
	default:
		s.Ready, s.Reason, s.Message = true, v1alpha1.ReasonSucceeded, what
		if e := v.history.Ended; e.Failed() && e.Class == fault.RecordsRejected {
			s.Reason, s.Message = string(e.Class), e.Message
		}
	}
	if len(v.pending) > 0 && s.Stalled == "" && s.Reconciling == "" && v.block == nil {
		s.Reconciling = v1alpha1.ReasonProgressing
	}
	return s
}

// earned says whether the object has been Ready for this generation. It stays so while other objects change what its plan is made
// of: that makes its result outdated, not its spec.
func earned(before []metav1.Condition, generation int64) bool {
	c := meta.FindStatusCondition(before, v1alpha1.ConditionReady)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == generation
}

// blocked tells why nothing can run. Has is whether there is a result, of this very spec.
func blocked(s *conditions.Summary, b *block, has bool, before []metav1.Condition, generation int64, now time.Time) {
	s.Reason, s.Message = b.reason, b.message
	switch {
	case b.suspended && has:
		s.Ready = true
	case b.suspended, b.stalled:
		s.Stalled = b.reason
	case b.missing && overdue(before, generation, now):
		s.Stalled = b.reason
	case b.reason == v1alpha1.ReasonWaiting && has:
		s.Ready = true // its result is in use; what it waits for is newer data
	default:
		s.Reconciling = b.reason
	}
}

// missingReason is the reason of conditions that wait for an object that does not exist.
const missingReason = string(fault.ReferenceNotFound)

// overdue says whether a missing object has been missing for so long that nobody is about to create it.
func overdue(before []metav1.Condition, generation int64, now time.Time) bool {
	if c := meta.FindStatusCondition(before, v1alpha1.ConditionStalled); c != nil && c.Status == metav1.ConditionTrue && c.Reason == missingReason {
		return c.ObservedGeneration == generation
	}
	c := meta.FindStatusCondition(before, v1alpha1.ConditionReconciling)
	return c != nil && c.Status == metav1.ConditionTrue && c.Reason == missingReason && now.Sub(c.LastTransitionTime.Time) >= missingGrace
}

func failedSummary(s *conditions.Summary, v *verdict, inEffect bool) {
	e := v.decision.Failure
	class := e.Class
	if class == "" {
		class = fault.Superseded
	}
	s.Reason, s.Message = string(class), e.Message
	same := e.PlanHash == v.decision.Plan.Hash() // else there is newer data, and the next run will tell
	switch {
	case same && class == fault.BudgetExceeded:
		s.Stalled = string(class)
		s.Message += fmt.Sprintf(" (to let it proceed: annotation %s=%s)", v1alpha1.AnnotationApprove, e.Run)
	case same && class.Owner() == fault.User:
		s.Stalled = string(class)
	case !inEffect:
		s.Reconciling = v1alpha1.ReasonRetrying
	}
	if v.live() != nil {
		s.Message += "; run " + v.live().Name + " tries again"
	}
}

func progress(v *verdict) string {
	switch r := v.live(); {
	case r == nil && v.starting:
		return fmt.Sprintf("run %s is under way", v.decision.Plan.Run)
	case r == nil:
		return "a run is about to start: " + string(v.decision.Cause)
	case meta.IsStatusConditionTrue(r.Status.Conditions, v1alpha1.ConditionWaiting):
		c := meta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionWaiting)
		return fmt.Sprintf("run %s can't start its worker: %s: %s", r.Name, c.Reason, c.Message)
	case r.Spec.PlanHash != v.decision.Plan.Hash():
		return fmt.Sprintf("run %s, of an earlier declaration or of earlier data, has to end first", r.Name)
	default:
		return fmt.Sprintf("run %s is under way", r.Name)
	}
}

func freshness(v *verdict) *conditions.Fresh {
	switch {
	case v.decision.Plan == nil || v.history.Latest == nil && v.history.Succeeded == nil:
		return nil
	case v.decision.Fresh:
		return &conditions.Fresh{True: true, Reason: v1alpha1.ReasonUpToDate}
	default:
		return &conditions.Fresh{Reason: v1alpha1.ReasonOutdated, Message: "an input or a declaration has changed, or the result is older than the interval"}
	}
}

// commonStatus fills what every kind with results has in its status.
func commonStatus(s *v1alpha1.Status, v *verdict) {
	s.NextRunTime = nil
	if v == nil {
		return
	}
	if h := v.history; h.Latest != nil {
		s.Revision = h.Latest.Run
		at := metav1.NewTime(h.CommittedAt.UTC().Truncate(time.Second))
		s.LastRunTime = &at
	}
	if n := v.decision.Next; !n.IsZero() && v.block == nil && v.live() == nil {
		at := metav1.NewTime(n.UTC().Truncate(time.Second))
		s.NextRunTime = &at
	}
}

// output finds a count of the revision in use, nil when there is none.
func output(h *plan.History, name string) *int64 {
	for _, o := range h.Outputs {
		if o.Name == name {
			n := o.Rows
			return &n
		}
	}
	return nil
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
