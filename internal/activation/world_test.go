package activation_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// human is one profile of the world that a test declares; what a run should make of it is computed from it in Go.
type human struct {
	email, name string
	rank        int64 // 0 for none
	segments    []string
	excluded    []string
	consent     []consent.Record
}

func granted() []consent.Record {
	return []consent.Record{{Identifier: "email", Value: "x", Purpose: "marketing", Status: consent.Granted, Time: noon.Add(-time.Hour)}}
}

// world is a lake with people in it.
type world struct {
	t       testing.TB
	ctx     context.Context
	dir     string
	lake    *lake.Lake
	db      *engine.DB
	people  map[string]*human
	merges  [][2]string
	serial  int64
	rev     map[string]*lake.Revision
	missing string // a segment that has no output in the evaluation
}

func newWorld(t testing.TB) *world {
	ctx := context.Background()
	dir := t.TempDir()
	w := &world{t: t, ctx: ctx, dir: filepath.Join(dir, "lake"), people: map[string]*human{}, rev: map[string]*lake.Revision{}}
	var err error
	if w.lake, err = lake.Open(ctx, w.dir); err != nil {
		t.Fatal(err)
	}
	w.db, err = engine.Open(ctx, engine.Options{Scratch: filepath.Join(dir, "scratch"), MemoryLimit: "4GB", Threads: 2, Allowed: []string{w.dir}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// table is content of a lake table, as a query over VALUES would be.
type table struct {
	name string
	cols []lake.Column
	rows [][]any
}

func columns(spec ...any) []lake.Column {
	var out []lake.Column
	for i := 0; i < len(spec); i += 2 {
		out = append(out, lake.Column{Name: spec[i].(string), Type: spec[i+1].(sqlgen.Type)})
	}
	return out
}

const (
	str = sqlgen.String
	num = sqlgen.Integer
	ts  = sqlgen.Timestamp
)

// settle commits the people as the revisions that a run reads.
func (w *world) settle() {
	w.t.Helper()
	profiles := table{name: "profiles", cols: columns("class", str, "profile_id", str, "known", sqlgen.Boolean, "email", str, "givenName", str)}
	consents := table{name: "consent", cols: columns("profile_id", str, "identifier", str, "value", str, "purpose", str, "status", str, "time", ts, "source", str)}
	lineage := table{name: "lineage", cols: columns("run", str, "at", ts, "event", str, "from_id", str, "to_id", str)}
	members := table{name: "segment_members", cols: columns("segment", str, "purpose", str, "profile_id", str, "entered_at", ts, "rank", num)}
	traits := table{name: "traits", cols: columns("class", str, "profile_id", str, "spend", sqlgen.Decimal)}
	for id, h := range w.people {
		var email, rank any
		if h.email != "" {
			email = h.email
		}
		if h.rank != 0 {
			rank = h.rank
		}
		profiles.rows = append(profiles.rows, []any{"c", id, true, email, h.name}, []any{"other", id, true, "not.for.this@purpose", "?"})
		traits.rows = append(traits.rows, []any{"c", id, sqlgen.Number("12.5")})
		for _, s := range h.segments {
			members.rows = append(members.rows, []any{s, "marketing", id, noon, rank})
		}
		for _, s := range h.excluded {
			members.rows = append(members.rows, []any{s, "*", id, noon, nil})
		}
		for _, c := range h.consent {
			consents.rows = append(consents.rows, []any{id, c.Identifier, c.Value, c.Purpose, string(c.Status), c.Time, "crm"})
		}
	}
	for i, m := range w.merges {
		lineage.rows = append(lineage.rows, []any{"r", noon.Add(time.Duration(i) * time.Second), "merge", m[0], m[1]})
	}
	w.commit("Resolve", nil, profiles, consents, lineage)
	var outputs []lake.Output
	for _, name := range []string{"segment/vip/marketing", "segment/new/marketing", "segment/staff/*", "segment/complained/*"} {
		if name != w.missing {
			outputs = append(outputs, lake.Output{Name: name})
		}
	}
	w.commit("Evaluate", outputs, members, traits)
}

func (w *world) commit(task string, outputs []lake.Output, tables ...table) {
	w.t.Helper()
	w.serial++
	p := lake.Plan{Run: fmt.Sprint("people-", task, "-", w.serial), Task: task, Kind: "IdentityRule", Subject: "people", PlanHash: "h", Serial: w.serial, Now: noon}
	if base := w.rev[task]; base != nil {
		p.Base = base.Run
	}
	tx, err := w.lake.Begin(w.ctx, w.db, p)
	w.must(err)
	for _, t := range tables {
		cols := make([]sqlgen.Query, len(t.cols))
		for i, c := range t.cols {
			cols[i] = sqlgen.Format("{n} "+sqlgen.DuckDB.Type(c.Type), sqlgen.Args{"n": sqlgen.Name(c.Name)})
		}
		w.must(w.db.Exec(w.ctx, sqlgen.Format("CREATE OR REPLACE TABLE staged ({cols})", sqlgen.Args{"cols": cols})))
		a, err := w.db.Appender(w.ctx, "staged")
		w.must(err)
		for _, r := range t.rows {
			w.must(a.Append(r...))
		}
		w.must(a.Close())
		_, err = tx.Replace(w.ctx, lake.Table{Schema: "people", Name: t.name}, t.cols, "SELECT * FROM staged")
		w.must(err)
	}
	w.rev[task], err = tx.Commit(w.ctx, outputs, "")
	w.must(err)
}

// config is the next run of the activation "mail".
func (w *world) config(mode activation.Mode) activation.Config {
	w.t.Helper()
	last, err := w.lake.Latest(w.ctx, "Sync", "Activation", "mail")
	w.must(err)
	p := lake.Plan{Task: "Sync", Kind: "Activation", Subject: "mail", PlanHash: "h", Serial: 1, Now: noon}
	if last != nil {
		p.Serial, p.Base = last.Serial+1, last.Run
	}
	p.Run = fmt.Sprint("mail-sync-", p.Serial)
	return activation.Config{
		Plan: p, Rule: "people", Identity: w.rev["Resolve"], Evaluated: w.rev["Evaluate"], Class: "c",
		Purpose: consent.Policy{Purpose: "marketing"}, Include: []string{"vip", "new"}, Exclude: []string{"staff", "complained"},
		Fields: []activation.Field{
			{As: "email", Expr: sqlgen.Col("p", "email"), Type: str, Key: true},
			{As: "name", Expr: sqlgen.Col("p", "givenName"), Type: str},
		},
		Mode: mode, Delivery: activation.Delivery{BatchSize: 3, Timeout: 5 * time.Second, MaxAttempts: 3},
	}
}

func (w *world) env() activation.Env {
	return activation.Env{Lake: w.lake, LakeDir: w.dir, DB: w.db, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// eligible is the truth: what the receiver should hold, by key.
func (w *world) eligible() map[string]string {
	out := map[string]string{}
	winner := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(w.people)) {
		h := w.people[id]
		if !w.wanted(h) {
			continue
		}
		if had, ok := winner[h.email]; ok && !better(h, w.people[had]) {
			continue
		}
		winner[h.email] = id
		out[h.email] = payloadOf(h)
	}
	return out
}

func payloadOf(h *human) string { return fmt.Sprintf(`{"email":%q,"name":%q}`, h.email, h.name) }

func better(a, b *human) bool { return a.rank != 0 && (b.rank == 0 || a.rank < b.rank) }

func (w *world) wanted(h *human) bool {
	p := consent.Policy{Purpose: "marketing"}
	return len(h.segments) > 0 && len(h.excluded) == 0 && h.email != "" && p.Permits(p.Decide(h.consent, noon))
}

// ledgerRows reads the committed ledger: profile, key, outcome, reason, detail.
func (w *world) ledgerRows() []string {
	w.t.Helper()
	last, err := w.lake.Latest(w.ctx, "Sync", "Activation", "mail")
	w.must(err)
	w.must(w.lake.View(w.ctx, w.db, sqlgen.Name("seen"), last, lake.Table{Schema: "activation", Name: "mail"}))
	var out []string
	w.must(w.db.Rows(w.ctx, `SELECT concat_ws(' ', profile_id, coalesce(key, '-'), outcome, reason, coalesce(detail, '')) FROM seen ORDER BY 1`, func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		out = append(out, s)
		return err
	}))
	return out
}

func (w *world) deadLetters() []string {
	w.t.Helper()
	last, err := w.lake.Latest(w.ctx, "Sync", "Activation", "mail")
	w.must(err)
	w.must(w.lake.View(w.ctx, w.db, sqlgen.Name("letters"), last, lake.Table{Schema: "activation", Name: "mail-dead-letters"}))
	var out []string
	w.must(w.db.Rows(w.ctx, `SELECT concat_ws(' ', profile_id, key, payload, status, reason, run) FROM letters ORDER BY 1`, func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		out = append(out, s)
		return err
	}))
	return out
}
