package operator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// A request on a source is answered when all that follows from it has been done.
func TestRunNowAnswersWhenAllIsDone(t *testing.T) {
	w := newRetail(t)
	w.finisher.changeData("crm")
	w.finisher.hold(v1alpha1.TaskIngest)
	w.runNow("DataSource/crm", "please")
	w.eventually("it is being read", w.is("DataSource/crm", isReady, has(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonProgressing), echo("")))
	for _, c := range []struct {
		task v1alpha1.Task
		run  string
	}{{v1alpha1.TaskResolve, "people-resolve-2"}, {v1alpha1.TaskEvaluate, "people-evaluate-2"}, {v1alpha1.TaskSync, "mail-sync-2"}} {
		w.finisher.hold(c.task)
		w.eventually("it goes on", func() error {
			if runs := w.made(c.task); runs[len(runs)-1].Name != c.run {
				return fmt.Errorf("%s is not made", c.run)
			}
			return nil
		})
		w.always(30*time.Second, "there is no answer yet", w.is("DataSource/crm", echo("")))
	}
	w.finisher.letGo()
	w.eventually("it is answered", w.is("DataSource/crm", ready, echo("please")))
	w.check("all is as it was", w.ready(everything...))
	if r := w.made(v1alpha1.TaskIngest)[1]; r.Spec.Cause != "run-now" || !slices.Equal(r.Spec.Requests, []v1alpha1.RunRequest{{Kind: "DataSource", Name: "crm", Value: "please"}}) {
		t.Errorf("the run is %+v", r.Spec)
	}
	w.pass(5 * time.Minute)
	w.check("it was answered once", w.worked(2, v1alpha1.TaskIngest, "crm"))
}

// Every kind can be asked, whether or not something changes, and says that it is done.
func TestRunNowOnEveryKind(t *testing.T) {
	far := v1alpha1.Duration("9999h")
	loyalty := source("loyalty")
	loyalty.Spec.Interval = &far
	w := newRetail(t, trait("level", "people", "level", "profile.tier"), loyalty)
	for ref, task := range map[string]v1alpha1.Task{
		"Workspace/default": v1alpha1.TaskMaintain, "DataSource/crm": v1alpha1.TaskIngest, "DataSource/loyalty": v1alpha1.TaskIngest,
		"IdentityRule/people": v1alpha1.TaskResolve, "Segment/vip": v1alpha1.TaskEvaluate, "Trait/level": v1alpha1.TaskEvaluate,
		"Activation/mail": v1alpha1.TaskSync, "Destination/esp": v1alpha1.TaskSync,
	} {
		before := len(w.made(task))
		w.runNow(ref, "please")
		w.eventually(ref+" answers", w.is(ref, ready, echo("please")))
		w.eventually("all is as it was", w.ready(append(everything, "Trait/level", "DataSource/loyalty")...))
		w.pass(20 * time.Second)
		if runs := w.made(task)[before:]; len(runs) != 1 || runs[0].Spec.Cause != "run-now" || len(runs[0].Spec.Requests) != 1 {
			t.Errorf("%s: %d runs of %s were made: %+v", ref, len(runs), task, runs)
		}
	}
	w.restart()
	before := len(w.made(""))
	w.always(time.Minute, "what was answered is not asked again", count("runs", before, func() []*v1alpha1.Run { return w.made("") }))
}

// Requests that come together are answered by one run; the one that comes while it goes on, by the next.
func TestRequestsTogether(t *testing.T) {
	w := newRetail(t, trait("level", "people", "level", "profile.tier"))
	before := len(w.made(v1alpha1.TaskEvaluate))
	w.finisher.hold(v1alpha1.TaskEvaluate)
	w.stopManager()
	w.runNow("Segment/vip", "a")
	w.runNow("Trait/level", "b")
	w.startManager()
	w.eventually("it goes on", w.is("Segment/vip", has(v1alpha1.ConditionReconciling, metav1.ConditionTrue, ""), echo("")))
	w.rest()
	w.runNow("Segment/vip", "c")
	w.pass(time.Second)
	w.finisher.letGo()
	w.eventually("all are answered", all(w.is("Segment/vip", ready, echo("c")), w.is("Trait/level", ready, echo("b"))))
	runs := w.made(v1alpha1.TaskEvaluate)[before:]
	if len(runs) != 2 || len(runs[0].Spec.Requests) != 2 {
		t.Errorf("%d runs: %+v", len(runs), runs)
	}
}

// A request whose run fails is answered: it was done what was asked for.
func TestARequestThatFails(t *testing.T) {
	w := newRetail(t)
	w.finisher.failing(v1alpha1.TaskIngest, fault.DatabaseDown, "connection refused")
	w.runNow("DataSource/crm", "please")
	w.eventually("it is answered", w.is("DataSource/crm", unready(string(fault.DatabaseDown)), echo("please")))
	w.finisher.mended()
	w.eventually("it is tried again", w.ready("DataSource/crm"))
}

// Who suspends an object wants no run. The request is kept for when it is resumed.
func TestARequestOnSomethingSuspended(t *testing.T) {
	w := newRetail(t)
	suspend := func(yes bool) {
		edit(w, &v1alpha1.DataSource{}, "crm", func(d *v1alpha1.DataSource) { d.Spec.Suspend = yes })
	}
	suspend(true)
	w.runNow("DataSource/crm", "please")
	w.always(30*time.Minute, "nothing is done", all(w.is("DataSource/crm", ready, echo("")), w.worked(1, v1alpha1.TaskIngest, "crm")))
	suspend(false)
	w.eventually("it is done", w.is("DataSource/crm", ready, echo("please")))
}

// Of a long value only the beginning counts, in any script.
func TestALongRequest(t *testing.T) {
	w := newRetail(t)
	long := strings.Repeat("지금 ", 100)
	begins := func(_ client.Object, s *v1alpha1.Status) error {
		if got := s.LastHandledRunNow; len(got) < 120 || !strings.HasPrefix(long, got) {
			return fmt.Errorf("the echo is %q", got)
		}
		return nil
	}
	w.runNow("DataSource/crm", long)
	w.runNow("Segment/vip", long)
	w.eventually("it is answered", all(w.is("DataSource/crm", ready, begins), w.is("Segment/vip", ready, begins)))
	before := len(w.made(""))
	w.always(5*time.Minute, "it is answered once", count("runs", before, func() []*v1alpha1.Run { return w.made("") }))
}
