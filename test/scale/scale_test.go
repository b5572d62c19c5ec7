// Package scale_test brings a few tenants up with the manager's own binary, account and rights, and checks what must hold at any size
// and speed. Figures are hack/scale's.
package scale_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/hack/scale/scale"
	"github.com/kith-dev/kith/test/apitest"
)

// TestAManagerThatHasNothingToDoDoesNothing: once everything is Ready, it writes its Lease and nothing else; so does one that is
// started again.
func TestAManagerThatHasNothingToDoDoesNothing(t *testing.T) {
	apitest.Skip(t)
	r, err := scale.Run(t.Context(), t.TempDir(), scale.Options{
		Namespaces: 3, DataSources: 6, Segments: 9, Activations: 9, Destinations: 1, Refreshes: 1, Idle: 10 * time.Second, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.IdleWrites) > 0 {
		t.Errorf("it wrote while it had nothing to do: %v", r.IdleWrites)
	}
	if len(r.Restarted) > 0 {
		t.Errorf("started again it wrote: %v", r.Restarted)
	}
	if len(r.Duplicates) > 0 {
		t.Errorf("two were under way under one lock: %v", r.Duplicates)
	}
	for task, least := range map[string]int{"Ingest": 12, "Maintain": 3, "Resolve": 6, "Evaluate": 6, "Sync": 18} {
		if r.Runs[task] < least {
			t.Errorf("%d runs of %s: were they all seen?", r.Runs[task], task)
		}
	}
	for what := range r.Refused {
		if strings.HasSuffix(what, ": 403") {
			t.Errorf("a right is missing: %s", what)
		}
	}
	if r.Requests["create runs"] == 0 || r.IdleRequests["update leases"] == 0 {
		t.Errorf("the audit log does not tell of the manager: %v, %v", r.Requests, r.IdleRequests)
	}
}
