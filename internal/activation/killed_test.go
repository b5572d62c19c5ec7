package activation_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// TestKilled cuts a run off while a batch is under way; the next one, of the same name, takes it up.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, arrives := range []bool{true, false} {
		w, r := crowd(t, 7), newReceiver(t)
		ctx, kill := context.WithCancel(w.ctx)
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
		_, err := activation.Run(ctx, w.env(), w.config(activation.Mirror), r.destination())
		if !fault.Is(err, fault.Cancelled) {
			t.Fatal(err)
		}
		if last, _ := w.lake.Latest(w.ctx, "Sync", "Activation", "mail"); last != nil {
			t.Fatal("a run that was killed has committed")
		}
		tear(t, w.journal("mail-sync-1"))
		r.fault = nil
		res := w.run(activation.Mirror, r.destination())
		r.holds(t, w.eligible())
		var ordinals []int64
		for _, q := range r.requests {
			ordinals = append(ordinals, q.Batch)
		}
		if !slices.Equal(ordinals, []int64{1, 2, 2, 3}) || res.Added != 7 {
			t.Errorf("batches %v, %+v", ordinals, res)
		}
		for key, n := range r.sends {
			if n != 1 {
				t.Errorf("%s was sent %d times", key, n)
			}
		}
		w.noJournals()
	}
}

func (w *world) journal(run string) string {
	return filepath.Join(w.dir, "journal", "mail", run+".log")
}

// tear adds the beginning of an entry that was never finished.
func tear(t testing.TB, path string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(`00000000 {"n":99,"kind":"outc`)
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
}

func (w *world) noJournals() {
	w.t.Helper()
	left, err := filepath.Glob(w.journal("*"))
	w.must(err)
	if len(left) > 0 {
		w.t.Errorf("journals are left: %v", left)
	}
}

// TestKilledAfterCommit leaves the journal of a committed run behind: it must count once, and the same plan sends nothing again.
func TestKilledAfterCommit(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 4), newReceiver(t)
	kept := filepath.Join(t.TempDir(), "kept")
	r.fault = func(rw http.ResponseWriter, in request, _ func()) bool {
		if in.Batch == 1 {
			w.must(os.Link(w.journal("mail-sync-1"), kept))
			return false
		}
		rw.WriteHeader(403)
		return true
	}
	c := w.config(activation.Mirror)
	first, err := activation.Run(w.ctx, w.env(), c, r.destination())
	if !fault.Is(err, fault.DestinationRefused) {
		t.Fatal(err)
	}
	w.must(os.Link(kept, w.journal("mail-sync-1")))
	before := len(r.requests)
	again, err := activation.Run(w.ctx, w.env(), c, r.destination())
	if !fault.Is(err, fault.DestinationRefused) || again.Failed != first.Failed || again.Sent != 3 || len(r.requests) != before {
		t.Errorf("the same plan again: %+v, %v, %d requests", again, err, len(r.requests)-before)
	}
	w.noJournals()
	w.must(os.Link(kept, w.journal("mail-sync-1")))
	r.fault = nil
	res := w.run(activation.Mirror, r.destination())
	r.holds(t, w.eligible())
	if res.Unchanged != 3 || res.Added != 1 {
		t.Errorf("%+v", res)
	}
	w.noJournals()
}

func TestHopeless(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 3), newReceiver(t)
	for i := range 1100 {
		id := "x" + strconv.Itoa(i)
		w.people[id] = &human{email: id + "@x", segments: []string{"vip"}, consent: granted()}
	}
	w.settle()
	r.fault = status(400, 1<<30)
	c := w.config(activation.Mirror)
	c.Delivery.BatchSize = 100
	res, err := activation.Run(w.ctx, w.env(), c, r.destination())
	if !fault.Is(err, fault.DestinationRefused) || res.Rejected < 1000 || res.Failed == 0 || res.Rejected+res.Failed != 1103 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestTwoAtOnce: a worker that was given up for dead still sends when its successor begins, and when one begins that takes people out.
// The journal's lock refuses both before they send anything.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w, r := crowd(t, 4), newReceiver(t)
	began, ended, goOn := make(chan struct{}), make(chan error), make(chan struct{})
	r.fault = func(_ http.ResponseWriter, in request, _ func()) bool {
		if in.Batch == 1 {
			close(began)
			r.mu.Unlock()
			<-goOn
			r.mu.Lock()
		}
		return false
	}
	first, successor, removal := w.config(activation.Mirror), w.config(activation.Mirror), w.removal(activation.Mirror)
	successor.Plan.Run, removal.Plan.Run = "mail-sync-2", "mail-sync-3"
	go func() {
		_, err := activation.Run(w.ctx, w.env(), first, r.destination())
		ended <- err
	}()
	<-began
	// Another process has an engine of its own.
	db, err := engine.Open(w.ctx, engine.Options{Scratch: t.TempDir(), MemoryLimit: "1GB", Threads: 1, Allowed: []string{w.dir}})
	w.must(err)
	defer func() { _ = db.Close() }()
	env := w.env()
	env.DB = db
	for _, c := range []activation.Config{first, successor, removal} {
		if _, err := activation.Run(w.ctx, env, c, r.destination()); !fault.Is(err, fault.LakeLocked) {
			t.Errorf("%s beside another: %v", c.Plan.Run, err)
		}
	}
	close(goOn)
	w.must(<-ended)
	if len(r.requests) != 2 {
		t.Errorf("%d requests", len(r.requests))
	}
	r.holds(t, w.eligible())
	if _, err := activation.Run(w.ctx, env, successor, r.destination()); !fault.Is(err, fault.Superseded) || len(r.requests) != 2 {
		t.Errorf("the successor, planned before: %v, %d requests", err, len(r.requests))
	}
}
