package operator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/kith-dev/kith/controllers"
)

// writes is the manager's client. The manager can be killed at one of its writes, which then has reached the API or has not.
type writes struct {
	client.Client
	mu      sync.Mutex
	left    int  // up to the one that it is killed at; 0 for never
	reaches bool // the API
	dead    bool
}

var errKilled = errors.New("the manager is being killed")

// do a write, unless the manager is dead.
func (w *writes) do(write func() error) error {
	w.mu.Lock()
	if w.dead {
		w.mu.Unlock()
		return errKilled
	}
	last := w.left == 1
	w.left = max(0, w.left-1)
	w.dead = last
	w.mu.Unlock()
	if last && !w.reaches {
		return errKilled
	}
	err := write()
	if last {
		return errKilled
	}
	return err
}

func (w *writes) killed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

func (w *writes) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	return w.do(func() error { return w.Client.Create(ctx, o, opts...) })
}

func (w *writes) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	return w.do(func() error { return w.Client.Update(ctx, o, opts...) })
}

func (w *writes) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	return w.do(func() error { return w.Client.Patch(ctx, o, p, opts...) })
}

func (w *writes) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	return w.do(func() error { return w.Client.Delete(ctx, o, opts...) })
}

func (w *writes) Status() client.SubResourceWriter { return statusWrites{w.Client.Status(), w} }

type statusWrites struct {
	client.SubResourceWriter
	writes *writes
}

func (s statusWrites) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	return s.writes.do(func() error { return s.SubResourceWriter.Patch(ctx, o, p, opts...) })
}

// recorder keeps the events that the manager made.
type recorder struct {
	mu   sync.Mutex
	made []event
}

type event struct {
	name, kind, reason, note string
}

// tee records events and passes them on to the API.
type tee struct {
	*recorder
	api events.EventRecorder
}

func (t tee) Eventf(regarding, related runtime.Object, kind, reason, action, note string, args ...any) {
	t.mu.Lock()
	e := event{kind: kind, reason: reason, note: fmt.Sprintf(note, args...)}
	if o, ok := regarding.(client.Object); ok {
		e.name = o.GetName()
	}
	t.made = append(t.made, e)
	t.mu.Unlock()
	t.api.Eventf(regarding, related, kind, reason, action, note, args...)
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.made)
}

// of are the reasons of the events about objects of a name.
func (r *recorder) of(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, e := range r.made {
		if e.name == name {
			out = append(out, e.reason)
		}
	}
	return out
}

func (r *recorder) has(name, reason string) bool { return slices.Contains(r.of(name), reason) }

var registerMetrics sync.Once

// dropped is how many finalizers of a kind the metric says were dropped, in all tests together.
func (w *world) dropped(kind string) float64 {
	w.t.Helper()
	registerMetrics.Do(func() {
		if err := controllers.RegisterMetrics(w.WithWatch, w.Scheme()); err != nil {
			w.t.Fatal(err)
		}
	})
	all, err := metrics.Registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, family := range all {
		if family.GetName() != "kith_finalizers_dropped_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if m.GetLabel()[0].GetValue() == kind {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
