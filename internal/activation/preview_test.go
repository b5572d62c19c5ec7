package activation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/fault"
)

// look at what the next run would do.
func (w *world) look(mode activation.Mode, b activation.Budget) activation.Preview {
	w.t.Helper()
	c := w.config(mode)
	c.Budget = b
	p, err := activation.Look(w.ctx, w.env(), c)
	w.must(err)
	return p
}

// TestLookSeesWhatTheRunDoes: the run itself is the truth, and beside it what is known of the people.
func TestLookSeesWhatTheRunDoes(t *testing.T) {
	t.Parallel()
	for _, mode := range []activation.Mode{activation.Mirror, activation.UpsertOnly, activation.Append} {
		w, r := newWorld(t), newReceiver(t)
		for _, id := range strings.Split("abcdefgh", "") {
			w.people[id] = &human{email: id + "@x", name: id, segments: []string{"vip"}, consent: granted()}
		}
		w.people["h"].consent = nil
		w.settle()
		if got, want := w.look(mode, activation.Budget{}), (activation.Preview{Audience: 8, Eligible: 7, Added: 7}); got != want {
			t.Errorf("%s: the first run: %+v, want %+v", mode, got, want)
		}
		w.run(mode, r.destination())
		if got, want := w.look(mode, activation.Budget{}), (activation.Preview{Audience: 8, Eligible: 7, Before: 7}); got != want {
			t.Errorf("%s: nothing to do: %+v, want %+v", mode, got, want)
		}
		// One has a new name, one a new address, one withdrew, one left, one came, and two became one.
		w.people["a"].name = "Ann"
		w.people["b"].email = "bob@x"
		w.people["c"].consent = withdrawn()
		w.people["d"].segments = nil
		w.people["i"] = &human{email: "i@x", segments: []string{"new"}, consent: granted()}
		delete(w.people, "f")
		w.merges = [][2]string{{"f", "e"}}
		w.settle()
		got := w.look(mode, activation.Budget{})
		requests := len(r.requests)
		res := w.run(mode, r.destination())
		if requests == len(r.requests) {
			t.Errorf("%s: the run sent nothing", mode)
		}
		want := activation.Preview{Audience: res.Audience, Eligible: res.Eligible, Before: 7, Added: res.Added, Updated: res.Updated, Removed: res.Removed}
		if got != want || got.Added == 0 {
			t.Errorf("%s: looked %+v, and did %+v", mode, got, want)
		}
	}
}

// TestLookOverTheBudget says so, sends nothing and writes nothing.
func TestLookOverTheBudget(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 20), newReceiver(t)
	w.run(activation.Mirror, r.destination())
	w.more('x', 5)
	w.must(os.RemoveAll(filepath.Join(w.dir, "journal")))
	requests, latest := len(r.requests), w.latest()
	if p := w.look(activation.Mirror, activation.Budget{MaxChangePercent: 25}); p.OverBudget != nil || p.Added != 5 {
		t.Errorf("exactly the budget: %+v", p)
	}
	p := w.look(activation.Mirror, activation.Budget{MaxChangePercent: 24})
	if !fault.Is(p.OverBudget, fault.BudgetExceeded) || p.Before != 20 || p.Added != 5 {
		t.Errorf("over the budget: %+v", p)
	}
	if len(r.requests) != requests || w.latest() != latest {
		t.Errorf("%d requests came, the revision is %s", len(r.requests)-requests, w.latest())
	}
	if _, err := os.Stat(filepath.Join(w.dir, "journal")); !os.IsNotExist(err) {
		t.Errorf("a journal was made: %v", err)
	}
	w.missing = "segment/vip/marketing"
	w.settle()
	if _, err := activation.Look(w.ctx, w.env(), w.config(activation.Mirror)); !fault.Is(err, fault.ReferenceNotFound) {
		t.Errorf("a segment that was not evaluated: %v", err)
	}
}
