package segment

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The shop: four people and a visitor, what they did and bought. Marketing may use the shop but not the web.
const (
	shopProfiles = `SELECT * FROM (VALUES
		('analytics', 'p1', true, 'KR', 30), ('analytics', 'p2', true, 'KR', 40), ('analytics', 'p3', true, 'US', NULL),
		('analytics', 'p4', true, NULL, 20), ('analytics', 'v1', false, NULL, NULL),
		('marketing', 'p1', true, 'KR', 30), ('marketing', 'p2', true, NULL, 40), ('marketing', 'p3', true, 'US', NULL), ('marketing', 'p4', true, NULL, 20)
		) t("class", profile_id, known, country, age)`
	shopIdentifiers = `SELECT * FROM (VALUES ('email', 'a@x.example', 'p1'), ('email', 'b@x.example', 'p2'), ('card', 'c3', 'p3'),
		('anonymousId', 'w1', 'p1'), ('anonymousId', 'w2', 'v1'), ('email', 'shared@x.example', 'p3'), ('email', 'shared@x.example', 'p4')) t(identifier, value, profile_id)`
	webEvents = `SELECT k AS _key, CAST(ts AS TIMESTAMPTZ) AS _time, email, anonymousId, name, sku FROM (VALUES
		('e1', '2026-04-30 00:00:00+00', 'a@x.example', 'w2', 'Product Viewed', 's1'),
		('e2', '2026-04-29 00:00:00+00', NULL, 'w1', 'Product Viewed', 's2'),
		('e3', '2026-01-01 00:00:00+00', 'b@x.example', NULL, 'Product Viewed', NULL),
		('e4', '2026-04-30 12:00:00+00', NULL, 'w2', 'Signed In', 's3'),
		('e5', NULL, 'b@x.example', NULL, 'Product Viewed', 's9'),
		('e6', '2026-04-30 00:00:00+00', 'nobody@x.example', NULL, 'Product Viewed', 's1'),
		('e7', '2026-04-30 00:00:00+00', 'shared@x.example', NULL, 'Product Viewed', 's1')) t(k, ts, email, anonymousId, name, sku)`
	shopTransactions = `SELECT k AS _key, CAST(ts AS TIMESTAMPTZ) AS _time, email, card, CAST(amount AS DECIMAL(18,4)) AS amount, CAST(cost AS DECIMAL(18,4)) AS cost FROM (VALUES
		('t1', '2026-04-01 00:00:00+00', 'a@x.example', NULL, 100, 60), ('t2', '2026-04-20 00:00:00+00', 'a@x.example', NULL, 50, 10),
		('t3', '2026-04-02 00:00:00+00', 'b@x.example', 'c3', 10, NULL), ('t4', '2026-04-03 00:00:00+00', NULL, 'c3', 500, 400)) t(k, ts, email, card, amount, cost)`
)

func shop(w *world) Config {
	str, dec := sqlgen.String, sqlgen.Decimal
	return Config{
		Identity: w.people(shopProfiles, shopIdentifiers), IdentifierOrder: []string{"card", "email", "anonymousId"},
		Classes: []Class{
			{Name: "analytics", Purposes: []string{"*", "analytics"}, Sources: []string{"shop", "web"}},
			{Name: "marketing", Purposes: []string{"marketing"}, Sources: []string{"shop"}},
		},
		Sources: []Source{
			{Name: "shop", RecordKind: "Transaction", Revision: w.source("shop", shopTransactions), Attributes: []Attribute{
				{"email", str, "email"}, {"card", str, "card"}, {"amount", dec, ""}, {"cost", dec, ""}, {"discount", dec, ""}}},
			{Name: "web", RecordKind: "Event", Revision: w.source("web", webEvents), Attributes: []Attribute{
				{"email", str, "email"}, {"anonymousId", str, "anonymousId"}, {"name", str, ""}, {"sku", str, ""}}},
		},
	}
}

func want(t *testing.T, got [][]string, lines ...string) {
	t.Helper()
	var flat []string
	for _, r := range got {
		flat = append(flat, strings.Join(r, " "))
	}
	slices.Sort(flat)
	slices.Sort(lines)
	if !slices.Equal(flat, lines) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(flat, "\n  "), strings.Join(lines, "\n  "))
	}
}

func TestTraitsPerClass(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := shop(w)
	cfg.Traits = []Trait{
		{"views", "views", `events.filter(e, e.name == "Product Viewed" && e.time > now - days(30)).size()`},
		{"last", "last", `events.latest().sku`},
		{"profit", "profit", `transactions.sum(t, t.amount - t.cost)`},
		{"profit0", "profit0", `transactions.sum(t, t.amount - orElse(t.cost, 0) - orElse(t.discount, 0))`},
		{"above", "above", `profile.profit0 > 90`},
		{"rank", "share", `percentile(profile.profit0)`},
	}
	rev, res := w.evaluate(cfg)
	if len(res.Errors) != 0 {
		t.Fatal(res.Errors)
	}
	// t3 carries the card of p3 beside the e-mail of p2: the card is stronger. e7's e-mail is that of two people: it is nobody's.
	// e5 has no time and is never the latest.
	want(t, w.rows(rev, "traits", "class", "profile_id", "views", "last", "profit", "profit0", "above", "share"),
		"analytics p1 2 s1 80 80 false 0.6666666666666666", "analytics p2 0 - 0 0 false 0", "analytics p3 0 - - 110 true 1",
		"analytics p4 0 - 0 0 false 0", "analytics v1 0 s3 0 0 false -",
		"marketing p1 0 - 80 80 false 0.6666666666666666", "marketing p2 0 - 0 0 false 0", "marketing p3 0 - - 110 true 1", "marketing p4 0 - 0 0 false 0")
	if want := (Count{Name: "profit", Purpose: "analytics", Rows: 4}); !slices.Contains(res.Traits, want) {
		t.Errorf("got %v, want %v among them", res.Traits, want)
	}
}

func TestMembershipPerPurpose(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := shop(w)
	limit := int64(2)
	cfg.Segments = []Segment{
		{Name: "korea", Where: `profile.country == "KR"`, Purposes: []string{"analytics"}, Due: true},
		{Name: "korea-or-old", Where: `inSegment("korea") || profile.age >= 40`, Purposes: []string{"*", "marketing"}, Due: true},
		{Name: "not-korea", Where: `profile.country != "KR"`, Purposes: []string{"analytics"}, Due: true},
		{Name: "oldest", Where: `profile.known`, Rank: &Rank{By: "profile.age", Descending: true, Limit: &limit}, Purposes: []string{"analytics"}, Due: true},
		{Name: "by-age", Where: `profile.known`, Rank: &Rank{By: "profile.age"}, Purposes: []string{"analytics"}, Due: true},
		{Name: "top", Where: `inSegment("oldest") && profile.age > 30`, Purposes: []string{"analytics"}, Due: true},
	}
	rev, res := w.evaluate(cfg)
	if len(res.Errors) != 0 {
		t.Fatal(res.Errors)
	}
	got := w.rows(rev, "segment_members", "segment", "purpose", "profile_id", "rank")
	want(t, got,
		// korea is evaluated for what korea-or-old is used for too, and marketing does not know p2's country.
		"korea analytics p1 -", "korea analytics p2 -", "korea * p1 -", "korea * p2 -", "korea marketing p1 -",
		"korea-or-old * p1 -", "korea-or-old * p2 -", "korea-or-old marketing p1 -", "korea-or-old marketing p2 -",
		"not-korea analytics p3 -", "oldest analytics p2 1", "oldest analytics p1 2", "top analytics p2 -",
		"by-age analytics p4 1", "by-age analytics p1 2", "by-age analytics p2 3", "by-age analytics p3 4")
	want(t, w.rows(rev, "segment_log", "segment", "purpose", "profile_id", "event"), logOf(got, "entered")...)
	if c := (Count{"korea", "analytics", 2, 2, 0}); !slices.Contains(res.Members, c) {
		t.Errorf("got %v, want %v among them", res.Members, c)
	}
}

func logOf(members [][]string, event string) []string {
	var out []string
	for _, m := range members {
		out = append(out, strings.Join(append(slices.Clone(m[:3]), event), " "))
	}
	return out
}

func TestSecondEvaluation(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := shop(w)
	segment := func(name, where string, due bool) Segment {
		return Segment{Name: name, Where: where, Purposes: []string{"analytics"}, Due: due}
	}
	cfg.Segments = []Segment{segment("adults", "profile.age > 25", true), segment("kept", "profile.age > 25", false),
		segment("broken", "profile.age > 25", true), segment("gone", "profile.age > 35", true)}
	w.evaluate(cfg)

	// p1 grows younger, p4 older, p2 is no more.
	cfg.Identity = w.people(`SELECT * FROM (VALUES ('analytics', 'p1', true, 20), ('analytics', 'p4', true, 50), ('analytics', 'p5', true, 60)) t("class", profile_id, known, age)`, shopIdentifiers)
	cfg.Now = now.Add(24 * time.Hour)
	cfg.Segments = []Segment{segment("adults", "profile.age > 25", true), segment("kept", "profile.age > 25", false),
		segment("broken", "profile.ago > 25", true), segment("on-broken", `inSegment("broken")`, true), segment("on-kept", `inSegment("kept") && profile.known`, true)}
	rev, res := w.evaluate(cfg)
	want(t, w.rows(rev, "segment_members", "segment", "profile_id", "entered_at"),
		"adults p4 2026-05-02T06:00:00Z", "adults p5 2026-05-02T06:00:00Z",
		"kept p1 2026-05-01T06:00:00Z", "kept p2 2026-05-01T06:00:00Z", "broken p1 2026-05-01T06:00:00Z", "broken p2 2026-05-01T06:00:00Z",
		"on-kept p1 2026-05-02T06:00:00Z")
	want(t, w.rows(rev, "segment_log", "run", "segment", "profile_id", "event"),
		"evaluate-0 adults p1 entered", "evaluate-0 adults p2 entered", "evaluate-0 kept p1 entered", "evaluate-0 kept p2 entered",
		"evaluate-0 broken p1 entered", "evaluate-0 broken p2 entered", "evaluate-0 gone p2 entered",
		"evaluate-1 adults p1 left", "evaluate-1 adults p2 left", "evaluate-1 adults p4 entered", "evaluate-1 adults p5 entered",
		"evaluate-1 gone p2 left", "evaluate-1 on-kept p1 entered")
	if len(res.Errors) != 2 || !fault.Is(res.Errors[0].Err, fault.InvalidExpression) ||
		!strings.Contains(res.Errors[0].Err.Error(), "1:8: profile has no field ago; did you mean age?") ||
		res.Errors[1].Name != "on-broken" || !strings.Contains(res.Errors[1].Err.Error(), "it needs Segment broken") {
		t.Error(res.Errors)
	}
	if c := (Count{"adults", "analytics", 2, 2, 2}); !slices.Contains(res.Members, c) {
		t.Errorf("got %v, want %v among them", res.Members, c)
	}

	if i := slices.IndexFunc(res.Members, func(c Count) bool { return c.Name == "on-broken" }); i >= 0 {
		t.Errorf("a Segment that was never evaluated has the size %v", res.Members[i])
	}
	if c := (Count{"broken", "analytics", 2, 0, 0}); !slices.Contains(res.Members, c) {
		t.Errorf("got %v, want %v among them", res.Members, c)
	}

	// p4 stays through a third evaluation.
	cfg.Now = now.Add(48 * time.Hour)
	rev, _ = w.evaluate(cfg)
	for _, m := range w.rows(rev, "segment_members", "segment", "profile_id", "entered_at") {
		if m[2] == "2026-05-03T06:00:00Z" {
			t.Errorf("%v entered although nothing changed", m)
		}
	}

	// A Segment that is not due is evaluated all the same for a purpose that it was never evaluated for.
	cfg.Classes[0].Purposes = append(cfg.Classes[0].Purposes, "service")
	cfg.Segments[1].Purposes = []string{"analytics", "service"}
	rev, _ = w.evaluate(cfg)
	for _, m := range w.rows(rev, "segment_members", "segment", "purpose", "profile_id") {
		if m[0] == "kept" && m[2] == "p2" {
			t.Errorf("%v is still a member", m)
		}
	}
}

func TestFailedTraitKeepsItsValues(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := shop(w)
	cfg.Traits = []Trait{{"double-age", "age2", "profile.age * 2"}, {"one", "one", "1"}}
	w.evaluate(cfg)
	cfg.Traits = []Trait{{"double-age", "age2", "profile.ago * 2"}, {"one", "one", "'1'"}, {"new", "fresh", "events.foo()"},
		{"clash", "Country", "'x'"}, {"circle-a", "a", "profile.b + 1"}, {"circle-b", "b", "profile.a + 1"}, {"on", "on2", "profile.age2"}}
	cfg.Segments = []Segment{{Name: "fine", Where: "profile.one == '1'", Purposes: []string{"marketing"}, Due: true}}
	rev, res := w.evaluate(cfg)
	want(t, w.rows(rev, "traits", "class", "profile_id", "age2", "one"),
		"analytics p1 60 1", "analytics p2 80 1", "analytics p3 - 1", "analytics p4 40 1", "analytics v1 - 1",
		"marketing p1 60 1", "marketing p2 80 1", "marketing p3 - 1", "marketing p4 40 1")
	want(t, w.rows(rev, "segment_members", "segment", "purpose", "profile_id"), "fine marketing p1", "fine marketing p2", "fine marketing p3", "fine marketing p4")
	columns := must[[]lake.Column](t)(w.lake.Columns(ctx(t), rev, lake.Table{Schema: "customers", Name: "traits"}))
	if len(columns) != 4 {
		t.Errorf("got columns %v, want those that have values", columns)
	}
	classes := map[string]fault.Class{}
	for _, e := range res.Errors {
		classes[e.Name] = fault.ClassOf(e.Err)
	}
	if got := fmt.Sprint(classes); got != "map[circle-a:CyclicReference circle-b:CyclicReference clash:InvalidManifest double-age:InvalidExpression new:InvalidExpression on:InvalidExpression]" {
		t.Error(got)
	}
}
