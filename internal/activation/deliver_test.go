package activation

import (
	"context"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
)

// TestStoppedBetweenTwoRequests: whoever ends a run there is told that it was stopped, not that there is a bug.
func TestStoppedBetweenTwoRequests(t *testing.T) {
	d := &delivery{run: &run{Config: Config{Plan: lake.Plan{Subject: "mail"}}}, limiter: newLimiter(Rate{})}
	ctx, stop := context.WithCancel(t.Context())
	if err := d.pause(ctx, 1, nil); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := d.pause(ctx, 1, nil); !fault.Is(err, fault.Cancelled) {
		t.Errorf("%v", err)
	}
}
