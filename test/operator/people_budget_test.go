package operator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// keepingPeople refuses every Resolve after the first that is not approved.
func keepingPeople(p *plan.Plan) *answer {
	if p.Resolve == nil || p.Serial == 1 || slices.Contains(p.Approved, p.Subject.Name) {
		return nil
	}
	return fails(fault.BudgetExceeded, "it would change 1700 of 8000 people (900 merges, 40 splits); the budget is 5%%")
}

// People that would change too much wait until somebody approves the very run that was shown; all that is made of them stays in use.
func TestPeopleOverTheirBudget(t *testing.T) {
	w := newRetail(t)
	w.finisher.answer = keepingPeople
	edit(w, &v1alpha1.IdentityRule{}, "people", func(r *v1alpha1.IdentityRule) {
		r.Spec.Guards.MaxProfileRecords, r.Spec.Budget = 10, &v1alpha1.IdentityBudget{MaxChangePercent: 5}
	})
	refusal := and(stalled(budget), says("1700", "900 merges", "40 splits", v1alpha1.AnnotationApprove+"=people-resolve-2"), revision("people-resolve-1"))
	w.eventually("they wait for somebody", w.is("IdentityRule/people", refusal))
	w.check("nothing is made of the people that were refused", w.is("Segment/vip", revision("people-evaluate-1")))
	w.always(30*time.Minute, "they keep waiting", all(w.is("IdentityRule/people", refusal), w.worked(2, v1alpha1.TaskResolve, "people")))
	w.check("what is made of them stays", w.ready("Segment/vip", "Activation/mail"))

	for _, other := range []string{"people-resolve-1", "people-resolve-3", "people-evaluate-1", "yes"} {
		w.approve("IdentityRule/people", other)
		w.always(time.Minute, "another approval does nothing", all(w.is("IdentityRule/people", refusal), w.worked(2, v1alpha1.TaskResolve, "people")))
	}

	w.pass(time.Minute)
	w.approve("IdentityRule/people", "people-resolve-2")
	w.eventually("they are approved", w.is("IdentityRule/people", ready, revision("people-resolve-3")))
	refused, approved := w.finisher.plan("people-resolve-2"), w.finisher.plan("people-resolve-3")
	if !slices.Equal(approved.Approved, []string{"people"}) || !approved.Now.Equal(refused.Now) || approved.Hash() != refused.Hash() {
		t.Errorf("approved %v at %s, hash %s; refused at %s, hash %s", approved.Approved, approved.Now, approved.Hash(), refused.Now, refused.Hash())
	}
	w.eventually("what is made of them follows", all(w.is("Segment/vip", ready, revision("people-evaluate-2")), w.ready(everything...)))
}

// An approval is for the data that it was given for.
func TestPeopleOverTheirBudgetWhoseDataChanges(t *testing.T) {
	w := newRetail(t)
	edit(w, &v1alpha1.IdentityRule{}, "people", func(r *v1alpha1.IdentityRule) { r.Spec.Budget = &v1alpha1.IdentityBudget{MaxChangePercent: 5} })
	w.eventually("a budget is no reason to wait", w.ready("IdentityRule/people"))
	w.finisher.answer = keepingPeople
	before := len(w.finisher.ran(v1alpha1.TaskResolve, "people"))
	in := statusOf(w.object("IdentityRule/people")).Revision
	w.finisher.changeData("crm")
	w.pass(20 * time.Minute)
	w.check("the data came, and the people stay", w.is("IdentityRule/people", stalled(budget), revision(in), fresh(false)))
	runs := w.finisher.ran(v1alpha1.TaskResolve, "people")
	if len(runs) != before+1 {
		t.Fatalf("resolved %v", runs)
	}
	first := runs[before]
	w.finisher.changeData("crm")
	w.pass(20 * time.Minute)
	runs = w.finisher.ran(v1alpha1.TaskResolve, "people")
	if len(runs) != before+2 {
		t.Fatalf("resolved %v", runs)
	}
	second := runs[before+1]
	w.check("newer data has another plan", w.is("IdentityRule/people", stalled(budget), says(second)))
	w.approve("IdentityRule/people", first)
	w.always(10*time.Minute, "an outdated approval does nothing", w.worked(before+2, v1alpha1.TaskResolve, "people"))
	w.approve("IdentityRule/people", second)
	w.eventually("the newest does", w.is("IdentityRule/people", ready, fresh(true)))
	if now := statusOf(w.object("IdentityRule/people")).Revision; now == in {
		t.Errorf("the people are still those of %s", in)
	}
}
