package operator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// Events tell of changes, once, and reach the API.
func TestEventsTellOfChanges(t *testing.T) {
	w := newRetail(t)
	for name, want := range map[string][]string{
		"crm":    {"Progressing", "Succeeded"},
		"people": {"WaitingForInput", "Progressing", "Succeeded"},
		"vip":    {"WaitingForInput", "Progressing", "Succeeded"},
		"mail":   {"WaitingForInput", "Progressing", "Succeeded"},
		"esp":    {"Accepted"},
	} {
		// What was created before what it refers to says so first.
		got := slices.Compact(slices.DeleteFunc(w.events.of(name), func(r string) bool { return r == notFound }))
		if !slices.Equal(got, want) {
			t.Errorf("events of %s: %v", name, got)
		}
	}
	quiet := w.events.count()
	w.pass(70 * time.Minute) // with polls, an evaluation and Syncs
	w.restart()
	w.pass(time.Minute)
	if n := w.events.count(); n != quiet {
		t.Errorf("%d events of nothing: %+v", n-quiet, w.events.made[quiet:])
	}

	w.finisher.failing(v1alpha1.TaskSync, fault.DestinationDown, "503")
	w.runNow("Activation/mail", "1")
	w.pass(10 * time.Minute)
	before := len(w.events.of("mail"))
	runs := len(w.finisher.ran(v1alpha1.TaskSync, "mail"))
	w.finisher.mended()
	w.within(20*time.Minute, "it is mended", w.ready("Activation/mail"))
	if got := w.events.of("mail"); !slices.Equal(got[before-1:], []string{"DestinationDown", "Succeeded"}) || slices.Contains(got[:before-1], "DestinationDown") {
		t.Errorf("a receiver that is down for a while, with %d runs, makes the events %v", runs, got)
	}
	for _, r := range w.made(v1alpha1.TaskSync) {
		if got := w.events.of(r.Name); len(got) > 1 {
			t.Errorf("events of run %s: %v", r.Name, got)
		}
	}
	w.eventuallyInTheAPI("mail", "DestinationDown", "Warning")
	w.eventuallyInTheAPI("mail", "Succeeded", "Normal")
}

// eventuallyInTheAPI waits for an event, which is sent in the background.
func (w *world) eventuallyInTheAPI(name, reason, kind string) {
	w.t.Helper()
	var seen []string
	for end := time.Now().Add(restWithin); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var l eventsv1.EventList
		if err := w.List(w.ctx, &l, client.InNamespace(w.namespace)); err != nil {
			w.t.Fatal(err)
		}
		seen = nil
		for _, e := range l.Items {
			if e.Regarding.Name == name && e.Reason == reason && e.Type == kind {
				return
			}
			seen = append(seen, fmt.Sprintf("%s %s %s", e.Regarding.Name, e.Type, e.Reason))
		}
	}
	w.t.Errorf("there is no event %s %s of %s: %v", kind, reason, name, seen)
}
