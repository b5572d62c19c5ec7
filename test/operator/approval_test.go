package operator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

const budget = string(fault.BudgetExceeded)

// refusing refuses every Sync that is not approved.
func refusing(p *plan.Plan) *answer {
	if p.Sync == nil || slices.Contains(p.Approved, p.Subject.Name) {
		return nil
	}
	return fails(fault.BudgetExceeded, "it would add 4000 people and remove 12 of 5000; the budget is 20%%")
}

// A Sync that would do too much waits until somebody approves it.
func TestAnActivationOverItsBudget(t *testing.T) {
	w := newRetail(t)
	w.finisher.answer = refusing
	edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.Fields[0].As = "mail" })
	refusal := and(stalled(budget), says("4000", "20%", "mail-sync-2", v1alpha1.AnnotationApprove), revision("mail-sync-1"))
	w.eventually("it waits for somebody", w.is("Activation/mail", refusal))
	w.always(30*time.Minute, "it keeps waiting", all(w.is("Activation/mail", refusal), w.worked(2, v1alpha1.TaskSync, "mail")))

	for _, other := range []string{"mail-sync-1", "mail-sync-3", "people-evaluate-1", "yes"} {
		w.approve("Activation/mail", other)
		w.always(time.Minute, "another approval does nothing", all(w.is("Activation/mail", refusal), w.worked(2, v1alpha1.TaskSync, "mail")))
	}

	w.pass(time.Minute)
	w.approve("Activation/mail", "mail-sync-2")
	w.eventually("it is approved", w.is("Activation/mail", ready, revision("mail-sync-3")))
	refused, approved := w.finisher.plan("mail-sync-2"), w.finisher.plan("mail-sync-3")
	if !slices.Equal(approved.Approved, []string{"mail"}) || !approved.Now.Equal(refused.Now) || approved.Hash() != refused.Hash() {
		t.Errorf("approved %v at %s, hash %s; refused at %s, hash %s", approved.Approved, approved.Now, approved.Hash(), refused.Now, refused.Hash())
	}
	run := get(w, &v1alpha1.Run{}, "mail-sync-3")
	if run.Spec.Cause != "approved" || !run.Spec.Now.Time.Equal(refused.Now) || run.Spec.PlanHash != refused.Hash() {
		t.Errorf("the approved run is %+v", run.Spec)
	}

	edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.Fields[0].As = "e_mail" })
	w.eventually("a later plan is not approved", w.is("Activation/mail", stalled(budget), says("mail-sync-4")))
	w.always(10*time.Minute, "a later plan is not approved", w.worked(4, v1alpha1.TaskSync, "mail"))
	w.finisher.mended()
	edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.Budget.MaxChangePercent = new(int32(1000)) })
	w.eventually("a larger budget does, too", w.ready("Activation/mail"))
}

// plan of a run.
func (f *finisher) plan(run string) *plan.Plan {
	for _, p := range f.worked {
		if p.Run == run {
			return p
		}
	}
	f.w.t.Fatalf("no worker had %s: %v", run, f.names())
	return nil
}

// The approval of one Activation's run is none of another's that bears the same name by chance, and none of a new plan on new data.
func TestAnApprovalIsForOnePlan(t *testing.T) {
	w := newRetail(t)
	w.finisher.answer = refusing
	w.finisher.changeData("crm")
	w.pass(20 * time.Minute)
	w.check("the data came, and nobody is sent", w.is("Activation/mail", stalled(budget), says("mail-sync-2"), fresh(false)))
	w.finisher.changeData("crm")
	w.pass(20 * time.Minute)
	w.check("newer data has another plan", w.is("Activation/mail", stalled(budget), says("mail-sync-3")))
	w.approve("Activation/mail", "mail-sync-2")
	w.always(10*time.Minute, "an outdated approval does nothing", w.worked(3, v1alpha1.TaskSync, "mail"))
	w.approve("Activation/mail", "mail-sync-3")
	w.eventually("the newest does", w.is("Activation/mail", ready, fresh(true), revision("mail-sync-4")))
}

// An approved run that the machine breaks is still approved.
func TestAnApprovedRunBreaks(t *testing.T) {
	w := newRetail(t)
	w.finisher.answer = refusing
	edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.Fields[0].As = "mail" })
	w.eventually("it waits for somebody", w.is("Activation/mail", stalled(budget)))
	broken := 2
	w.finisher.answer = func(p *plan.Plan) *answer {
		if a := refusing(p); a != nil || p.Sync == nil || broken == 0 {
			return a
		}
		broken--
		return &answer{reason: "BackoffLimitExceeded"}
	}
	w.approve("Activation/mail", "mail-sync-2")
	w.within(2*time.Minute, "it is tried again until it is done", w.is("Activation/mail", ready, revision("mail-sync-5")))
}

// A Segment over its budget keeps its members until its evaluation is approved; the others go on.
func TestASegmentOverItsBudget(t *testing.T) {
	w := newRetail(t, segment("calm", "people", "profile.known"))
	w.finisher.answer = func(p *plan.Plan) *answer {
		if p.Evaluate == nil || slices.Contains(p.Approved, "vip") {
			return nil
		}
		return commits(v1alpha1.RunFailure{Kind: "Segment", Name: "vip", Class: budget, Message: "900 of 1000 members would change; the budget is 20%"})
	}
	done := len(w.made(v1alpha1.TaskEvaluate))
	where(w, silver)
	w.eventually("it waits for somebody", w.is("Segment/vip", stalled(budget), says("900", v1alpha1.AnnotationApprove, "people-evaluate-")))
	refused := statusOf(w.object("Segment/vip")).Revision
	w.check("the message names the run", w.is("Segment/vip", says(v1alpha1.AnnotationApprove+"="+refused)))
	w.check("the other one goes on", w.is("Segment/calm", ready, revision(refused)))
	w.approve("Segment/calm", refused)
	w.approve("Segment/vip", "people-evaluate-1")
	w.always(10*time.Minute, "other approvals do nothing", func() error {
		return count("evaluations", done+1, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskEvaluate) })()
	})
	w.approve("Segment/vip", refused)
	w.eventually("it is approved", w.ready("Segment/vip", "Segment/calm"))
	approved := w.finisher.worked[len(w.finisher.worked)-1]
	for _, p := range w.finisher.worked {
		if p.Evaluate != nil {
			approved = p
		}
	}
	before := w.finisher.plan(refused)
	if !slices.Equal(approved.Approved, []string{"vip"}) || !approved.Now.Equal(before.Now) || approved.Hash() != before.Hash() {
		t.Errorf("approved %v at %s; refused at %s", approved.Approved, approved.Now, before.Now)
	}
	w.within(2*time.Hour, "the next evaluation is not approved", w.is("Segment/vip", stalled(budget)))
}
