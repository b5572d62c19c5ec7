package controllers

import (
	"fmt"
	"maps"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// identityRule decides about a space: its people, then its Traits and Segments, and last its rule on trial. All have one lock.
func (t *tenant) identityRule(r *v1alpha1.IdentityRule) {
	b := t.blockOf("IdentityRule", r.Name, r.Spec.Suspend)
	people, evaluation, canary := t.resolve(r, b), t.evaluate(r, b), t.canary(r, b)
	for _, v := range []*verdict{people, evaluation, canary} {
		if v != nil && !v.wanted() {
			t.holds.forget(v.subject)
		}
	}
	switch {
	case people.live() != nil, t.history(plan.EvaluateSubject(r.Name)).Live != nil, t.history(plan.CanarySubject(r.Name)).Live != nil:
	case people.wanted():
		t.startHeld(people, t.reading(r))
	case evaluation.wanted():
		t.startHeld(evaluation, false)
	case canary.wanted():
		t.startHeld(canary, false)
	}
}

func (t *tenant) resolve(r *v1alpha1.IdentityRule, b *block) *verdict {
	var p *plan.Plan
	var wait *plan.Waiting
	if runnable(b) {
		p, wait = plan.Resolve(&t.objects, r, t.revisions, t.now)
	}
	s := plan.ResolveSubject(r.Name)
	return t.judge(s, r, b, p, wait, plan.Situation{
		Interval: r.Spec.Interval.Value(), Requests: t.open(s, request("IdentityRule", r)), Approve: approval(r),
	})
}

// evaluate decides about the Traits and Segments of a space; nil when it has none.
func (t *tenant) evaluate(r *v1alpha1.IdentityRule, b *block) *verdict {
	s := plan.EvaluateSubject(r.Name)
	var requests []*v1alpha1.RunRequest
	approve, items := map[string]string{}, 0
	for i := range t.objects.Traits {
		if o := &t.objects.Traits[i]; o.Spec.IdentityRef.Name == r.Name {
			items++
			requests = append(requests, request("Trait", o))
		}
	}
	for i := range t.objects.Segments {
		if o := &t.objects.Segments[i]; o.Spec.IdentityRef.Name == r.Name {
			items++
			requests = append(requests, request("Segment", o))
			maps.Copy(approve, approval(o))
		}
	}
	if items == 0 {
		return nil
	}
	var p *plan.Plan
	var wait *plan.Waiting
	if runnable(b) {
		p, wait = plan.Evaluate(&t.objects, r, t.revisions, t.now)
	}
	return t.judge(s, r, b, p, wait, plan.Situation{
		Interval: t.objects.EvaluateInterval(r.Name), Requests: t.open(s, requests...), Approve: approve,
	})
}

// approval is the run that an object's annotation lets go over its budget, by the object's name.
func approval(o client.Object) map[string]string {
	run := o.GetAnnotations()[v1alpha1.AnnotationApprove]
	if run == "" {
		return nil
	}
	return map[string]string{o.GetName(): run}
}

// runnable says whether a plan can be made of objects under a block: what is wrong with them may be that something is missing.
func runnable(b *block) bool { return b == nil || b.suspended }

// reading says whether something that the rule reads is being read, or about to be.
func (t *tenant) reading(r *v1alpha1.IdentityRule) bool {
	for _, name := range plan.InputsOf(r) {
		if v := t.verdicts[plan.IngestSubject(name)]; v != nil && (v.live() != nil || v.starting) {
			return true
		}
	}
	return false
}

// startHeld makes a run that is due, once the changes that make it due have come to rest.
func (t *tenant) startHeld(v *verdict, busy bool) {
	switch v.decision.Cause {
	case plan.CauseFirst, plan.CauseChanged:
		if at := t.holds.until(v.subject, v.decision.Plan.Hash(), busy, t.now); !at.IsZero() {
			t.look(at)
			return
		}
	}
	t.holds.forget(v.subject)
	t.start(v)
}

func (t *tenant) identityRuleStatus(r *v1alpha1.IdentityRule) v1alpha1.IdentityRuleStatus {
	out := *r.Status.DeepCopy()
	v := t.verdicts[plan.ResolveSubject(r.Name)]
	out.Records, out.Profiles, out.Quality = output(v.history, "records"), output(v.history, "known"), qualityOf(v.history)
	what := fmt.Sprintf("%d records are %d known people", number(out.Records), number(out.Profiles))
	t.finish(&out.Status, r.Generation, subjectSummary(v, r.Generation, r.Status.Conditions, what, t.now), v)
	t.canaryStatus(r, &out)
	request := request("IdentityRule", r)
	out.LastHandledRunNow = handled(out.LastHandledRunNow, request, len(v.pending) > 0, t.downstream(r.Name))
	return out
}
