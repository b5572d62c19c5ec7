package segment

import (
	"archive/zip"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// What the checker lets pass at its bounds, the engine takes: depth, length, nesting.
func TestLargestExpressionsRun(t *testing.T) {
	chain := func(term, op string, n int) string { return strings.Repeat(term+op, n) + term }
	ternaries := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "profile.i == %d ? profile.d : ", i)
		}
		return b.String() + "decimal(0)"
	}
	var items []string
	for i := range 4000 {
		items = append(items, fmt.Sprint(i))
	}
	all := []string{
		chain("profile.i", " + ", 47), chain("profile.d", " * ", 48), chain("profile.d", " / ", 47), chain("profile.s", " + ", 47), ternaries(46),
		"events.sum(e, " + chain("e.d", " * ", 45) + ")", chain("events.filter(e, e.i > 1).sum(e, e.d)", " + ", 44),
		"profile.i in [" + strings.Join(items, ",") + "]", "[" + strings.Join(items[:2000], ",") + "].exists(x, x == profile.i)",
		chain("profile.s == 'x'", " || ", 500), "events.exists(e, " + chain("e.s != 'x'", " && ", 500) + ")",
		strings.Repeat("orElse(", 47) + "profile.i" + strings.Repeat(", 1)", 47),
	}
	w := newWorld(t, "2GB")
	cfg := everything(w)
	for i, e := range all {
		cfg.Traits = append(cfg.Traits, Trait{fmt.Sprint("t", i), fmt.Sprint("t", i), e})
	}
	if _, res := w.evaluate(cfg); len(res.Errors) > 0 {
		t.Fatal(res.Errors)
	}
}

// Every time zone that an expression can name is one that the engine knows.
func TestTimeZonesAreTheEngines(t *testing.T) {
	root := must[[]byte](t)(exec.Command("go", "env", "GOROOT").Output())
	r := must[*zip.ReadCloser](t)(zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip")))
	defer func() { ok(t, r.Close()) }()
	w := newWorld(t, "1GB")
	known := map[string]bool{}
	ok(t, w.db.Rows(ctx(t), "SELECT name FROM pg_timezone_names()", func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		known[name] = true
		return err
	}))
	zones := 0
	for _, f := range r.File {
		if _, err := lang.New(lang.Schema{}, lang.Options{TimeZone: f.Name}); err == nil && !strings.HasSuffix(f.Name, "/") {
			zones++
			if !known[f.Name] {
				t.Errorf("the engine has no time zone %s", f.Name)
			}
		}
	}
	if zones < 400 {
		t.Errorf("only %d time zones were compared", zones)
	}
}

// Columns that were declared since the source was last read are missing until it is read again; those whose type changed are converted.
func TestDeclarationsAheadOfData(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := shop(w)
	cfg.Sources[0].Attributes = append(cfg.Sources[0].Attributes, Attribute{"coupon", sqlgen.String, ""}, Attribute{"member", sqlgen.String, "member"})
	cfg.Sources[0].Attributes[3].Type = sqlgen.String
	cfg.IdentifierOrder = []string{"member", "card", "email", "anonymousId"}
	cfg.Traits = []Trait{{"a", "a", "transactions.all(t, has(t.coupon))"}, {"b", "b", "transactions.max(t, t.cost)"}, {"c", "c", "transactions.size()"}}
	rev, res := w.evaluate(cfg)
	if len(res.Errors) > 0 {
		t.Fatal(res.Errors)
	}
	want(t, w.rows(rev, "traits", "class", "profile_id", "a", "b", "c")[:3], "analytics p1 false 60.0000 2", "analytics p2 true - 0", "analytics p3 false - 2")
}

// Attributes may be called anything, also what columns of the evaluation's own tables are called.
func TestAwkwardNames(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := Config{
		Identity: w.people(`SELECT 'c' AS "class", 'p' AS profile_id, true AS known, 1 AS n, 2 AS rank, 3 AS "segment", 4 AS "a ""b", 5 AS "e"`,
			`SELECT 'id' AS identifier, 'p' AS value, 'p' AS profile_id`),
		Classes: []Class{{Name: "c", Purposes: []string{"it's"}, Sources: []string{"s p"}}}, IdentifierOrder: []string{"id"},
		Sources: []Source{{Name: "s p", RecordKind: "Event", Revision: w.source("s p", `SELECT 'k' AS _key, NULL::TIMESTAMPTZ AS _time, 'p' AS id, 7 AS n, 8 AS "time", 9 AS "@n"`),
			Attributes: []Attribute{{"id", sqlgen.String, "id"}, {"n", sqlgen.Integer, ""}, {"time", sqlgen.Integer, ""}}}},
		Traits: []Trait{{"v0", "v0", "profile.n + profile.rank + profile.segment + profile.e"}, {"p", "p", "events.sum(e, e.n) + profile.v0"}, {"t", "t", "events.exists(e, has(e.time))"}},
		Segments: []Segment{{Name: "p", Where: "profile.p == 18 && events.exists(p, p.n == profile.n + 6)", Purposes: []string{"it's"}, Due: true},
			{Name: "q", Where: `inSegment("p")`, Purposes: []string{"it's"}, Due: true}},
	}
	rev, res := w.evaluate(cfg)
	if len(res.Errors) > 0 {
		t.Fatal(res.Errors)
	}
	want(t, w.rows(rev, "traits", "profile_id", "v0", "p", "t"), "p 11 18 false")
	want(t, w.rows(rev, "segment_members", "segment", "purpose"), "p it's", "q it's")
}

func TestPurposeWithoutClass(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := shop(w)
	cfg.Segments = []Segment{{Name: "a", Where: "true", Purposes: []string{"nowhere"}, Due: true}}
	cfg.Rule = "customers"
	_, err := Run(ctx(t), Env{Lake: w.lake, DB: w.db}, w.begin("Evaluate", "IdentityRule", "customers"), cfg)
	if !fault.Is(err, fault.ReferenceNotFound) {
		t.Error(err)
	}
}

// Nothing to evaluate, nobody to evaluate it for, and a restarted run that was committed already.
func TestEmptyAndRepeated(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := shop(w)
	rev, _ := w.evaluate(cfg)
	for _, table := range []string{"traits", "segment_members", "segment_log"} {
		if v, ok := rev.Version(lake.Table{Schema: "customers", Name: table}); !ok || v.Rows != 0 {
			t.Errorf("%s has %d rows", table, v.Rows)
		}
	}
	cfg.Identity = w.people(shopProfiles+" WHERE false", shopIdentifiers+" WHERE false")
	cfg.Traits = []Trait{{"a", "a", "percentile(transactions.sum(t, t.amount))"}}
	cfg.Segments = []Segment{{Name: "a", Where: "profile.a > 0.5", Purposes: []string{"marketing"}, Due: true}}
	rev, res := w.evaluate(cfg)
	want(t, w.rows(rev, "segment_members", "segment"))
	if len(res.Errors) > 0 || len(res.Members) != 1 || res.Members[0] != (Count{"a", "marketing", 0, 0, 0}) {
		t.Error(res)
	}

	w.fresh()
	again := lake.Plan{Run: rev.Run, Task: rev.Task, Kind: rev.Kind, Subject: rev.Subject, PlanHash: rev.PlanHash, Serial: rev.Serial, Now: rev.Now}
	tx := must[*lake.Tx](t)(w.lake.Begin(ctx(t), w.db, again))
	if res, err := Run(ctx(t), Env{Lake: w.lake, DB: w.db}, tx, cfg); err != nil || len(res.Members) != 0 {
		t.Error(res, err)
	}
}
