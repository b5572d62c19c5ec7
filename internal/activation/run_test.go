package activation_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
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
	t.Parallel()
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

// TestPayload sends a value of each type. What is hashed is compared with Go's own SHA-256.
func TestPayload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people = map[string]*human{"a": {email: "한@x", name: `"<é>"`, rank: 3, segments: []string{"vip"}, consent: granted()}}
	w.settle()
	r := newReceiver(t)
	c := w.config(activation.Mirror)
	p := func(name string) sqlgen.Expr { return sqlgen.Col("p", name) }
	c.Fields = []activation.Field{
		{As: "email", Expr: p("email"), Type: sqlgen.String, Hash: activation.SHA256, Key: true},
		{As: "Given name", Expr: p("givenName"), Type: sqlgen.String},
		{As: "spend", Expr: p("spend"), Type: sqlgen.Decimal},
		{As: "hundred", Expr: sqlgen.Lit(sqlgen.Number("-100")), Type: sqlgen.Decimal},
		{As: "place", Expr: p("rank"), Type: sqlgen.Integer},
		{As: "known", Expr: p("known"), Type: sqlgen.Boolean},
		{As: "at", Expr: sqlgen.Lit(noon), Type: sqlgen.Timestamp},
		{As: "on", Expr: sqlgen.Cast(sqlgen.Lit("1999-12-31"), sqlgen.Date), Type: sqlgen.Date},
		{As: "share", Expr: sqlgen.Lit(0.25), Type: sqlgen.Double},
		{As: "infinite", Expr: sqlgen.Lit(math.Inf(1)), Type: sqlgen.Double},
		{As: "none", Expr: sqlgen.Cast(sqlgen.Lit(nil), sqlgen.Decimal), Type: sqlgen.Decimal},
		{As: "hashed none", Expr: sqlgen.Cast(sqlgen.Lit(nil), sqlgen.Date), Type: sqlgen.Date, Hash: activation.SHA256},
		{As: "hashed spend", Expr: p("spend"), Type: sqlgen.Decimal, Hash: activation.SHA256},
	}
	_, err := activation.Run(w.ctx, w.env(), c, r.destination())
	w.must(err)
	hash := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	want := `{"email":"` + hash("한@x") + `","Given name":"\"<é>\"","spend":12.5,"hundred":-100,"place":3,"known":true,` +
		`"at":"2026-11-01T12:00:00.000000Z","on":"1999-12-31","share":0.25,"infinite":null,"none":null,"hashed none":null,"hashed spend":"` + hash("12.5") + `"}`
	if got := string(r.requests[0].Records[0]); got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
}

// TestConfig refuses what can't be sent, before anything is read.
func TestConfig(t *testing.T) {
	t.Parallel()
	w := crowd(t, 1)
	for name, change := range map[string]func(*activation.Config){
		"no key":         func(c *activation.Config) { c.Fields[0].Key = false },
		"two keys":       func(c *activation.Config) { c.Fields[1].Key = true },
		"one name twice": func(c *activation.Config) { c.Fields[1].As = "Email" },
		"no audience":    func(c *activation.Config) { c.Include = nil },
	} {
		c := w.config(activation.Mirror)
		change(&c)
		if _, err := activation.Run(w.ctx, w.env(), c, newReceiver(t).destination()); !fault.Is(err, fault.InvalidManifest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
