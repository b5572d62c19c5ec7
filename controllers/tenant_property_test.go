package controllers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// TestOrderInWhichObjectsComeDoesNotMatter: whatever order a tenant is applied in, everything becomes Ready with the fewest runs.
func TestOrderInWhichObjectsComeDoesNotMatter(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		all := w.objects
		w.objects = plan.Objects{}
		var adds []func()
		adds = append(adds, func() { w.objects.Workspace = all.Workspace })
		for _, o := range all.DataSources {
			adds = append(adds, func() { w.objects.DataSources = append(w.objects.DataSources, o) })
		}
		for _, o := range all.IdentityRules {
			adds = append(adds, func() { w.objects.IdentityRules = append(w.objects.IdentityRules, o) })
		}
		for _, o := range all.Traits {
			adds = append(adds, func() { w.objects.Traits = append(w.objects.Traits, o) })
		}
		for _, o := range all.Segments {
			adds = append(adds, func() { w.objects.Segments = append(w.objects.Segments, o) })
		}
		for _, o := range all.Destinations {
			adds = append(adds, func() { w.objects.Destinations = append(w.objects.Destinations, o) })
		}
		for _, o := range all.Activations {
			adds = append(adds, func() { w.objects.Activations = append(w.objects.Activations, o) })
		}
		rng.Shuffle(len(adds), func(i, j int) { adds[i], adds[j] = adds[j], adds[i] })
		for _, add := range adds {
			add()
			w.now = w.now.Add(100 * time.Millisecond)
			w.pass()
		}
		w.settle()
		for name, state := range w.states() {
			if !strings.HasPrefix(state, "Ready") {
				t.Errorf("seed %d: %s is %s", seed, name, state)
			}
		}
		if len(w.runs) != 7 {
			t.Errorf("seed %d: %d runs where 7 do", seed, len(w.runs))
		}
	}
}

// TestWhateverHappens: with declarations that change, runs that fail and managers that forget, there is one Run under a lock, no
// Destination gets more Syncs than it takes (pass checks both), and once people leave it alone everything becomes Ready and quiet.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t)
		w.objects.Destinations[0].Spec.Delivery.Concurrency = 1
		classes := []fault.Class{fault.OutOfMemory, fault.DestinationDown, fault.SecretMissing, v1alpha1.ReasonWorkerLost}
		w.answer = func(*plan.Plan) *v1alpha1.RunResult {
			if rng.IntN(3) == 0 {
				return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(classes[rng.IntN(len(classes))]), Message: "as told"}
			}
			return nil
		}
		for range 150 {
			switch rng.IntN(8) {
			case 0:
				s := w.objects.Segment("vip")
				s.Spec.Where = fmt.Sprintf(`profile.tier == "%d"`, rng.IntN(3))
				changed(s)
			case 1:
				d := &w.objects.DataSources[rng.IntN(2)]
				d.Spec.Key = []string{fmt.Sprint(rng.IntN(3))}
				changed(d)
			case 2:
				a := &w.objects.Activations[rng.IntN(2)]
				a.Annotations = map[string]string{v1alpha1.AnnotationRunNow: fmt.Sprint(w.now.UnixNano())}
			case 3:
				w.memory = memory{} // the manager is started anew
			case 4:
				w.now = w.now.Add([]time.Duration{time.Second, time.Minute, time.Hour}[rng.IntN(3)])
			case 5:
				if live := w.live(); len(live) > 0 {
					w.finish(live[rng.IntN(len(live))].Name)
				}
			case 6:
				surplus := plan.Surplus(w.runs, 1)
				w.runs = slices.DeleteFunc(w.runs, func(r v1alpha1.Run) bool { return slices.Contains(surplus, r.Name) })
			default:
				w.pass()
			}
		}
		w.answer = nil
		for range 30 {
			w.settle()
			if !slices.ContainsFunc(slices.Collect(maps.Values(w.states())), func(s string) bool { return !strings.HasPrefix(s, "Ready") }) {
				break
			}
			w.now = w.last.next // of a retry
		}
		for name, state := range w.states() {
			if !strings.HasPrefix(state, "Ready") {
				t.Errorf("seed %d: %s is %s", seed, name, state)
			}
		}
	}
}
