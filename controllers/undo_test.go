package controllers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// remove begins the deletion of an Activation.
func (w *world) remove(name string) *v1alpha1.Activation {
	at := metav1.NewTime(w.now)
	a := *w.objects.Activation(name)
	a.DeletionTimestamp = &at
	w.objects.Activations = slices.DeleteFunc(w.objects.Activations, func(a v1alpha1.Activation) bool { return a.Name == name })
	w.gone.Activations = append(w.gone.Activations, a)
	changed(&w.gone.Activations[len(w.gone.Activations)-1])
	return &w.gone.Activations[len(w.gone.Activations)-1]
}

// dropped is what became of the finalizers in the last pass.
func (w *world) dropped() string {
	var out []string
	for _, d := range w.last.drops {
		if d.undone {
			out = append(out, d.object.GetName()+" undone")
		} else {
			out = append(out, d.object.GetName()+" not undone: "+d.why)
		}
	}
	return strings.Join(out, "; ")
}

func TestPeopleAreTakenOutBeforeAnActivationGoes(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.remove("mail")
	expect(t, "at once", w.pass(), "mail-sync-2")
	s := w.last.starts[0]
	if !s.undo || s.owner != nil || s.cause != plan.CauseDeleted || !s.plan.Sync.RemoveMembers || w.dropped() != "" {
		t.Errorf("%+v %s", s, w.dropped())
	}
	r := w.run("mail-sync-2")
	if !r.Spec.Undo || len(r.OwnerReferences) != 0 || r.Spec.Destination != "esp" {
		t.Errorf("a Run that goes with the object that it is to outlive: %+v", r)
	}
	expect(t, "while it is under way", w.pass())
	w.finish()
	w.pass()
	if w.dropped() != "mail undone" {
		t.Error(w.dropped())
	}
	if c := w.gone.Activations[0].Status.Conditions; !slices.ContainsFunc(c, func(c metav1.Condition) bool { return c.Type == "Reconciling" && c.Reason == "Deleting" }) {
		t.Errorf("%+v", c)
	}
}

func TestDeletionWaitsForTheRunUnderWay(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.objects.Activation("mail").Annotations = map[string]string{v1alpha1.AnnotationRunNow: "1"}
	expect(t, "asked for", w.pass(), "mail-sync-2")
	w.remove("mail")
	expect(t, "its end is waited for", w.pass())
	w.finish()
	expect(t, "then", w.pass(), "mail-sync-3")
}

func TestDeletionOf(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(w *world)
		want    string // what becomes of the finalizer, or the run that is made
	}{
		"an Activation that keeps its people": {func(w *world) { w.objects.Activation("mail").Spec.DeletionPolicy = "Retain" }, "mail undone"},
		"a suspended one":                     {func(w *world) { w.objects.Activation("mail").Spec.Suspend = true }, "mail-sync-2"},
		"one in a suspended tenant":           {func(w *world) { w.objects.Workspace.Spec.Suspend = true }, "mail-sync-2"},
		"one without its Segment":             {func(w *world) { w.objects.Segments = nil }, "mail-sync-2"},
		"one without its Destination":         {func(w *world) { w.objects.Destinations = nil }, "mail-sync-2"},
		"one without its Workspace":           {func(w *world) { w.objects.Workspace = nil }, "mail-sync-2"},
		"one that nothing tells of any more": {func(w *world) { w.objects.Destinations, w.plans = nil, map[string]*plan.Plan{} },
			"mail not undone: nothing tells any more where it was done"},
		"one whose Runs are gone": {func(w *world) { w.runs, w.lake = nil, map[plan.Subject]*v1alpha1.RunRevision{} }, "mail-sync-1"},
		"one whose Runs and Destination are gone": {func(w *world) { w.runs, w.objects.Destinations = nil, nil },
			"mail not undone: nothing tells any more where it was done"},
		"one that never ran": {func(w *world) {
			w.runs, w.objects.Destinations = nil, nil
			w.objects.Activation("mail").Status = v1alpha1.ActivationStatus{}
		}, "mail undone"},
	} {
		w := newWorld(t)
		w.settle()
		c.prepare(w)
		w.remove("mail")
		w.last = w.gather()
		w.last.decide()
		got := w.dropped()
		for _, s := range w.last.starts {
			if s.undo {
				got += s.plan.Run
			}
		}
		if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestUndoIsTriedAgain: for ten minutes where only a person could mend it, for a day where a receiver may come back.
func TestUndoIsTriedAgain(t *testing.T) {
	for class, c := range map[fault.Class]struct {
		patience time.Duration
		pauses   []time.Duration
	}{
		fault.DestinationDown:    {24 * time.Hour, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second}},
		fault.OutOfMemory:        {24 * time.Hour, []time.Duration{10 * time.Second, 20 * time.Second}},
		fault.DestinationRefused: {10 * time.Minute, []time.Duration{time.Minute, 2 * time.Minute}},
		fault.SecretMissing:      {10 * time.Minute, []time.Duration{time.Minute, 2 * time.Minute}},
		// Its volume may have been deleted first.
		v1alpha1.ReasonWorkerNotStarted: {10 * time.Minute, []time.Duration{10 * time.Second, 20 * time.Second}},
		fault.InvalidExpression:         {10 * time.Minute, []time.Duration{time.Minute, time.Minute}},
	} {
		w := newWorld(t)
		w.settle()
		deleted := w.now
		w.remove("mail")
		w.answer = func(*plan.Plan) *v1alpha1.RunResult {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(class), Message: "no"}
		}
		expect(t, string(class), w.pass(), "mail-sync-2")
		w.finish()
		for i, pause := range c.pauses {
			ended := w.now
			expect(t, fmt.Sprintf("%s, right after attempt %d", class, i+1), w.pass())
			if w.dropped() != "" || !w.last.next.Equal(ended.Add(pause)) && !w.last.next.Before(ended.Add(pause)) {
				t.Errorf("%s, after attempt %d: next look after %s, want %s; %s", class, i+1, w.last.next.Sub(ended), pause, w.dropped())
			}
			w.now = ended.Add(pause - time.Second)
			expect(t, fmt.Sprintf("%s, before the pause after attempt %d is over", class, i+1), w.pass())
			w.now = ended.Add(pause)
			expect(t, string(class), w.pass(), fmt.Sprintf("mail-sync-%d", i+3))
			if w.last.starts[0].attempt != int32(i+2) {
				t.Errorf("%s: attempt %d", class, w.last.starts[0].attempt)
			}
			w.finish()
		}
		if msg := readyMessage(w.gone.Activations[0].Status.Conditions); !strings.Contains(msg, string(class)+": no") {
			t.Errorf("%s: the condition says %q", class, msg)
		}
		w.now = deleted.Add(c.patience - time.Second)
		w.pass()
		if w.dropped() != "" {
			t.Errorf("%s: given up too early: %s", class, w.dropped())
		}
		w.finish()
		w.now = deleted.Add(c.patience)
		w.pass()
		if got := w.dropped(); !strings.HasPrefix(got, "mail not undone: run mail-sync-") || !strings.HasSuffix(got, "failed: "+string(class)+": no") {
			t.Errorf("%s: %q", class, got)
		}
	}
}

func readyMessage(cs []metav1.Condition) string {
	for _, c := range cs {
		if c.Type == v1alpha1.ConditionReady {
			return c.Message
		}
	}
	return ""
}

func TestUndoThatLeavesSomebodyGoesOn(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.remove("mail")
	w.answer = func(*plan.Plan) *v1alpha1.RunResult {
		return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: &v1alpha1.RunRevision{Incomplete: true}}
	}
	w.pass()
	w.finish()
	w.pass()
	if w.dropped() != "" {
		t.Errorf("some are still there: %s", w.dropped())
	}
	w.answer = nil
	w.now = w.now.Add(10 * time.Second)
	expect(t, "again", w.pass(), "mail-sync-3")
	w.finish()
	w.pass()
	if w.dropped() != "mail undone" {
		t.Error(w.dropped())
	}
}

func TestUndoLearnsWhatTheLakeHas(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"another revision": func(w *world) { w.lake[plan.SyncSubject("mail")].Run = "mail-sync-40" },
		"none":             func(w *world) { delete(w.lake, plan.SyncSubject("mail")) },
	} {
		w := newWorld(t)
		w.settle()
		rev := *w.lake[plan.SyncSubject("mail")]
		w.lake[plan.SyncSubject("mail")] = &rev
		change(w)
		w.remove("mail")
		expect(t, name, w.pass(), "mail-sync-2")
		w.finish()
		expect(t, name+", learned", w.pass(), "mail-sync-3")
		w.finish()
		w.pass()
		if w.dropped() != "mail undone" {
			t.Errorf("%s: %s", name, w.dropped())
		}
	}
}

func TestRowsAreRetractedBeforeASourceGoes(t *testing.T) {
	for policy, want := range map[string]string{"Retract": "shop-ingest-2", "Retain": "shop undone"} {
		w := newWorld(t)
		w.objects.DataSource("shop").Spec.DeletionPolicy = "Retract"
		w.settle()
		at := metav1.NewTime(w.now)
		d := *w.objects.DataSource("shop")
		d.DeletionTimestamp, d.Spec.DeletionPolicy = &at, policy
		w.objects.DataSources = w.objects.DataSources[:1]
		w.gone.DataSources = []v1alpha1.DataSource{d}
		w.last = w.gather()
		w.last.decide()
		got := w.dropped()
		for _, s := range w.last.starts {
			if s.plan.Ingest != nil && s.plan.Ingest.Retract {
				got += s.plan.Run
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", policy, got, want)
		}
	}
}

func TestNamespaceThatIsBeingDeleted(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.remove("mail")
	w.last = w.gather()
	w.last.decide()
	for _, s := range w.last.starts {
		w.last.cannotUndo(s, "the namespace is being deleted")
	}
	if w.dropped() != "mail not undone: the namespace is being deleted" {
		t.Error(w.dropped())
	}
}

func TestRunsOfWhatIsGoneAreNotKept(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.remove("mail")
	w.objects.Activations, w.objects.IdentityRules, w.objects.DataSources = nil, nil, w.objects.DataSources[:1]
	got := map[string]bool{}
	g := w.gather()
	for i := range w.runs {
		got[w.runs[i].Name] = g.has(&w.runs[i])
	}
	for name, want := range map[string]bool{
		"crm-ingest-1": true, "shop-ingest-1": false, "people-resolve-1": false, "people-evaluate-1": false, "mail-sync-1": true, "letter-sync-1": false, "default-maintain-1": true,
	} {
		if has, ok := got[name]; !ok || has != want {
			t.Errorf("%s: %v", name, has)
		}
	}
}
