package operator_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// observer sees every version of every object of the namespace, and holds each against what must always be true.
type observer struct {
	w      *world
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	seen map[string][]client.Object // by kind and name, oldest first
	// commits there had been when each was seen.
	commits map[string][]int64
	runs    []*v1alpha1.Run // as they were made, in order
	// problems are sentences.
	problems []string
}

func observe(w *world) *observer {
	ctx, cancel := context.WithCancel(context.Background())
	o := &observer{w: w, cancel: cancel, seen: map[string][]client.Object{}, commits: map[string][]int64{}}
	for _, l := range lists()[:8] { // the kinds of Kith
		events, err := w.Watch(ctx, l, client.InNamespace(w.namespace))
		if err != nil {
			w.t.Fatal(err)
		}
		o.done.Go(func() {
			for e := range events.ResultChan() {
				if object, ok := e.Object.(client.Object); ok {
					o.see(object)
				}
			}
		})
	}
	return o
}

func (o *observer) end() {
	o.cancel()
	o.done.Wait()
}

func (o *observer) see(object client.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ref := o.w.ref(object)
	before := o.seen[ref]
	o.seen[ref] = append(before, object)
	o.commits[ref] = append(o.commits[ref], o.w.finisher.commits.Load())
	if run, ok := object.(*v1alpha1.Run); ok {
		if len(before) == 0 || before[len(before)-1].GetUID() != run.UID {
			o.runs = append(o.runs, run)
		}
		return
	}
	for _, problem := range checkStatus(object) {
		o.problems = append(o.problems, fmt.Sprintf("%s, version %s: %s", ref, object.GetResourceVersion(), problem))
	}
}

// checkStatus says what contradicts itself in one status. It holds at every moment, not only in the end.
func checkStatus(o client.Object) []string {
	s := statusOf(o)
	var out []string
	wrong := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if len(s.Conditions) == 0 {
		return nil
	}
	for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		if meta.FindStatusCondition(s.Conditions, kind) == nil {
			wrong("there is no condition %s", kind)
		}
	}
	for _, c := range s.Conditions {
		if c.ObservedGeneration != s.ObservedGeneration || s.ObservedGeneration > o.GetGeneration() {
			wrong("condition %s is of generation %d, the status of %d, the object of %d", c.Type, c.ObservedGeneration, s.ObservedGeneration, o.GetGeneration())
		}
	}
	is := func(kind string) bool { return meta.IsStatusConditionTrue(s.Conditions, kind) }
	if is(v1alpha1.ConditionReady) && is(v1alpha1.ConditionStalled) {
		wrong("it is Ready and Stalled")
	}
	if is(v1alpha1.ConditionReconciling) && is(v1alpha1.ConditionStalled) {
		wrong("it is Reconciling and Stalled")
	}
	if c := condition(s.Conditions, v1alpha1.ConditionReady); c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonSucceeded {
		wrong("it has succeeded and is not Ready")
	}
	return out
}

// history of an object's versions up to now, oldest first.
func (w *world) history(ref string) []client.Object {
	w.t.Helper()
	w.observed()
	w.observer.mu.Lock()
	defer w.observer.mu.Unlock()
	return slices.Clone(w.observer.seen[ref])
}

// made are the Runs of a task that were ever made, oldest first, whether or not they still are there.
func (w *world) made(task v1alpha1.Task) []*v1alpha1.Run {
	w.t.Helper()
	w.observed()
	w.observer.mu.Lock()
	defer w.observer.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.observer.runs), func(r *v1alpha1.Run) bool { return task != "" && r.Spec.Task != task })
}

// observed waits until the observer has seen what the API has.
func (w *world) observed() {
	w.t.Helper()
	now := w.look()
	for end := time.Now().Add(restWithin); ; time.Sleep(time.Millisecond) {
		missing := w.observer.missing(now)
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("the observer does not see %s", missing)
		}
	}
}

func (o *observer) missing(now *sight) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, object := range now.objects {
		switch ref := o.w.ref(object); ref[:3] {
		case "Job", "Pod":
		default:
			versions := o.seen[ref]
			if len(versions) == 0 || version(versions[len(versions)-1]) < version(object) {
				return ref
			}
		}
	}
	return ""
}

func version(o client.Object) int64 {
	n, err := strconv.ParseInt(o.GetResourceVersion(), 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// statusOf is the part of a status that all kinds have.
func statusOf(o client.Object) *v1alpha1.Status {
	if d, ok := o.(v1alpha1.Declared); ok {
		return d.CommonStatus()
	}
	return &v1alpha1.Status{}
}

func condition(cs []metav1.Condition, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(cs, kind); c != nil {
		return *c
	}
	return metav1.Condition{}
}
