package activation_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/consent"
)

// run runs the next sync and fails the test on an error.
func (w *world) run(mode activation.Mode, d activation.Destination) activation.Result {
	w.t.Helper()
	res, err := activation.Run(w.ctx, w.env(), w.config(mode), d)
	w.must(err)
	return res
}

func (r *receiver) holds(t testing.TB, want map[string]string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !maps.Equal(r.state, want) {
		t.Errorf("the receiver holds %v, want %v", r.state, want)
	}
}

func rowsAre(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("rows:\n%q\nwant\n%q", got, want)
	}
}

func withdrawn() []consent.Record {
	return []consent.Record{{Identifier: "email", Value: "x", Purpose: "marketing", Status: consent.Withdrawn, Time: noon}}
}

// funnelWorld has one person for each gate.
func funnelWorld(t testing.TB) *world {
	w := newWorld(t)
	w.people = map[string]*human{
		"a": {email: "a@x", name: "Ann", rank: 2, segments: []string{"vip", "new"}, consent: granted()},
		"b": {email: "b@x", name: "Bob \"B\" <b>", rank: 1, segments: []string{"vip"}, consent: granted()},
		"c": {email: "c@x", segments: []string{"new"}, excluded: []string{"complained", "staff"}, consent: granted()},
		"d": {email: "d@x", segments: []string{"vip"}, consent: withdrawn()},
		"e": {email: "e@x", segments: []string{"vip"}},
		"f": {email: "", segments: []string{"vip"}, consent: granted()},
		"g": {email: "a@x", name: "Ann again", rank: 3, segments: []string{"vip"}, consent: granted()},
		"h": {email: "h@x", name: "not in the audience", consent: granted()},
	}
	w.settle()
	return w
}

func TestFunnel(t *testing.T) {
	w := funnelWorld(t)
	r := newReceiver(t)
	res := w.run(activation.Mirror, r.destination())
	r.holds(t, w.eligible())
	want := map[string]int64{"Eligible": 2, "Excluded": 1, "ConsentWithdrawn": 1, "ConsentUnknown": 1, "KeyMissing": 1, "KeyDuplicate": 1}
	if !maps.Equal(res.Reasons, want) || res.Audience != 7 || res.Eligible != 2 || res.Added != 2 || res.Sent != 2 {
		t.Errorf("%+v", res)
	}
	rowsAre(t, w.ledgerRows(),
		"a a@x Sent Eligible ", "b b@x Sent Eligible ", "c - Withheld Excluded staff", "d - Withheld ConsentWithdrawn ",
		"e - Withheld ConsentUnknown ", "f - Withheld KeyMissing ", "g - Withheld KeyDuplicate ")
	if got := r.requests[0].keys(); !slices.Equal(got, []string{"b@x", "a@x"}) {
		t.Errorf("sent in the order %v, want that of the rank", got)
	}
	if res := w.run(activation.Mirror, r.destination()); res.Unchanged != 2 || len(r.requests) != 1 || res.Added+res.Updated+res.Removed != 0 {
		t.Errorf("a second run: %+v, %d requests", res, len(r.requests))
	}
	w.people["a"].name = "Anna"
	w.people["b"].consent = withdrawn()
	w.people["e"].consent = granted()
	w.settle()
	res = w.run(activation.Mirror, r.destination())
	r.holds(t, w.eligible())
	if res.Added != 1 || res.Updated != 1 || res.Removed != 1 || r.requests[1].Operation != "remove" {
		t.Errorf("%+v", res)
	}
	rowsAre(t, w.ledgerRows(),
		"a a@x Sent Eligible ", "b b@x Removed ConsentWithdrawn ", "c - Withheld Excluded staff", "d - Withheld ConsentWithdrawn ",
		"e e@x Sent Eligible ", "f - Withheld KeyMissing ", "g - Withheld KeyDuplicate ")
}
