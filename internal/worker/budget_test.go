package worker_test

import (
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/worker"
)

// TestBudgetOfAnActivation, whose people are three more than it may add, and then all gone.
func TestBudgetOfAnActivation(t *testing.T) {
	t.Parallel()
	w := newTenant(t, "key: true}]", "key: true}]\n  budget: {maxChangePercent: 50}")
	w.audience()
	w.run(w.sync())
	w.sent()
	w.file(three + "4,d@example.com,Berlin\n5,e@example.com,Berlin\n")
	w.audience()
	w.outcome("two more of two", w.sync(), "", "hello-sync-1", fault.BudgetExceeded)
	other := w.sync()
	other.Approved = []string{"berliners"}
	w.outcome("something else is approved", other, "", "hello-sync-1", fault.BudgetExceeded)
	if got := w.sent(); len(got) > 0 {
		t.Errorf("sent %v", got)
	}
	approved := w.sync()
	approved.Approved = []string{"hello"}
	w.outcome("approved", approved, "hello-sync-2", "hello-sync-2", "")
	if got := w.sent(); !slices.Equal(got, []string{"upsert d@example.com", "upsert e@example.com"}) {
		t.Errorf("sent %v", got)
	}
	w.file(header + "1,anna@example.com,Bonn\n3,carl@example.com,Bonn\n4,d@example.com,Bonn\n5,e@example.com,Bonn\n")
	w.audience()
	for _, policy := range []string{"Refuse", ""} {
		p := w.sync()
		p.Sync.Activation.Budget.OnEmptyAudience, p.Sync.Activation.Budget.MaxChangePercent = policy, nil
		w.outcome("nobody is left: "+policy, p, "", "hello-sync-2", fault.BudgetExceeded)
	}
	p := w.sync()
	p.Sync.Activation.Budget.OnEmptyAudience, p.Sync.Activation.Budget.MaxChangePercent = "Proceed", nil
	w.outcome("nobody is left, and that is meant", p, "hello-sync-3", "hello-sync-3", "")
	if got := w.sent(); len(got) != 4 {
		t.Errorf("sent %v", got)
	}
}

func TestBudgetOfASegment(t *testing.T) {
	t.Parallel()
	w := newTenant(t, `where: profile.city == "Berlin"`, "where: profile.city == \"Berlin\"\n  budget: {maxChangePercent: 50}")
	w.audience()
	w.file(three + "4,d@example.com,Berlin\n5,e@example.com,Berlin\n")
	w.run(w.ingest())
	w.run(w.resolve())
	parts := func(p *plan.Plan) []worker.Part { return worker.Parts(w.run(p).Revision) }
	got := parts(w.evaluate())
	if len(got) != 1 || got[0].Kind != "Segment" || got[0].Name != "berliners" || got[0].Class != fault.BudgetExceeded {
		t.Errorf("%+v", got)
	}
	approved := w.evaluate()
	approved.Approved = []string{"berliners"}
	if got := parts(approved); len(got) > 0 {
		t.Errorf("approved: %+v", got)
	}
}

// TestBudgetOfPeople, two of whom turn out to be one.
func TestBudgetOfPeople(t *testing.T) {
	t.Parallel()
	w := newTenant(t, "deterministic: [{identifiers: [customerId]}]", "deterministic: [{identifiers: [email]}]\n  budget: {maxChangePercent: 50}")
	w.audience()
	w.file(header + "1,anna@example.com,Berlin\n2,anna@example.com,Bonn\n3,carl@example.com,Berlin\n")
	w.run(w.ingest())
	w.outcome("two of three change", w.resolve(), "", "people-resolve-1", fault.BudgetExceeded)
	other := w.resolve()
	other.Approved = []string{"berliners"}
	w.outcome("something else is approved", other, "", "people-resolve-1", fault.BudgetExceeded)
	approved := w.resolve()
	approved.Approved = []string{"people"}
	w.outcome("approved", approved, "people-resolve-2", "people-resolve-2", "")
}
