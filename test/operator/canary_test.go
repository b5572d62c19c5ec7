package operator_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

func canary(percent int32) *v1alpha1.Canary {
	every := v1alpha1.Duration("2h")
	return &v1alpha1.Canary{Percent: percent, Interval: &every, Guards: &v1alpha1.Guards{MaxProfileRecords: 3}}
}

func (w *world) onTrial(c *v1alpha1.Canary) {
	w.t.Helper()
	edit(w, &v1alpha1.IdentityRule{}, "people", func(r *v1alpha1.IdentityRule) { r.Spec.Canary = c })
}

// trial that the status tells of: its run and what it was compared with; empty for none.
func trial(run, with string) want {
	return func(o client.Object, _ *v1alpha1.Status) error {
		c := o.(*v1alpha1.IdentityRule).Status.Canary
		switch {
		case c == nil && run == "":
			return nil
		case c == nil || c.Revision != run || c.ComparedWith != with || c.Share != "0.0500" || c.Everyone.Changed != 30 || c.Current.LargestProfile != 2 || c.Canary.LargestProfile != 3:
			return fmt.Errorf("want the trial %q of %q, got %+v", run, with, c)
		}
		return nil
	}
}

// noCondition of a kind.
func noCondition(kind string) want {
	return func(_ client.Object, s *v1alpha1.Status) error {
		if c := condition(s.Conditions, kind); c.Type != "" {
			return fmt.Errorf("%+v", c)
		}
		return nil
	}
}

// A rule on trial runs beside the one in use, from its declaration until it is promoted, and nobody is served by it.
func TestCanary(t *testing.T) {
	w := newRetail(t)
	in := revision("people-resolve-1")
	w.throughout(func() {
		w.onTrial(canary(5))
		running := and(ready, in, has(v1alpha1.ConditionCanary, metav1.ConditionTrue, v1alpha1.ReasonCanaryRunning), trial("people-canary-1", "people-resolve-1"))
		w.eventually("it runs", w.is("IdentityRule/people", running))
		w.always(30*time.Minute, "and is left alone", all(w.is("IdentityRule/people", running), w.worked(1, v1alpha1.TaskCanary, "people"), w.worked(1, v1alpha1.TaskResolve, "people")))
	}, in, "IdentityRule/people")
	w.check("what is made of the people is the same", all(w.is("Segment/vip", revision("people-evaluate-1")), w.is("Activation/mail", revision("mail-sync-1"))))

	w.finisher.changeData("crm")
	w.runNow("DataSource/crm", "new rows")
	w.eventually("new rows are in the people at once, and delivered", all(w.is("IdentityRule/people", ready, revision("people-resolve-2")), w.is("DataSource/crm", echo("new rows"))))
	w.check("the trial is still of the people before", all(w.is("IdentityRule/people", trial("people-canary-1", "people-resolve-1")), w.worked(1, v1alpha1.TaskCanary, "people")))
	w.pass(2 * time.Hour)
	w.eventually("until its interval is over", w.is("IdentityRule/people", trial("people-canary-2", "people-resolve-2")))

	edit(w, &v1alpha1.IdentityRule{}, "people", func(r *v1alpha1.IdentityRule) { r.Spec.Guards, r.Spec.Canary = *r.Spec.Canary.Guards, nil })
	w.eventually("it is promoted", w.is("IdentityRule/people", ready, revision("people-resolve-3"), noCondition(v1alpha1.ConditionCanary), trial("", "")))
	w.eventually("and what was kept of the trial goes", func() error {
		runs := w.finisher.ran(v1alpha1.TaskCanary, "people")
		if len(runs) != 3 || w.finisher.plan(runs[2]).Canary.Candidate != nil {
			return fmt.Errorf("the trial's runs are %v", runs)
		}
		return nil
	})
	w.always(5*time.Hour, "once", w.worked(3, v1alpha1.TaskCanary, "people"))
}

// A trial that fails, or that can't be made, holds nobody up.
func TestCanaryThatFails(t *testing.T) {
	w := newRetail(t)
	w.finisher.failing(v1alpha1.TaskCanary, fault.TooManyCandidates, "the blocking rules find 9000 pairs")
	w.onTrial(canary(5))
	failed := and(ready, has(v1alpha1.ConditionCanary, metav1.ConditionFalse, string(fault.TooManyCandidates)), trial("", ""))
	w.eventually("it fails", w.is("IdentityRule/people", failed))
	w.finisher.changeData("crm")
	w.runNow("DataSource/crm", "new rows")
	w.eventually("people are made", w.is("IdentityRule/people", failed, revision("people-resolve-2")))
	w.always(time.Hour, "and it is not tried with them", w.worked(1, v1alpha1.TaskCanary, "people"))
	w.finisher.mended()
	w.pass(time.Hour)
	w.eventually("until its interval is over", w.is("IdentityRule/people", ready, trial("people-canary-2", "people-resolve-2")))

	wrong := canary(5)
	wrong.Guards.Separate = []string{"passport"}
	w.onTrial(wrong)
	w.eventually("a mistake is of the trial alone", w.is("IdentityRule/people", ready, has(v1alpha1.ConditionCanary, metav1.ConditionFalse, string(fault.ReferenceNotFound)), trial("", "")))
	w.onTrial(nil)
	w.eventually("it is rolled back", w.is("IdentityRule/people", ready, revision("people-resolve-2"), noCondition(v1alpha1.ConditionCanary)))
}
