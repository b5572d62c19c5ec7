package operator_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// attempts checks the runs that were made of a subject one after the other because each failed: how often, and after what waits.
func (w *world) attempts(task v1alpha1.Task, from int, waits ...time.Duration) {
	w.t.Helper()
	runs := w.made(task)[from:]
	if len(runs) != len(waits)+1 {
		w.t.Errorf("%d attempts, want %d", len(runs), len(waits)+1)
		return
	}
	for i, wait := range waits {
		before, after := get(w, &v1alpha1.Run{}, runs[i].Name), runs[i+1]
		if after.Spec.Attempt != int32(i+2) {
			w.t.Errorf("run %s is attempt %d, want %d", after.Name, after.Spec.Attempt, i+2)
		}
		if got := after.Spec.Now.Sub(before.Status.CompletionTime.Time); got < wait || got > wait+wait/10+time.Second {
			w.t.Errorf("run %s was made %s after the one before had failed, want %s", after.Name, got, wait)
		}
	}
}

// A Secret is created after what needs it: nobody has to touch anything else.
func TestASecretAppearsLate(t *testing.T) {
	w := newWorld(t)
	w.finisher.failing(v1alpha1.TaskSync, fault.SecretMissing, `Secret "esp" is not mounted`)
	w.create(retail()...)
	missing := w.is("Activation/mail", stalled(string(fault.SecretMissing)), says(`"esp"`))
	w.eventually("it is missed", missing)
	if d := w.nextRun("Activation/mail").Sub(w.clock.Now()); d < 50*time.Second || d > time.Minute {
		t.Errorf("the next attempt is in %s", d)
	}
	w.pass(4 * time.Minute)
	w.check("it is missed all the time", missing)
	w.attempts(v1alpha1.TaskSync, 0, time.Minute, 2*time.Minute)
	w.finisher.mended()
	w.within(5*time.Minute, "it is there", w.ready("Activation/mail"))
	w.attempts(v1alpha1.TaskSync, 0, time.Minute, 2*time.Minute, 4*time.Minute)
	w.pass(10 * time.Minute)
	w.check("it was sent once", w.worked(4, v1alpha1.TaskSync, "mail"))
}

// A volume is full: the old result stays, and the run is tried again, more and more seldom.
func TestAFullVolume(t *testing.T) {
	w := newRetail(t)
	w.finisher.failing(v1alpha1.TaskResolve, fault.DiskFull, "no space left on the lake's volume")
	full := func(wants ...want) func() error {
		return w.is("IdentityRule/people", append(wants, unready(string(fault.DiskFull)), has(v1alpha1.ConditionStalled, metav1.ConditionFalse, ""),
			says("no space left"), revision("people-resolve-1"))...)
	}
	w.finisher.changeData("crm")
	w.within(20*time.Minute, "newer data can't be taken in", full(has(v1alpha1.ConditionReconciling, metav1.ConditionFalse, ""), fresh(false)))
	waits := []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 320 * time.Second, 640 * time.Second, 900 * time.Second}
	for i, wait := range waits {
		w.check("it says when it is tried again", func() error {
			failed := get(w, &v1alpha1.Run{}, w.made(v1alpha1.TaskResolve)[i+1].Name)
			if d := w.nextRun("IdentityRule/people").Sub(failed.Status.CompletionTime.Time); d > wait || d < wait-2*time.Second {
				t.Errorf("attempt %d is said to be made after %s, want %s", i+2, d, wait)
			}
			return nil
		})
		w.pass(wait + wait/10 + 2*time.Second)
	}
	w.check("it is as it was", all(full(), w.is("Segment/vip", isReady), w.is("Activation/mail", isReady)))
	made := w.made(v1alpha1.TaskResolve)
	if n := len(made) - 1; n < 8 || made[len(made)-1].Spec.Attempt != int32(n) {
		t.Errorf("%d attempts, the last says it is %d", n, made[len(made)-1].Spec.Attempt)
	}
	w.finisher.mended()
	w.within(20*time.Minute, "it is mended", w.ready(everything...))
	w.check("the newer data is in", w.is("IdentityRule/people", fresh(true)))
}

// Newer data comes while the run of what was there before has failed: that makes nothing right.
func TestNewerDataMeetsAFullVolume(t *testing.T) {
	for _, class := range []fault.Class{fault.DiskFull, fault.InvalidManifest} {
		t.Run(string(class), func(t *testing.T) {
			w := newRetail(t)
			w.finisher.failing(v1alpha1.TaskResolve, class, "it does not work")
			fails := w.is("IdentityRule/people", unready(string(class)), revision("people-resolve-1"))
			w.finisher.changeData("crm")
			w.runNow("DataSource/crm", "1")
			w.eventually("it fails", fails)
			w.throughout(func() {
				w.finisher.changeData("crm")
				w.runNow("DataSource/crm", "2")
				w.eventually("newer data is read", w.is("DataSource/crm", ready, revision("crm-ingest-3")))
				w.pass(time.Minute)
			}, unready(string(class)), "IdentityRule/people")
			w.check("it still fails", fails)
			w.finisher.mended()
			w.runNow("IdentityRule/people", "3")
			w.eventually("it works", w.ready(everything...))
		})
	}
}

// A new declaration that the machine can't put into effect is still being put into effect.
func TestANewDeclarationMeetsAFullVolume(t *testing.T) {
	w := newRetail(t)
	w.finisher.failing(v1alpha1.TaskEvaluate, fault.DiskFull, "no space left")
	where(w, silver)
	w.eventually("it is tried again", w.is("Segment/vip", unready(string(fault.DiskFull)), has(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonRetrying)))
	w.pass(90 * time.Second)
	w.attempts(v1alpha1.TaskEvaluate, 1, 10*time.Second, 20*time.Second, 40*time.Second)
	w.finisher.mended()
	w.within(3*time.Minute, "it is in effect", w.ready("Segment/vip", "Activation/mail"))
}

// What a user has to mend is not tried again before a change; a source may be mended elsewhere, and is looked at when its interval is over.
func TestAUsersMistake(t *testing.T) {
	w := newRetail(t)
	for _, c := range []struct {
		task  v1alpha1.Task
		ref   string
		class fault.Class
		wrong func()
	}{
		{v1alpha1.TaskResolve, "IdentityRule/people", fault.InvalidManifest, func() {
			edit(w, &v1alpha1.IdentityRule{}, "people", func(r *v1alpha1.IdentityRule) { r.Spec.Anonymous.OnIdentify = "Isolate" })
		}},
		{v1alpha1.TaskEvaluate, "Segment/vip", fault.InvalidExpression, func() { where(w, silver) }},
		{v1alpha1.TaskSync, "Activation/mail", fault.ReferenceNotFound, func() {
			edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.Mode = "Upsert" })
		}},
		{v1alpha1.TaskIngest, "DataSource/crm", fault.ContractViolated, func() {
			edit(w, &v1alpha1.DataSource{}, "crm", func(d *v1alpha1.DataSource) { d.Spec.Contract.OnViolation = "Reject" })
		}},
	} {
		w.finisher.failing(c.task, c.class, "somebody has to mend this")
		before := len(w.made(c.task))
		c.wrong()
		wrong := w.is(c.ref, stalled(string(c.class)), says("mend this"))
		w.eventually("the mistake is told", wrong)
		once := func() error {
			return count("runs of "+string(c.task), before+1, func() []*v1alpha1.Run { return w.made(c.task) })()
		}
		w.always(10*time.Minute, "it is not tried again", all(wrong, once))
		if c.task == v1alpha1.TaskIngest {
			w.pass(7 * time.Minute)
			w.attempts(c.task, before, 15*time.Minute)
			w.check("it is still wrong", wrong)
		}
		w.finisher.mended()
		w.runNow(c.ref, "mended at "+w.clock.Now().String())
		w.eventually("it is mended", w.ready(everything...))
		w.pass(time.Minute)
	}
}
