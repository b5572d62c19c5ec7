package operator_test

import (
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

const notFound = string(fault.ReferenceNotFound)

// Everything is created before what it refers to, and all becomes Ready in the end.
func TestAnyOrder(t *testing.T) {
	w := newWorld(t)
	objects := retail()
	slices.Reverse(objects)
	for _, o := range objects {
		w.create(o)
		if w.ref(o) != "Workspace/default" {
			w.check("it waits for the Workspace", w.is(w.ref(o), reconciling(notFound), says("Workspace")))
		}
		w.pass(20 * time.Second)
	}
	w.eventually("all is Ready", w.ready(everything...))
	for _, ref := range everything {
		for _, o := range w.history(ref) {
			if state(o, statusOf(o)) == "Failed" {
				t.Errorf("%s was Stalled in between: %s", ref, told(statusOf(o)))
			}
		}
	}
}

// What refers to something that does not come is Stalled after a while, and mended when it comes after all.
func TestSomethingIsMissing(t *testing.T) {
	for _, c := range []struct {
		missing string
		says    map[string]string // by what waits
	}{
		{"Workspace/default", map[string]string{"DataSource/crm": "Workspace", "IdentityRule/people": "Workspace", "Segment/vip": "Workspace", "Destination/esp": "Workspace", "Activation/mail": "Workspace"}},
		{"DataSource/crm", map[string]string{"IdentityRule/people": `DataSource "crm"`}},
		{"IdentityRule/people", map[string]string{"Segment/vip": `IdentityRule "people"`}},
		{"Segment/vip", map[string]string{"Activation/mail": `Segment "vip"`}},
		{"Destination/esp", map[string]string{"Activation/mail": `Destination "esp"`}},
	} {
		t.Run(c.missing, func(t *testing.T) {
			w := newWorld(t)
			var last client.Object
			for _, o := range retail() {
				if w.ref(o) == c.missing {
					last = o
					continue
				}
				w.create(o)
			}
			is := func(want func(string) want) func() error {
				var checks []func() error
				for ref, words := range c.says {
					checks = append(checks, w.is(ref, want(notFound), says(words)))
				}
				return all(checks...)
			}
			w.eventually("it waits", is(reconciling))
			w.always(4*time.Minute, "it waits", is(reconciling))
			w.within(2*time.Minute, "it is Stalled", is(stalled))
			w.always(20*time.Minute, "it stays Stalled", is(stalled))
			if c.missing != "Workspace/default" {
				w.check("the others are not", w.ready("Workspace/default"))
			}
			w.create(last)
			w.eventually("it is mended", w.ready(everything...))
		})
	}
}

// An object that others need goes and comes back.
func TestSomethingGoes(t *testing.T) {
	for _, c := range []struct{ gone, waits string }{
		{"DataSource/crm", "IdentityRule/people"}, {"IdentityRule/people", "Segment/vip"}, {"Segment/vip", "Activation/mail"}, {"Destination/esp", "Activation/mail"},
		{"Workspace/default", "Activation/mail"},
	} {
		t.Run(c.gone, func(t *testing.T) {
			w := newRetail(t)
			w.delete(c.gone)
			w.eventually("it is missed", w.is(c.waits, reconciling(notFound)))
			w.within(6*time.Minute, "it is missed for long", w.is(c.waits, stalled(notFound)))
			for _, o := range retail() {
				if w.ref(o) == c.gone {
					w.create(o)
				}
			}
			w.eventually("it is back", w.ready(everything...))
		})
	}
}

// A mistake in one expression is told where it is made, and takes nobody else down.
func TestAnInvalidExpression(t *testing.T) {
	w := newWorld(t)
	w.create(append(retail(), segment("wrong", "people", "profile.known &&\n  profile.teir == \"gold\""), trait("odd", "people", "odd", "profile.tier + 1"))...)
	w.eventually("they are Stalled", all(
		w.is("Segment/wrong", stalled(string(fault.InvalidExpression)), says("spec.where", "2:10", "teir")),
		w.is("Trait/odd", stalled(string(fault.InvalidExpression)), says("spec.expression", "1:")),
	))
	w.eventually("the others are Ready", w.ready(everything...))
	edit(w, &v1alpha1.Segment{}, "wrong", func(s *v1alpha1.Segment) { s.Spec.Where = gold })
	edit(w, &v1alpha1.Trait{}, "odd", func(s *v1alpha1.Trait) { s.Spec.Expression = "profile.tier" })
	w.eventually("they are mended", w.ready("Segment/wrong", "Trait/odd"))
	w.check("the evaluation knows", w.inEffect("wrong", gold))
}
