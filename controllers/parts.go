package controllers

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
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
	// left: evaluations leave the part as it is, and do not put its declaration into effect. evaluated: its result is of that all the same.
	left, evaluated bool
}

// partSummary is what the conditions of a part say, and the verdict about its space; nil where that has none.
func (t *tenant) partSummary(p part, what string, has bool) (conditions.Summary, *verdict) {
	v := t.verdicts[plan.EvaluateSubject(p.rule)]
	b := t.partBlock(p, v)
	s := conditions.Summary{}
	if v != nil {
		s.Fresh = freshness(v)
	}
	inEffect := earned(p.before, p.generation) || p.evaluated || v != nil && v.decision.InEffect && !p.left
	if b != nil {
		blocked(&s, b, has && inEffect, p.before, p.generation, t.now)
		return s, v
	}
	failure := failureOf(v.history, p.kind, p.name)
	switch {
	case v.decision.Failure != nil && v.decision.Failure.Of(v.decision.Plan):
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

// partBlock is what stands in the way of a part: something of its own, or what stands in the way of its space.
func (t *tenant) partBlock(p part, v *verdict) *block {
	b := t.blockOf(p.kind, p.name, p.suspend)
	switch {
	case b != nil:
		return b
	case v == nil:
		return waiting("waits for IdentityRule %s", p.rule)
	case v.block == nil || v.block.suspended || v.block.reason == v1alpha1.ReasonWaiting:
		return v.block
	default:
		return waiting("waits for IdentityRule %s: %s", p.rule, v.block.message)
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
	// One that was declared suspended is evaluated once.
	left, evaluated := o.Spec.Suspend && o.Generation > 1, o.Spec.Suspend && t.evaluatedAs(o)
	s, v := t.partSummary(part{"Segment", o.Name, o.Spec.IdentityRef.Name, o.Generation, o.Spec.Suspend, o.Status.Conditions, left, evaluated},
		fmt.Sprintf("%d members", number(out.Members)), out.Members != nil)
	r := request("Segment", o)
	out.LastHandledRunNow = t.partHandled(&out.Status, o.Spec.IdentityRef.Name, r)
	asked(&s, v, r, out.LastHandledRunNow)
	t.finish(&out.Status, o.Generation, s, v)
	return out
}

// evaluatedAs says whether the latest evaluation made a Segment's members, of what it declares.
func (t *tenant) evaluatedAs(o *v1alpha1.Segment) bool {
	p := t.lastPlans[plan.EvaluateSubject(o.Spec.IdentityRef.Name)]
	return p != nil && p.Evaluate != nil && slices.ContainsFunc(p.Evaluate.Segments, func(s plan.Segment) bool {
		return s.Name == o.Name && !s.Suspended && s.Where == o.Spec.Where && equality.Semantic.DeepEqual(s.Rank, o.Spec.Rank)
	})
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
	s, v := t.partSummary(part{"Trait", o.Name, o.Spec.IdentityRef.Name, o.Generation, o.Spec.Suspend, o.Status.Conditions, false, false},
		"profile."+o.Spec.Attribute+" is computed", t.hasTrait(o))
	r := request("Trait", o)
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
