package controllers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

func TestRunNowIsEchoedWhenAllOfItIsDone(t *testing.T) {
	w := newWorld(t)
	w.settle()
	d := w.objects.DataSource("crm")
	d.Annotations = map[string]string{v1alpha1.AnnotationRunNow: "2026-06-01"}
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Ingest != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Message: "new rows"}
		}
		return nil
	}
	handled := func() string { return w.objects.DataSource("crm").Status.LastHandledRunNow }
	expect(t, "at once", w.pass(), "crm-ingest-2")
	for len(w.runs) == 0 || w.runs[len(w.runs)-1].Name != "mail-sync-2" {
		if handled() != "" {
			t.Fatalf("handled before the last Activation: %v", w.runs[len(w.runs)-1].Name)
		}
		w.finish()
		if len(w.pass()) == 0 {
			w.now = w.now.Add(quiet)
		}
	}
	w.settle()
	if handled() != "2026-06-01" {
		t.Errorf("handled: %q", handled())
	}
	for _, c := range w.objects.DataSource("crm").Status.Conditions {
		if c.Type == v1alpha1.ConditionReconciling && c.Status == metav1.ConditionTrue {
			t.Errorf("%+v", c)
		}
	}
}

func TestRunNowOfEveryKind(t *testing.T) {
	for name, c := range map[string]struct {
		of   func(*world) client.Object
		want []string
	}{
		"Workspace":    {func(w *world) client.Object { return w.objects.Workspace }, []string{"default-maintain-2"}},
		"DataSource":   {func(w *world) client.Object { return w.objects.DataSource("crm") }, []string{"crm-ingest-2"}},
		"IdentityRule": {func(w *world) client.Object { return w.objects.IdentityRule("people") }, []string{"people-resolve-2", "people-evaluate-2", "letter-sync-2", "mail-sync-2"}},
		"Trait":        {func(w *world) client.Object { return &w.objects.Traits[0] }, []string{"people-evaluate-2", "letter-sync-2", "mail-sync-2"}},
		"Segment":      {func(w *world) client.Object { return w.objects.Segment("vip") }, []string{"people-evaluate-2", "letter-sync-2", "mail-sync-2"}},
		"Destination":  {func(w *world) client.Object { return w.objects.Destination("esp") }, []string{"letter-sync-2", "mail-sync-2"}},
		"Activation":   {func(w *world) client.Object { return w.objects.Activation("mail") }, []string{"mail-sync-2"}},
	} {
		for _, value := range []string{"now", strings.Repeat("지금", 100), strings.Repeat("x", 127) + "이"} {
			w := newWorld(t)
			w.settle()
			o := c.of(w)
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationRunNow: value})
			expect(t, name, w.settle(), c.want...)
			got := statusOf(c.of(w)).LastHandledRunNow
			if got == "" || !strings.HasPrefix(value, got) || len([]rune(got)) > 128 {
				t.Errorf("%s: handled %q of %q", name, got, value)
			}
			c.of(w).SetAnnotations(map[string]string{v1alpha1.AnnotationRunNow: "again"})
			if again := w.settle(); len(again) != len(c.want) {
				t.Errorf("%s, again: %v", name, again)
			}
		}
	}
}

func statusOf(o client.Object) *v1alpha1.Status {
	switch o := o.(type) {
	case *v1alpha1.Workspace:
		return &o.Status
	case *v1alpha1.DataSource:
		return &o.Status.Status
	case *v1alpha1.IdentityRule:
		return &o.Status.Status
	case *v1alpha1.Segment:
		return &o.Status.Status
	case *v1alpha1.Trait:
		return &o.Status
	case *v1alpha1.Destination:
		return &o.Status
	case *v1alpha1.Activation:
		return &o.Status.Status
	}
	panic(fmt.Sprintf("%T", o))
}

func TestApprovals(t *testing.T) {
	w := newWorld(t)
	w.settle()
	over := map[string]bool{"vip": true, "mail": true}
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		switch {
		case p.Evaluate != nil && over["vip"] && !slices.Contains(p.Approved, "vip"):
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: &v1alpha1.RunRevision{
				Failures: []v1alpha1.RunFailure{{Kind: "Segment", Name: "vip", Class: string(fault.BudgetExceeded), Message: "9 of 10 would leave"}},
			}}
		case p.Sync != nil && over[p.Subject.Name] && !slices.Contains(p.Approved, p.Subject.Name):
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(fault.BudgetExceeded), Message: "9 of 10 would be removed"}
		}
		return nil
	}
	s := w.objects.Segment("vip")
	s.Spec.Where = `profile.tier == "silver"`
	changed(s)
	expect(t, "a condition that changes too much", w.settle(), "people-evaluate-2", "letter-sync-2", "mail-sync-2")
	if got := w.states(); got["vip"] != "Stalled BudgetExceeded" || got["grade"] != "Ready Succeeded" || got["mail"] != "Stalled BudgetExceeded" || got["letter"] != "Ready Succeeded" {
		t.Errorf("%v", got)
	}
	for _, wrong := range []string{"people-evaluate-1", "x"} {
		w.objects.Segment("vip").Annotations = map[string]string{v1alpha1.AnnotationApprove: wrong}
		expect(t, "the approval of another run", w.settle())
	}
	w.objects.Segment("vip").Annotations = map[string]string{v1alpha1.AnnotationApprove: "people-evaluate-2"}
	expect(t, "approved", w.settle(), "people-evaluate-3", "letter-sync-3", "mail-sync-3")
	if got := w.states()["vip"]; got != "Ready Succeeded" {
		t.Errorf("%s", got)
	}
	w.objects.Activation("mail").Annotations = map[string]string{v1alpha1.AnnotationApprove: "mail-sync-2"}
	expect(t, "the approval of older data", w.settle())
	w.objects.Activation("mail").Annotations = map[string]string{v1alpha1.AnnotationApprove: "mail-sync-3"}
	expect(t, "approved", w.settle(), "mail-sync-4")
	if got := w.states()["mail"]; got != "Ready Succeeded" {
		t.Errorf("%s", got)
	}
}
