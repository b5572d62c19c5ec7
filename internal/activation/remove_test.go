package activation_test

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/connectors/filesink"
	"github.com/kith-dev/kith/internal/fault"
)

// removal is the run that takes everybody out. It has nothing to read people from.
func (w *world) removal(mode activation.Mode) activation.Config {
	w.t.Helper()
	c := w.config(mode)
	return activation.Config{
		Plan: c.Plan, Rule: c.Rule, Mode: mode, Delivery: c.Delivery, RemoveMembers: true,
		Fields: []activation.Field{{As: "email", Key: true}, {As: "name"}},
	}
}

func (w *world) remove(mode activation.Mode, d activation.Destination) activation.Result {
	w.t.Helper()
	res, err := activation.Run(w.ctx, w.env(), w.removal(mode), d)
	w.must(err)
	return res
}

func (w *world) latest() string {
	w.t.Helper()
	last, err := w.lake.Latest(w.ctx, "Sync", "Activation", "mail")
	w.must(err)
	if last == nil {
		return ""
	}
	return last.Run
}

// TestRemoveMembers takes everybody out, once, and whoever is declared again under the same name is sent everybody again.
func TestRemoveMembers(t *testing.T) {
	t.Parallel()
	for _, mode := range []activation.Mode{activation.Mirror, activation.UpsertOnly, activation.Append} {
		w, r := pairWorld(t, mode)
		w.people["c"] = &human{email: "", segments: []string{"vip"}, consent: granted()}
		w.settle()
		w.run(mode, r.destination())
		if res := w.remove(mode, r.destination()); res.Removed != 2 || res.Audience != 0 || res.Sent != 0 {
			t.Errorf("%s: %+v", mode, res)
		}
		r.holds(t, map[string]string{})
		rowsAre(t, w.ledgerRows(), "a a@x Removed ActivationDeleted ", "b b@x Removed ActivationDeleted ")
		made, requests := w.latest(), len(r.requests)
		if w.remove(mode, r.destination()); w.latest() != made || len(r.requests) != requests {
			t.Errorf("%s: there was nobody to take out, and %d requests came and the revision is %s", mode, len(r.requests)-requests, w.latest())
		}
		w.settle()
		if res := w.run(mode, r.destination()); res.Added != 2 {
			t.Errorf("%s: declared again: %+v", mode, res)
		}
		r.holds(t, map[string]string{"a@x": ann, "b@x": bob})
	}
}

// TestRemoveMembersOfNothing asks no receiver and commits nothing.
func TestRemoveMembersOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t)
	w.remove(activation.Mirror, r.destination())
	if w.latest() != "" || len(r.requests) > 0 {
		t.Errorf("revision %q, %d requests", w.latest(), len(r.requests))
	}
}

// TestRemoveMembersGoesOn where the receiver was down, and where it refused somebody.
func TestRemoveMembersGoesOn(t *testing.T) {
	t.Parallel()
	w, r := pairWorld(t, activation.UpsertOnly)
	r.fault = status(http.StatusServiceUnavailable, 1<<30)
	res, err := activation.Run(w.ctx, w.env(), w.removal(activation.UpsertOnly), r.destination())
	if !fault.Is(err, fault.DestinationDown) || res.Failed+res.Uncertain != 2 {
		t.Errorf("%+v, %v", res, err)
	}
	r.fault, r.reject = nil, map[string]string{"a@x": "busy"}
	res, err = activation.Run(w.ctx, w.env(), w.removal(activation.UpsertOnly), r.destination())
	if !fault.Is(err, fault.RecordsRejected) || res.Removed != 1 || res.Rejected != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	rowsAre(t, w.ledgerRows(), "a a@x Rejected ActivationDeleted ", "b b@x Removed ActivationDeleted ")
	r.reject = nil
	// The receiver answers a key that it knows as it did before; this is a new batch.
	if res := w.remove(activation.UpsertOnly, r.destination()); res.Removed != 1 {
		t.Errorf("%+v", res)
	}
	r.holds(t, map[string]string{})
}

// TestRemoveMembersKilled is cut off while a batch is under way and taken up by a run of the same name.
func TestRemoveMembersKilled(t *testing.T) {
	t.Parallel()
	for _, arrives := range []bool{true, false} {
		w, r := crowd(t, 7), newReceiver(t)
		w.run(activation.Mirror, r.destination())
		ctx, kill := context.WithCancel(w.ctx)
		r.requests = nil
		r.fault = func(rw http.ResponseWriter, in request, work func()) bool {
			if in.Batch < 2 {
				return false
			}
			if arrives {
				work()
			}
			kill()
			reset(t, rw)
			return true
		}
		if _, err := activation.Run(ctx, w.env(), w.removal(activation.Mirror), r.destination()); !fault.Is(err, fault.Cancelled) {
			t.Fatal(err)
		}
		r.fault = nil
		res := w.remove(activation.Mirror, r.destination())
		r.holds(t, map[string]string{})
		var ordinals []int64
		for _, q := range r.requests {
			ordinals = append(ordinals, q.Batch)
		}
		if !slices.Equal(ordinals, []int64{1, 2, 2, 3}) || res.Removed != 7 {
			t.Errorf("batches %v, %+v", ordinals, res)
		}
		w.noJournals()
	}
}

// TestRemoveMembersOfARunThatDied: no ledger tells of those whom it sent, or may have sent, but its journal.
func TestRemoveMembersOfARunThatDied(t *testing.T) {
	t.Parallel()
	for _, mode := range []activation.Mode{activation.Mirror, activation.Append} {
		w, r := crowd(t, 7), newReceiver(t)
		ctx, kill := context.WithCancel(w.ctx)
		r.fault = func(rw http.ResponseWriter, in request, work func()) bool {
			if in.Batch < 2 {
				return false
			}
			work()
			kill()
			reset(t, rw)
			return true
		}
		if _, err := activation.Run(ctx, w.env(), w.config(mode), r.destination()); !fault.Is(err, fault.Cancelled) {
			t.Fatal(err)
		}
		r.fault = nil
		if res := w.remove(mode, r.destination()); res.Removed != 6 {
			t.Errorf("%s: %+v", mode, res)
		}
		r.holds(t, map[string]string{})
		w.noJournals()
	}
}

// TestRemoveMembersFromFiles: a mirror becomes empty, a file of updates tells of removals, and files that only add stay as they are.
func TestRemoveMembersFromFiles(t *testing.T) {
	t.Parallel()
	all := "email,name\naa@x,AA\nab@x,AB\n"
	for mode, want := range map[activation.Mode]map[string]string{
		activation.Mirror:     {"vip.csv": "email,name\n"},
		activation.UpsertOnly: {"vip-mail-sync-1.csv": "operation,email,name\nupsert,aa@x,AA\nupsert,ab@x,AB\n", "vip-mail-sync-2.csv": "operation,email,name\nremove,aa@x,\nremove,ab@x,\n"},
		activation.Append:     {"vip-mail-sync-1.csv": all},
	} {
		w := crowd(t, 2)
		s, dir := files(t, filesink.CSV, "vip.csv")
		w.run(mode, s)
		for range 2 {
			w.remove(mode, s)
		}
		there, err := filepath.Glob(filepath.Join(dir, "*"))
		w.must(err)
		if len(there) != len(want) {
			t.Errorf("%s: files %v", mode, there)
		}
		for name, text := range want {
			if got := content(t, filepath.Join(dir, name)); got != text {
				t.Errorf("%s: %s is %q, want %q", mode, name, got, text)
			}
		}
		res := w.run(mode, s)
		if mode == activation.Append {
			if res.Added != 0 {
				t.Errorf("declared again, people who are in a file already are added: %+v", res)
			}
		} else if res.Added != 2 {
			t.Errorf("%s: declared again: %+v", mode, res)
		}
		if got := content(t, filepath.Join(dir, "vip.csv")); mode == activation.Mirror && got != all {
			t.Errorf("declared again: %q", got)
		}
	}
}
