package operator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// isReady holds while a result is being renewed, too.
var isReady = has(v1alpha1.ConditionReady, metav1.ConditionTrue, "")

// A source is looked at when its interval is over, and nothing has changed.
func TestAnEmptyPoll(t *testing.T) {
	w := newRetail(t)
	before := statusOf(w.object("DataSource/crm"))
	w.throughout(func() { w.pass(16 * time.Minute) }, and(isReady, fresh(true)), everything[1:4]...)
	w.check("it was looked at", w.worked(2, v1alpha1.TaskIngest, "crm"))
	runs := w.made(v1alpha1.TaskIngest)
	if cause := runs[1].Spec.Cause; cause != "looked for changes" {
		t.Errorf("the cause is %q", cause)
	}
	if outcome := get(w, &v1alpha1.Run{}, runs[1].Name).Status.Result.Outcome; outcome != v1alpha1.OutcomeUnchanged {
		t.Errorf("the outcome is %s", outcome)
	}
	w.check("nothing new came of it", w.is("DataSource/crm", ready, revision("crm-ingest-1")))
	after := statusOf(w.object("DataSource/crm"))
	if !after.LastRunTime.Equal(before.LastRunTime) {
		t.Errorf("the last run that committed moved from %s to %s", before.LastRunTime, after.LastRunTime)
	}
	if d := after.NextRunTime.Sub(before.NextRunTime.Time); d < 15*time.Minute || d > 18*time.Minute {
		t.Errorf("the next look is %s after the one before", d)
	}
	w.check("nothing else ran", all(
		w.worked(1, v1alpha1.TaskResolve, "people"), w.worked(1, v1alpha1.TaskEvaluate, "people"), w.worked(1, v1alpha1.TaskSync, "mail")))
}

// New data flows through everything, once, and nothing stops being Ready: what is declared is in effect all along.
func TestNewData(t *testing.T) {
	w := newRetail(t)
	mark := len(w.history("IdentityRule/people"))
	w.finisher.changeData("crm")
	w.throughout(func() {
		w.pass(20 * time.Minute)
	}, and(isReady, has(v1alpha1.ConditionReconciling, metav1.ConditionFalse, "")), everything...)
	w.check("what came of it", all(
		w.is("DataSource/crm", ready, fresh(true), revision("crm-ingest-2"), says("101 rows")),
		w.is("IdentityRule/people", ready, fresh(true), revision("people-resolve-2")),
		w.is("Segment/vip", ready, fresh(true), revision("people-evaluate-2")),
		w.is("Activation/mail", ready, fresh(true), revision("mail-sync-2")),
	))
	w.check("all ran once", all(
		w.worked(2, v1alpha1.TaskIngest, "crm"), w.worked(2, v1alpha1.TaskResolve, "people"),
		w.worked(2, v1alpha1.TaskEvaluate, "people"), w.worked(2, v1alpha1.TaskSync, "mail")))

	var told []string
	for _, o := range w.history("IdentityRule/people")[mark:] {
		told = append(told, string(condition(statusOf(o).Conditions, v1alpha1.ConditionFresh).Status))
	}
	if got := slices.Compact(told); fmt.Sprint(got) != "[False True]" {
		t.Errorf("Fresh went through %v", got)
	}
}

// What ages is made anew when it is as old as it may be.
func TestIntervals(t *testing.T) {
	w := newRetail(t)
	w.throughout(func() { w.pass(130 * time.Minute) }, and(isReady, fresh(true)), "Segment/vip")
	w.check("they were made anew", all(
		func() error { return between(w.finisher.ran(v1alpha1.TaskEvaluate, "people"), 3, 3) },
		// An Activation ages by itself, and gets a new input.
		func() error { return between(w.finisher.ran(v1alpha1.TaskSync, "mail"), 3, 6) },
		w.worked(1, v1alpha1.TaskResolve, "people")))
	for _, r := range w.made(v1alpha1.TaskEvaluate)[1:] {
		if r.Spec.Cause != "older than its interval" {
			t.Errorf("run %s was made because of %q", r.Name, r.Spec.Cause)
		}
	}
}

func between(runs []string, low, high int) error {
	if len(runs) < low || len(runs) > high {
		return fmt.Errorf("want %d to %d, got %v", low, high, runs)
	}
	return nil
}
