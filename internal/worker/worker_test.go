package worker_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/worker"
)

// outcome checks what a run said: the revision it made, the latest one, and the class of its error.
func (w *tenant) outcome(what string, p *plan.Plan, made, latest string, class fault.Class) {
	w.t.Helper()
	out, err := worker.Run(w.ctx, w.env, p)
	if name(out.Revision) != made || name(out.Latest) != latest {
		w.t.Errorf("%s: made %q, latest %q; want %q, %q", what, name(out.Revision), name(out.Latest), made, latest)
	}
	if (err != nil) != (class != "") || err != nil && !fault.Is(err, class) {
		w.t.Errorf("%s: the error is %v, want %q", what, err, class)
	}
}

// TestOutcomes of the same and of other plans on one lake.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	first := w.ingest()
	w.outcome("the first", first, "crm-ingest-1", "crm-ingest-1", "")
	w.file(three + "4,dora@example.com,Berlin\n")
	w.outcome("the first again, although the file has changed", first, "crm-ingest-1", "crm-ingest-1", "")
	second := w.ingest()
	w.outcome("the second", second, "crm-ingest-2", "crm-ingest-2", "")
	w.outcome("nothing to read", w.ingest(), "", "crm-ingest-2", "")
	w.outcome("the first, which was overtaken", first, "", "crm-ingest-2", fault.Superseded)

	lost := plan.Ingest(w.objects, &w.objects.DataSources[0], plan.Revisions{}, w.now)
	lost.Serial, lost.Run = 9, "crm-ingest-9"
	w.outcome("by a manager that has lost everything", lost, "", "crm-ingest-2", fault.Superseded)

	other := *second
	source := *second.Ingest
	source.Currency, other.Ingest = "CHF", &source
	w.outcome("another plan of the same name", &other, "", "crm-ingest-2", fault.Superseded)

	broken := w.ingest()
	w.env.Volumes = nil
	w.outcome("without its volume", broken, "", "crm-ingest-2", fault.VolumeMissing)
	// What needs no look at the source is told without it.
	w.outcome("the second again, without its volume", second, "crm-ingest-2", "crm-ingest-2", "")
}

// TestSyncThatWasCommitted gives the same answer again, error included, and sends nothing.
func TestSyncThatWasCommitted(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.audience()
	w.answer = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) }
	p := w.sync()
	for range 2 {
		w.outcome("refused", p, "hello-sync-1", "hello-sync-1", fault.DestinationRefused)
	}
	if got := w.sent(); len(got) != 1 {
		t.Errorf("sent %v", got)
	}
	if !w.revisions()[p.Subject].Incomplete {
		t.Error("people who were not delivered left nothing to be done")
	}
	w.answer = nil
	w.outcome("the next", w.sync(), "hello-sync-2", "hello-sync-2", "")
	if got := w.sent(); !slices.Equal(got, []string{"upsert anna@example.com", "upsert carl@example.com"}) {
		t.Errorf("sent %v", got)
	}
	if w.revisions()[p.Subject].Incomplete {
		t.Error("everybody was delivered and something is left to be done")
	}
	w.outcome("the refused one, which was overtaken", p, "", "hello-sync-2", fault.Superseded)
	if got := w.sent(); len(got) > 0 {
		t.Errorf("sent %v", got)
	}
}

// TestStoppedRun is told to stop before and while it works.
func TestStoppedRun(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.audience()
	ctx, stop := context.WithCancel(w.ctx)
	w.answer = func(http.ResponseWriter, *http.Request) { stop() }
	for _, p := range []*plan.Plan{w.sync(), w.resolve()} {
		out, err := worker.Run(ctx, w.env, p)
		if !fault.Is(err, fault.Cancelled) || out.Revision != nil {
			t.Errorf("%s: %v, made %q", p.Run, err, name(out.Revision))
		}
	}
}

// TestLatestAfterAStop: the run's own context ends, and what the lake has is told all the same.
func TestLatestAfterAStop(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.audience()
	w.run(w.sync())
	w.file(header + "1,new@example.com,Berlin\n")
	w.audience()
	ctx, stop := context.WithCancel(w.ctx)
	w.answer = func(http.ResponseWriter, *http.Request) { stop() }
	out, err := worker.Run(ctx, w.env, w.sync())
	if !fault.Is(err, fault.Cancelled) || name(out.Latest) != "hello-sync-1" {
		t.Errorf("%v, latest %q", err, name(out.Latest))
	}
}

// TestParts are told apart by kind and name.
func TestParts(t *testing.T) {
	t.Parallel()
	w := newTenant(t, `where: profile.city == "Berlin"`, "where: profile.spent > 5")
	w.run(w.ingest())
	w.run(w.resolve())
	rev := w.run(w.evaluate()).Revision
	parts := worker.Parts(rev)
	want := worker.Part{Kind: "Segment", Name: "berliners", Class: fault.InvalidExpression, Message: "1:8: profile has no field spent; it has city, customerId, email, known"}
	if len(parts) != 1 || parts[0] != want {
		t.Errorf("parts %+v, want %+v", parts, want)
	}
	if err := parts[0].Err(); !fault.Is(err, fault.InvalidExpression) || err.Error() != "Segment berliners: "+want.Message {
		t.Error(err)
	}
	old := lake.Revision{Task: "Evaluate", State: `{"failed":[{"class":"InvalidExpression","message":"Segment big: 1:1: no"}]}`}
	if parts := worker.Parts(&old); len(parts) != 1 || parts[0].Err().Error() != "Segment big: 1:1: no" {
		t.Errorf("of a revision without names: %+v", parts)
	}
	old.State = "{"
	if parts := worker.Parts(&old); len(parts) != 1 || parts[0].Class != fault.LakeCorrupt {
		t.Errorf("of a state that can't be read: %+v", parts)
	}
	if parts := worker.Parts(nil); parts != nil {
		t.Error(parts)
	}
}

// TestRateIsShared by as many workers as the Destination lets send at once.
func TestRateIsShared(t *testing.T) {
	t.Parallel()
	w := newTenant(t, "batchSize: 1}", "batchSize: 1, concurrency: 3, rateLimit: {requests: 5, per: 1s}}")
	w.audience()
	p := w.sync()
	for _, c := range []struct {
		share       bool
		concurrency int32
		per         time.Duration
	}{{false, 3, time.Second}, {true, 3, 3 * time.Second}, {true, 0, time.Second}} {
		w.env.ShareRate, p.Sync.Delivery.Concurrency = c.share, c.concurrency
		if got := worker.RateOf(w.env, p); got.Requests != 5 || got.Per != c.per {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

func TestUnknownTask(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	p := w.ingest()
	p.Subject.Task = v1alpha1.Task("Train")
	w.outcome("unknown", p, "", "", fault.InvalidManifest)
}
