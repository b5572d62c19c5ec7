package activation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/fault"
)

// TestExplainAgrees compares, for one person at each gate, the explanation with the ledger of a run.
func TestExplainAgrees(t *testing.T) {
	t.Parallel()
	w := funnelWorld(t)
	w.merges = [][2]string{{"old", "g"}}
	w.settle()
	w.run(activation.Mirror, newReceiver(t).destination())
	ledger := w.ledgerRows()
	c := w.config(activation.Mirror)
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		gates, err := activation.Explain(w.ctx, w.env(), c, id)
		w.must(err)
		reason := activation.Eligible
		for _, g := range gates[:4] {
			if !g.Passed {
				reason = g.Reason
				break
			}
		}
		if !slices.ContainsFunc(ledger, func(row string) bool {
			return strings.HasPrefix(row, id+" ") && strings.Contains(row, " "+reason+" ")
		}) {
			t.Errorf("%s is explained as %s: %+v; ledger %q", id, reason, gates, ledger)
		}
		if gates[4].Passed != (reason == activation.Eligible) {
			t.Errorf("%s: %+v", id, gates[4])
		}
	}
	gates, err := activation.Explain(w.ctx, w.env(), c, "old")
	w.must(err)
	got := strings.Split(fmt.Sprintf("%+v", gates), "{Name:")
	want := []string{"[",
		"Audience Passed:true Reason: Detail:[in segment vip since 2026-11-01T12:00:00Z, rank 3]} ",
		"Exclusions Passed:true Reason: Detail:[]} ",
		"Consent Passed:true Reason: Detail:[email: Granted for marketing, 2026-11-01T11:00:00Z, by crm]} ",
		"Key Passed:false Reason:KeyDuplicate Detail:[field email has the same value as that of profile a, which has a better rank or a smaller id]} ",
		"Ledger Passed:false Reason:Withheld Detail:[Withheld (KeyDuplicate)]}]"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	gates, err = activation.Explain(w.ctx, w.env(), c, "h")
	w.must(err)
	if gates[0].Reason != activation.NotInAudience || gates[3].Passed || gates[3].Reason != "" {
		t.Errorf("somebody outside the audience: %+v", gates)
	}
	if _, err := activation.Explain(w.ctx, w.env(), c, "nobody"); !fault.Is(err, fault.ReferenceNotFound) {
		t.Errorf("an id that never was: %v", err)
	}
}

// TestLegitimateInterest reaches people of whom nothing is known and honours who said no.
func TestLegitimateInterest(t *testing.T) {
	t.Parallel()
	w := funnelWorld(t)
	r := newReceiver(t)
	c := w.config(activation.Mirror)
	c.Purpose.WhenUnknown = consent.Allow
	_, err := activation.Run(w.ctx, w.env(), c, r.destination())
	w.must(err)
	want := w.eligible()
	want["e@x"] = `{"email":"e@x","name":""}`
	r.holds(t, want)
}
