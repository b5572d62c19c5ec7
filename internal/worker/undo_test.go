package worker_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
)

// TestRemoveMembers by a plan that names nothing of people, whose revisions and attributes are gone.
func TestRemoveMembers(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	a := &w.objects.Activations[0]
	undo := func() *plan.Plan {
		p := plan.RemoveMembers(w.objects, a, nil, w.revisions(), w.now)
		p.Inputs = nil
		return p
	}
	untried := undo()
	untried.Sync.Connector.Webhook.CredentialsSecretRef = &v1alpha1.SecretReference{Name: "esp"}
	w.outcome("nothing was ever sent, and the Secret is not there", untried, "", "", "")
	untried.Sync.Connector.Webhook.CredentialsSecretRef = nil
	w.audience()
	w.run(w.sync())
	w.sent()

	w.answer = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) }
	w.outcome("down", undo(), "hello-sync-2", "hello-sync-2", fault.DestinationDown)
	if !w.revisions()[plan.SyncSubject("hello")].Incomplete {
		t.Error("people are still there and nothing is left to be done")
	}
	w.answer = nil
	w.sent()
	again := undo()
	w.outcome("up again", again, "hello-sync-3", "hello-sync-3", "")
	if got := w.sent(); !slices.Equal(got, []string{"remove anna@example.com", "remove carl@example.com"}) {
		t.Errorf("sent %v", got)
	}
	w.outcome("the same again", again, "hello-sync-3", "hello-sync-3", "")
	w.outcome("once more", undo(), "", "hello-sync-3", "")
	if got := w.sent(); len(got) > 0 {
		t.Errorf("sent %v", got)
	}

	// Declared again under its name: everybody is sent.
	w.outcome("declared again", w.sync(), "hello-sync-4", "hello-sync-4", "")
	if got := w.sent(); !slices.Equal(got, []string{"upsert anna@example.com", "upsert carl@example.com"}) {
		t.Errorf("sent %v", got)
	}
}

// TestRetract needs neither the source's volume nor anything else of it, and what is made from it follows.
func TestRetract(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	d := &w.objects.DataSources[0]
	undo := func() *plan.Plan { return plan.Retract(w.objects, d, nil, w.revisions(), w.now) }
	w.outcome("nothing was ever read", undo(), "", "", "")
	w.audience()
	volumes := w.env.Volumes
	w.env.Volumes = nil
	p := undo()
	w.outcome("retract", p, "crm-ingest-2", "crm-ingest-2", "")
	w.outcome("the same again", p, "crm-ingest-2", "crm-ingest-2", "")
	w.outcome("once more", undo(), "", "crm-ingest-2", "")
	rev := w.run(w.resolve()).Revision
	if n := rows(rev, "records") + rows(rev, "known"); n != 0 {
		t.Errorf("people are left of a source that was taken back: %+v", rev.Outputs)
	}
	w.env.Volumes = volumes
	w.outcome("declared again", w.ingest(), "crm-ingest-3", "crm-ingest-3", "")
	if rev := w.run(w.resolve()).Revision; rows(rev, "known") != 3 {
		t.Errorf("declared again: %+v", rev.Outputs)
	}
}

func rows(rev *lake.Revision, output string) int64 {
	for _, o := range rev.Outputs {
		if o.Name == output {
			return o.Rows
		}
	}
	return -1
}
