package operator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// failed is how a Run ended.
func (w *world) failed(run, reason string, words ...string) func() error {
	return func() error {
		c := condition(get(w, &v1alpha1.Run{}, run).Status.Conditions, v1alpha1.ConditionFailed)
		for _, word := range append(words, "") {
			if c.Status != metav1.ConditionTrue || c.Reason != reason || !strings.Contains(c.Message, word) {
				return fmt.Errorf("run %s: %+v", run, c)
			}
		}
		return nil
	}
}

// once answers the first plan of a task, and the others as usual.
func (f *finisher) once(task v1alpha1.Task, a *answer) {
	f.answer = func(p *plan.Plan) *answer {
		if p.Subject.Task != task {
			return nil
		}
		f.answer = nil
		return a
	}
}

// pod of a Job's, as the Job controller and kubelet would make it.
func (w *world) pod(name, run, lock string, status corev1.PodStatus) {
	w.t.Helper()
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: w.namespace,
			Labels: map[string]string{"app.kubernetes.io/managed-by": "kith", v1alpha1.LabelRun: run, v1alpha1.LabelLock: lock},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "worker", Image: "worker"}}, ServiceAccountName: "kith-worker"},
	}
	var j batchv1.Job
	if err := w.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: run}, &j); err == nil {
		p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(&j, batchv1.SchemeGroupVersion.WithKind("Job"))}
	}
	if err := w.Create(w.ctx, p); err != nil {
		w.t.Fatal(err)
	}
	before := p.DeepCopy()
	p.Status = status
	if err := w.Status().Patch(w.ctx, p, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

// The manager was killed between a Run and its plan, or has left one that nobody understands.
func TestARunWithoutAPlan(t *testing.T) {
	for name, garbage := range map[string]bool{"none": false, "garbage": true} {
		t.Run(name, func(t *testing.T) {
			w := newRetail(t)
			w.stopManager()
			first := get(w, &v1alpha1.Run{}, "crm-ingest-1")
			second := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Name: "crm-ingest-2", Labels: first.Labels, OwnerReferences: first.OwnerReferences}, Spec: first.Spec}
			second.Spec.Serial, second.Spec.Base, second.Spec.PlanRef.Name = 2, "crm-ingest-1", "nowhere"
			if garbage {
				w.create(&corev1.ConfigMap{ObjectMeta: named("nowhere"), BinaryData: map[string][]byte{"plan.json.gz.000": []byte("?")}})
			}
			w.create(second)
			w.startManager()
			w.always(15*time.Second, "it may still come", w.is("DataSource/crm", isReady))
			w.eventually("it does not", w.failed("crm-ingest-2", v1alpha1.ReasonPlanMissing))
			w.eventually("another has one", all(w.ready("DataSource/crm"), func() error { return count("runs", 3, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskIngest) })() }))
		})
	}
}

// A Job that somebody deletes is made again, and a Run that somebody deletes is followed by another.
func TestSomebodyDeletesThings(t *testing.T) {
	w := newRetail(t)
	for i, what := range []string{"Job", "Run"} {
		w.finisher.hold(v1alpha1.TaskResolve)
		w.runNow("IdentityRule/people", what)
		run := fmt.Sprintf("people-resolve-%d", i+2)
		w.eventually("it is under way", func() error { return w.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: run}, &batchv1.Job{}) })
		w.pass(time.Second)
		job := get(w, &batchv1.Job{}, run)
		if what == "Job" {
			w.remove(job)
		} else {
			w.delete("Run/" + run)
		}
		w.eventually("there is another", func() error {
			if get(w, &batchv1.Job{}, run).UID == job.UID {
				return fmt.Errorf("it is the same")
			}
			return nil
		})
		w.finisher.letGo()
		w.eventually("it is done", w.is("IdentityRule/people", ready, echo(what), revision(run)))
	}
	w.check("each was done once", w.worked(3, v1alpha1.TaskResolve, "people"))
}

// An ended Run that can't go, because somebody else holds on to it, stands in nobody's way.
func TestARunThatCantGo(t *testing.T) {
	w := newRetail(t)
	edit(w, &v1alpha1.Run{}, "crm-ingest-1", func(r *v1alpha1.Run) { r.Finalizers = []string{"example.com/archive"} })
	w.delete("Run/crm-ingest-1")
	w.runNow("DataSource/crm", "1")
	w.runNow("IdentityRule/people", "1")
	w.eventually("both are done", all(w.is("DataSource/crm", ready, echo("1")), w.is("IdentityRule/people", ready, echo("1"))))
	w.check("what was read stays", w.is("DataSource/crm", revision("crm-ingest-1")))
	w.dropFinalizer(w.object("Run/crm-ingest-1"), "example.com/archive")
}

// A worker ends without a word: out of memory, or its node was lost.
func TestAWorkerIsLost(t *testing.T) {
	w := newRetail(t)
	w.finisher.stuck = true
	w.runNow("IdentityRule/people", "1")
	w.eventually("it is under way", func() error {
		return w.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: "people-resolve-2"}, &batchv1.Job{})
	})
	w.pod("people-resolve-2-x", "people-resolve-2", "identityrule.people", corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "worker", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}},
	}}})
	w.finisher.stuck = false
	w.finisher.once(v1alpha1.TaskResolve, &answer{reason: batchv1.JobReasonBackoffLimitExceeded})
	w.eventually("it is told", all(w.failed("people-resolve-2", v1alpha1.ReasonWorkerLost, "OOMKilled", "137", "BackoffLimitExceeded"),
		w.is("IdentityRule/people", unready(v1alpha1.ReasonWorkerLost), says("OOMKilled"))))
	w.eventually("it is tried again", w.is("IdentityRule/people", ready, echo("1"), revision("people-resolve-3")))
	if at := w.made(v1alpha1.TaskResolve)[2].Spec.Attempt; at != 2 {
		t.Errorf("that was attempt %d", at)
	}
}

// A worker is lost after it has committed: what it did is found, and not done again.
func TestAWorkerIsLostAfterItsCommit(t *testing.T) {
	w := newWorld(t)
	w.finisher.once(v1alpha1.TaskSync, &answer{commits: true, reason: batchv1.JobReasonBackoffLimitExceeded})
	w.create(retail()...)
	w.eventually("it is found", w.is("Activation/mail", ready, fresh(true), revision("mail-sync-1"), says("7 people")))
	w.pass(5 * time.Minute)
	w.check("nobody was sent twice", count("Syncs", 1, func() []*plan.Plan { return w.finisher.sent }))
	w.check("another has looked", w.worked(2, v1alpha1.TaskSync, "mail"))
}

// A worker takes too long: it is stopped, and tried again.
func TestAWorkerTakesTooLong(t *testing.T) {
	w := newWorld(t)
	stopped := fails("Cancelled", "stopped by a signal")
	stopped.reason = batchv1.JobReasonDeadlineExceeded
	w.finisher.once(v1alpha1.TaskIngest, stopped)
	objects := retail()
	objects[0].(*v1alpha1.Workspace).Spec.Worker.Deadline = new(v1alpha1.Duration("30m"))
	w.create(objects...)
	w.eventually("it is told", w.is("DataSource/crm", unready(v1alpha1.ReasonDeadlineExceeded), says("30m")))
	if d := get(w, &batchv1.Job{}, "crm-ingest-1").Spec.ActiveDeadlineSeconds; *d != 1800 {
		t.Errorf("the Job's deadline is %d seconds", *d)
	}
	w.eventually("it is tried again", w.ready(everything...))
}

// No node takes the worker: that is said, and given up after a while.
func TestAWorkerDoesNotStart(t *testing.T) {
	w := newWorld(t)
	w.finisher.stuck = true
	w.create(retail()...)
	w.eventually("it is made", func() error {
		return w.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: "crm-ingest-1"}, &batchv1.Job{})
	})
	const why = "0/3 nodes are available: 3 Insufficient memory."
	w.pod("crm-ingest-1-x", "crm-ingest-1", "datasource.crm", corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: why,
	}}})
	waits := all(w.is("DataSource/crm", reconciling(v1alpha1.ReasonProgressing), says("can't start", "Unschedulable", why)), func() error {
		if c := condition(get(w, &v1alpha1.Run{}, "crm-ingest-1").Status.Conditions, v1alpha1.ConditionWaiting); c.Status != metav1.ConditionTrue || c.Reason != "Unschedulable" || c.Message != why {
			return fmt.Errorf("the Run says %+v", c)
		}
		return nil
	})
	w.eventually("it is said", waits)
	w.always(14*time.Minute, "it waits", waits)
	w.within(2*time.Minute, "it is given up", all(w.failed("crm-ingest-1", v1alpha1.ReasonWorkerNotStarted, why), w.is("DataSource/crm", unready(v1alpha1.ReasonWorkerNotStarted))))
	w.check("its Job is gone", w.gone("Job/crm-ingest-1", "Pod/crm-ingest-1-x"))
	w.finisher.stuck = false
	w.eventually("it is tried again", w.ready(everything...))
}

// A pod of an earlier Run still runs, perhaps on a node that does not answer: the next Run waits for it.
func TestAPodThatStillRuns(t *testing.T) {
	w := newRetail(t)
	w.pod("ghost", "crm-ingest-0", "datasource.crm", corev1.PodStatus{Phase: corev1.PodRunning})
	w.runNow("DataSource/crm", "1")
	waits := func() error {
		if c := condition(get(w, &v1alpha1.Run{}, "crm-ingest-2").Status.Conditions, v1alpha1.ConditionWaiting); c.Reason != "LockHeld" || !strings.Contains(c.Message, "ghost") {
			return fmt.Errorf("the Run says %+v", c)
		}
		return w.gone("Job/crm-ingest-2")()
	}
	w.eventually("the next waits", func() error {
		if len(w.made(v1alpha1.TaskIngest)) < 2 {
			return fmt.Errorf("it is not made")
		}
		return waits()
	})
	w.always(time.Minute, "it waits", waits)
	w.remove(w.podOf("ghost"))
	w.eventually("it goes on", w.is("DataSource/crm", ready, echo("1")))
}

func (w *world) podOf(name string) *corev1.Pod { return get(w, &corev1.Pod{}, name) }

// What workers need is there before the first of them, and what a Job says is what the API takes.
func TestWhatWorkersNeed(t *testing.T) {
	w := newRetail(t)
	get(w, &corev1.ServiceAccount{}, "kith-worker")
	get(w, &rbacv1.RoleBinding{}, "kith-worker")
	get(w, &networkingv1.NetworkPolicy{}, "kith-worker")
	role := get(w, &rbacv1.Role{}, "kith-worker")
	if len(role.Rules) != 1 || fmt.Sprint(role.Rules[0].Resources, role.Rules[0].Verbs) != "[runs/status] [get patch]" {
		t.Errorf("workers may do %+v", role.Rules)
	}
	spec := get(w, &batchv1.Job{}, "crm-ingest-1").Spec.Template.Spec
	if spec.ServiceAccountName != "kith-worker" || spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("the pod is %+v", spec)
	}
}
