package activation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/connectors/filesink"
	"github.com/kith-dev/kith/internal/fault"
)

// within is the next run with a budget.
func (w *world) within(mode activation.Mode, b activation.Budget, d activation.Destination) (activation.Result, error) {
	w.t.Helper()
	c := w.config(mode)
	c.Budget = b
	return activation.Run(w.ctx, w.env(), c, d)
}

// more adds n people to the audience, named from the first letter on.
func (w *world) more(first rune, n int) {
	for i := range n {
		id := fmt.Sprintf("%c%03d", first, i)
		w.people[id] = &human{email: id + "@x", segments: []string{"vip"}, consent: granted()}
	}
	w.settle()
}

// refused checks that a run went over its budget, said so with these words, and did nothing else.
func (w *world) refused(what string, err error, made string, r *receiver, says string) {
	w.t.Helper()
	if !fault.Is(err, fault.BudgetExceeded) || !strings.Contains(err.Error(), says) {
		w.t.Errorf("%s: %v, want %q", what, err, says)
	}
	if w.latest() != made || len(r.requests) > 0 {
		w.t.Errorf("%s: the revision is %s, and %d requests came", what, w.latest(), len(r.requests))
	}
	w.noJournals()
}

func TestBudget(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 20), newReceiver(t)
	fifth := activation.Budget{MaxChangePercent: 20}
	if _, err := w.within(activation.Mirror, fifth, r.destination()); err != nil {
		t.Errorf("the first run: %v", err)
	}
	// Four changes of twenty are a fifth; updates are not counted.
	for _, h := range w.people {
		h.name += "!"
	}
	w.people["aa"].consent = withdrawn()
	w.more('x', 3)
	if res, err := w.within(activation.Mirror, fifth, r.destination()); err != nil || res.Added != 3 || res.Removed != 1 || res.Updated != 19 {
		t.Errorf("exactly the budget: %+v %v", res, err)
	}
	r.holds(t, w.eligible())

	// 22 people are there; three go and two come, which is more.
	w.people["ab"].email, w.people["ac"].segments = "new@x", nil
	w.people["ad"].excluded = []string{"staff"}
	w.more('y', 1)
	r.requests = nil
	_, err := w.within(activation.Mirror, fifth, r.destination())
	w.refused("over it", err, "mail-sync-2", r, "run mail-sync-3 would add 2 and remove 3 of 22 people at the destination, more than the 20 percent that budget.maxChangePercent allows; approve the run, or raise the budget")
	if res, err := w.within(activation.Mirror, activation.Budget{}, r.destination()); err != nil || res.Added != 2 || res.Removed != 3 {
		t.Errorf("approved: %+v %v", res, err)
	}
	r.holds(t, w.eligible())
}

func TestBudgetOfAnEmptyAudience(t *testing.T) {
	t.Parallel()
	refuse := activation.Budget{RefuseEmpty: true}
	for _, mode := range []activation.Mode{activation.Mirror, activation.UpsertOnly, activation.Append} {
		w, r := pairWorld(t, mode)
		r.requests = nil
		w.people["a"].segments, w.people["b"].segments = nil, nil
		w.settle()
		_, err := w.within(mode, refuse, r.destination())
		if mode == activation.Mirror {
			w.refused("nobody is in the audience", err, "mail-sync-1", r, "nobody is eligible, and run mail-sync-2 would remove all 2 people")
		} else if err != nil {
			t.Errorf("%s takes nobody out who only left: %v", mode, err)
		}
	}
	w, r := pairWorld(t, activation.UpsertOnly)
	r.requests = nil
	w.people["a"].consent, w.people["b"].consent = withdrawn(), withdrawn()
	w.settle()
	_, err := w.within(activation.UpsertOnly, refuse, r.destination())
	w.refused("nobody is eligible", err, "mail-sync-1", r, "nobody is eligible")
	w.people["b"].consent, w.people["b"].segments = granted(), nil
	w.settle()
	if res, err := w.within(activation.UpsertOnly, refuse, r.destination()); err != nil || res.Removed != 1 {
		t.Errorf("somebody stays at the destination: %+v %v", res, err)
	}
	w.people["b"].consent = withdrawn()
	w.settle()
	if res, err := w.within(activation.UpsertOnly, activation.Budget{MaxChangePercent: 100}, r.destination()); err != nil || res.Removed != 1 {
		t.Errorf("it may be emptied: %+v %v", res, err)
	}
	w.more('x', 5)
	w.people["x000"].segments = nil
	w.settle()
	if res, err := w.within(activation.UpsertOnly, activation.Budget{MaxChangePercent: 1, RefuseEmpty: true}, r.destination()); err != nil || res.Added != 4 {
		t.Errorf("nobody was at the destination: %+v %v", res, err)
	}
}

// TestBudgetCountsWhatIsNewlyWanted: what an earlier run was let do and could not is done without being asked again.
func TestBudgetCountsWhatIsNewlyWanted(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 20), newReceiver(t)
	tenth := activation.Budget{MaxChangePercent: 10, RefuseEmpty: true}
	r.fault = func(rw http.ResponseWriter, in request, _ func()) bool {
		if in.Batch == 1 {
			return false
		}
		rw.WriteHeader(http.StatusForbidden)
		return true
	}
	if res, err := w.within(activation.Mirror, tenth, r.destination()); !fault.Is(err, fault.DestinationRefused) || res.Sent != 3 {
		t.Errorf("a first run that reached three: %+v %v", res, err)
	}
	r.fault, r.requests = nil, nil
	w.more('x', 1)
	_, err := w.within(activation.Mirror, tenth, r.destination())
	w.refused("one person more", err, "mail-sync-1", r, "would add 1 and remove 0 of 3 people")
	delete(w.people, "x000")
	w.settle()
	if res, err := w.within(activation.Mirror, tenth, r.destination()); err != nil || res.Added != 17 {
		t.Errorf("the rest of the first run: %+v %v", res, err)
	}
	// Removals that failed, with an audience that is empty since.
	for _, h := range w.people {
		h.consent = withdrawn()
	}
	w.settle()
	r.fault = status(http.StatusForbidden, 1)
	if res, err := w.within(activation.Mirror, activation.Budget{}, r.destination()); !fault.Is(err, fault.DestinationRefused) || res.Failed != 20 {
		t.Errorf("approved and refused: %+v %v", res, err)
	}
	if res, err := w.within(activation.Mirror, tenth, r.destination()); err != nil || res.Removed != 20 {
		t.Errorf("the rest of the approved run: %+v %v", res, err)
	}
	r.holds(t, map[string]string{})
}

// TestBudgetAndARunThatDied: the batch in doubt is not counted, and waits with the rest of a run that is over its budget.
func TestBudgetAndARunThatDied(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 4), newReceiver(t)
	w.run(activation.Mirror, r.destination())
	w.more('x', 3)
	r.requests = nil
	ctx, kill := context.WithCancel(w.ctx)
	r.fault = func(rw http.ResponseWriter, _ request, work func()) bool {
		work()
		kill()
		reset(t, rw)
		return true
	}
	if _, err := activation.Run(ctx, w.env(), w.config(activation.Mirror), r.destination()); !fault.Is(err, fault.Cancelled) {
		t.Fatal(err)
	}
	r.fault = nil
	w.more('y', 2)
	_, err := w.within(activation.Mirror, activation.Budget{MaxChangePercent: 20}, r.destination())
	if !fault.Is(err, fault.BudgetExceeded) || !strings.Contains(err.Error(), "would add 2 and remove 0 of 7 people") || len(r.requests) != 1 {
		t.Errorf("%v, %d requests", err, len(r.requests))
	}
	if res, err := w.within(activation.Mirror, activation.Budget{MaxChangePercent: 30}, r.destination()); err != nil || res.Added != 5 {
		t.Errorf("%+v %v", res, err)
	}
	r.holds(t, w.eligible())
	var ordinals []int64
	for _, q := range r.requests {
		ordinals = append(ordinals, q.Batch)
	}
	if !slices.Equal(ordinals, []int64{1, 1, 2}) {
		t.Errorf("batches %v", ordinals)
	}
}

func TestBudgetOfFiles(t *testing.T) {
	t.Parallel()
	w := crowd(t, 4)
	s, dir := files(t, filesink.CSV, "vip.csv")
	w.run(activation.Mirror, s)
	before := content(t, dir+"/vip.csv")
	w.more('x', 2)
	_, err := w.within(activation.Mirror, activation.Budget{MaxChangePercent: 40}, s)
	if !fault.Is(err, fault.BudgetExceeded) || content(t, dir+"/vip.csv") != before {
		t.Errorf("%v, %s", err, content(t, dir+"/vip.csv"))
	}
	if res, err := w.within(activation.Mirror, activation.Budget{MaxChangePercent: 50}, s); err != nil || res.Added != 2 {
		t.Errorf("%+v %v", res, err)
	}
}
