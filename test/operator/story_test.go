package operator_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// The words in which the tests tell their stories.

func (w *world) create(objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		if w.ref(o)[:9] != "Namespace" {
			o.SetNamespace(w.namespace)
		}
		if err := w.Create(w.ctx, o); err != nil {
			w.t.Fatal(err)
		}
	}
}

// get reads an object anew.
func get[T client.Object](w *world, o T, name string) T {
	w.t.Helper()
	if err := w.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: name}, o); err != nil {
		w.t.Fatal(err)
	}
	return o
}

// edit changes an object as somebody would who has just looked at it.
func edit[T client.Object](w *world, o T, name string, change func(T)) {
	w.t.Helper()
	for {
		change(get(w, o, name))
		err := w.Update(w.ctx, o)
		if err == nil {
			return
		}
		if !apierrors.IsConflict(err) {
			w.t.Fatal(err)
		}
	}
}

// object of a kind and name, such as Segment/vip.
func (w *world) object(ref string) client.Object {
	w.t.Helper()
	kind, name, _ := strings.Cut(ref, "/")
	empty, err := w.Scheme().New(v1alpha1.GroupVersion.WithKind(kind))
	if err != nil {
		w.t.Fatal(err)
	}
	return get(w, empty.(client.Object), name)
}

// gone says whether there is no such object any more.
func (w *world) gone(refs ...string) func() error {
	return func() error {
		for _, ref := range refs {
			if now := w.look(); slices.ContainsFunc(now.objects, func(o client.Object) bool { return w.ref(o) == ref }) {
				return fmt.Errorf("%s is there: %+v", ref, statusOf(w.object(ref)).Conditions)
			}
		}
		return nil
	}
}

// delete objects as `kubectl delete` does.
func (w *world) delete(refs ...string) {
	w.t.Helper()
	for _, ref := range refs {
		if err := w.Delete(w.ctx, w.object(ref)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// annotate an object.
func (w *world) annotate(ref, key, value string) {
	w.t.Helper()
	edit(w, w.object(ref), w.object(ref).GetName(), func(o client.Object) {
		all := o.GetAnnotations()
		if all == nil {
			all = map[string]string{}
		}
		all[key] = value
		o.SetAnnotations(all)
	})
}

func (w *world) runNow(ref, value string) {
	w.t.Helper()
	w.annotate(ref, v1alpha1.AnnotationRunNow, value)
}

func (w *world) approve(ref, run string) {
	w.t.Helper()
	w.annotate(ref, v1alpha1.AnnotationApprove, run)
}

// want is what a status is to say; an error is what it says instead.
type want func(o client.Object, s *v1alpha1.Status) error

// is checks objects.
func (w *world) is(ref string, wants ...want) func() error {
	return func() error {
		o := w.object(ref)
		var errs []error
		for _, want := range wants {
			errs = append(errs, want(o, statusOf(o)))
		}
		if err := errors.Join(errs...); err != nil {
			return fmt.Errorf("%s: %w: %s", ref, err, told(statusOf(o)))
		}
		return nil
	}
}

// all are to be so.
func all(checks ...func() error) func() error {
	return func() error {
		var errs []error
		for _, c := range checks {
			errs = append(errs, c())
		}
		return errors.Join(errs...)
	}
}

// ready objects are in effect as they are declared, and nothing is going on for them.
func (w *world) ready(refs ...string) func() error {
	var checks []func() error
	for _, ref := range refs {
		checks = append(checks, w.is(ref, ready))
	}
	return all(checks...)
}

// check something that has to be so by now.
func (w *world) check(what string, is func() error) {
	w.t.Helper()
	w.rest()
	if err := is(); err != nil {
		w.t.Errorf("%s: %v", what, err)
	}
}

func told(s *v1alpha1.Status) string {
	var b strings.Builder
	for _, c := range s.Conditions {
		fmt.Fprintf(&b, "\n\t%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message)
	}
	return b.String()
}

func ready(o client.Object, s *v1alpha1.Status) error {
	if got := state(o, s); got != "Current" {
		return fmt.Errorf("it is %s", got)
	}
	return nil
}

// state is what kstatus makes of an object.
func state(o client.Object, s *v1alpha1.Status) string {
	is := func(kind string) bool { return condition(s.Conditions, kind).Status == metav1.ConditionTrue }
	switch {
	case o.GetDeletionTimestamp() != nil:
		return "Terminating"
	case s.ObservedGeneration != o.GetGeneration(), is(v1alpha1.ConditionReconciling):
		return "InProgress"
	case is(v1alpha1.ConditionStalled):
		return "Failed"
	case is(v1alpha1.ConditionReady):
		return "Current"
	default:
		return "InProgress"
	}
}

// has a condition with a status and, unless it is empty, a reason.
func has(kind string, status metav1.ConditionStatus, reason string) want {
	return func(o client.Object, s *v1alpha1.Status) error {
		c := condition(s.Conditions, kind)
		if c.Status != status || reason != "" && c.Reason != reason || c.ObservedGeneration != o.GetGeneration() {
			return fmt.Errorf("want %s=%s %s of generation %d, got %s %s of %d", kind, status, reason, o.GetGeneration(), c.Status, c.Reason, c.ObservedGeneration)
		}
		return nil
	}
}

// unready for a reason.
func unready(reason string) want { return has(v1alpha1.ConditionReady, metav1.ConditionFalse, reason) }

func stalled(reason string) want {
	return and(unready(reason), has(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason), has(v1alpha1.ConditionReconciling, metav1.ConditionFalse, ""))
}

func reconciling(reason string) want {
	return and(unready(reason), has(v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason), has(v1alpha1.ConditionStalled, metav1.ConditionFalse, ""))
}

func fresh(yes bool) want {
	if yes {
		return has(v1alpha1.ConditionFresh, metav1.ConditionTrue, v1alpha1.ReasonUpToDate)
	}
	return has(v1alpha1.ConditionFresh, metav1.ConditionFalse, v1alpha1.ReasonOutdated)
}

func and(wants ...want) want {
	return func(o client.Object, s *v1alpha1.Status) error {
		var errs []error
		for _, w := range wants {
			errs = append(errs, w(o, s))
		}
		return errors.Join(errs...)
	}
}

// says checks for words of the message of Ready.
func says(words ...string) want {
	return func(_ client.Object, s *v1alpha1.Status) error {
		for _, word := range words {
			if m := condition(s.Conditions, v1alpha1.ConditionReady).Message; !strings.Contains(m, word) {
				return fmt.Errorf("the message %q lacks %q", m, word)
			}
		}
		return nil
	}
}

func revision(run string) want {
	return func(_ client.Object, s *v1alpha1.Status) error {
		if s.Revision != run {
			return fmt.Errorf("want revision %q, got %q", run, s.Revision)
		}
		return nil
	}
}

// echo is the last run-now that was handled.
func echo(value string) want {
	return func(_ client.Object, s *v1alpha1.Status) error {
		if s.LastHandledRunNow != value {
			return fmt.Errorf("want lastHandledRunNow %q, got %q", value, s.LastHandledRunNow)
		}
		return nil
	}
}

// nextRun is when the object says it is looked at again.
func (w *world) nextRun(ref string) time.Time {
	w.t.Helper()
	at := statusOf(w.object(ref)).NextRunTime
	if at == nil {
		w.t.Fatalf("%s has no nextRunTime", ref)
	}
	return at.Time
}

// throughout what is done, every status that is written of the objects is to be so.
func (w *world) throughout(do func(), wants want, refs ...string) {
	w.t.Helper()
	before := map[string]int{}
	for _, ref := range refs {
		before[ref] = len(w.history(ref))
	}
	do()
	for _, ref := range refs {
		for _, o := range w.history(ref)[before[ref]:] {
			if err := wants(o, statusOf(o)); err != nil {
				w.t.Errorf("%s, version %s: %v: %s", ref, o.GetResourceVersion(), err, told(statusOf(o)))
			}
		}
	}
}

// count of what was done is to be n.
func count[T any](what string, n int, list func() []T) func() error {
	return func() error {
		if got := list(); len(got) != n {
			return fmt.Errorf("want %d %s, got %d: %v", n, what, len(got), got)
		}
		return nil
	}
}

// worked is to be the number of plans that workers got for a subject's task.
func (w *world) worked(n int, task v1alpha1.Task, name string) func() error {
	return count(fmt.Sprintf("runs of %s %s", task, name), n, func() []string { return w.finisher.ran(task, name) })
}
