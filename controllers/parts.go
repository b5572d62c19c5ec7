package controllers

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/conditions"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// part is a Trait or Segment: it has no runs of its own, but a part in the evaluations of its space.
type part struct {
	kind, name, rule string
	generation       int64
	suspend          bool
	before           []metav1.Condition
}

// partSummary is what the conditions of a part say, and the verdict about its space; nil where that has none.
func (t *tenant) partSummary(p part, what string, has bool) (conditions.Summary, *verdict) {
	v := t.verdicts[plan.EvaluateSubject(p.rule)]
	b := t.blockOf(p.kind, p.name, p.suspend)
	if v == nil || b == nil && v.block != nil && !v.block.suspended {
		if b == nil {
			b = waiting("waits for IdentityRule %s", p.rule)
		}
		if b.reason == v1alpha1.ReasonWaiting && v != nil && v.block != nil {
			b.message += ": " + v.block.message
		}
	}
	if b == nil && v != nil && v.block != nil {
		b = v.block
	}
	s := conditions.Summary{}
	if v != nil {
		s.Fresh = freshness(v)
	}
	inEffect := v != nil && v.decision.InEffect || earned(p.before, p.generation)
	if b != nil {
		blocked(&s, b, has && inEffect, p.before, p.generation, t.now)
		return s, v
	}
	failure := failureOf(v.history, p.kind, p.name)
	switch {
	case v.decision.Failure != nil && v.decision.Failure.PlanHash == v.decision.Plan.Hash():
		failedSummary(&s, v, inEffect)
	case !inEffect:
		s.Reason, s.Reconciling, s.Message = v1alpha1.ReasonProgressing, v1alpha1.ReasonProgressing, progress(v)
	case failure != nil:
		s.Reason, s.Message = failure.Class, failure.Message
		if fault.Class(failure.Class).Owner() == fault.User {
			s.Stalled = failure.Class
		}
		if failure.Class == string(fault.BudgetExceeded) {
			s.Message += fmt.Sprintf(" (to let it proceed: annotation %s=%s)", v1alpha1.AnnotationApprove, v.history.Latest.Run)
		}
	default:
		s.Ready, s.Reason, s.Message = true, v1alpha1.ReasonSucceeded, what
	}
	return s, v
}

// asked adds to a summary that a request is being answered.
func asked(s *conditions.Summary, v *verdict, r *v1alpha1.RunRequest, handled string) {
	if r != nil && r.Value != handled && s.Ready && v != nil && v.block == nil {
		s.Reconciling = v1alpha1.ReasonProgressing
	}
}

func failureOf(h *plan.History, kind, name string) *v1alpha1.RunFailure {
	for i := range h.Failures {
		if f := &h.Failures[i]; f.Kind == kind && f.Name == name {
			return f
		}
	}
	return nil
}

func (t *tenant) segmentStatus(o *v1alpha1.Segment) v1alpha1.SegmentStatus {
	out := *o.Status.DeepCopy()
	out.Members = t.members(o)
	s, v := t.partSummary(part{"Segment", o.Name, o.Spec.IdentityRef.Name, o.Generation, o.Spec.Suspend, o.Status.Conditions},
		fmt.Sprintf("%d members", number(out.Members)), out.Members != nil)
	r := request("Segment", o, &o.Status.Status)
	out.LastHandledRunNow = t.partHandled(&out.Status, o.Spec.IdentityRef.Name, r)
	asked(&s, v, r, out.LastHandledRunNow)
	t.finish(&out.Status, o.Generation, s, v)
	return out
}

// members of a segment for the default purpose; nil while it has never been evaluated.
func (t *tenant) members(o *v1alpha1.Segment) *int64 {
	if t.objects.Workspace == nil {
		return o.Status.Members
	}
	h := t.history(plan.EvaluateSubject(o.Spec.IdentityRef.Name))
	return output(h, "segment/"+o.Name+"/"+t.objects.Workspace.Spec.DefaultPurpose)
}

func (t *tenant) traitStatus(o *v1alpha1.Trait) v1alpha1.Status {
	out := *o.Status.DeepCopy()
	s, v := t.partSummary(part{"Trait", o.Name, o.Spec.IdentityRef.Name, o.Generation, o.Spec.Suspend, o.Status.Conditions},
		"profile."+o.Spec.Attribute+" is computed", t.hasTrait(o))
	r := request("Trait", o, &o.Status)
	out.LastHandledRunNow = t.partHandled(&out, o.Spec.IdentityRef.Name, r)
	asked(&s, v, r, out.LastHandledRunNow)
	t.finish(&out, o.Generation, s, v)
	return out
}

func (t *tenant) hasTrait(o *v1alpha1.Trait) bool {
	for _, out := range t.history(plan.EvaluateSubject(o.Spec.IdentityRef.Name)).Outputs {
		if strings.HasPrefix(out.Name, "trait/"+o.Name+"/") {
			return true
		}
	}
	return false
}

// partHandled is what lastHandledRunNow of a part is to say.
func (t *tenant) partHandled(s *v1alpha1.Status, rule string, r *v1alpha1.RunRequest) string {
	if r == nil {
		return s.LastHandledRunNow
	}
	open := t.open(plan.EvaluateSubject(rule), r)
	return handled(s.LastHandledRunNow, r, len(open) > 0, t.downstream(rule))
}
