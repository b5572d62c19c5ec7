package identity

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var clock = time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// world is a lake with sources and one rule named people.
type world struct {
	t      testing.TB
	lake   *lake.Lake
	db     *engine.DB
	cfg    Config
	serial map[string]int64
	last   map[string]*lake.Revision
	// everything is looked at in each run.
	everything bool
	// differences alone are written when a source is loaded again, as an ingest does.
	differences bool
}

func newWorld(t testing.TB) *world {
	dir := t.TempDir()
	w := &world{t: t, serial: map[string]int64{}, last: map[string]*lake.Revision{}}
	w.lake = must[*lake.Lake](t)(lake.Open(t.Context(), dir))
	w.db = must[*engine.DB](t)(engine.Open(t.Context(), engine.Options{Scratch: t.TempDir(), MemoryLimit: "2GB", Allowed: []string{dir}}))
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) plan(task, kind, subject string) lake.Plan {
	key := task + subject
	w.serial[key]++
	n := w.serial[key]
	p := lake.Plan{
		Run: fmt.Sprintf("%s-%s-%d", subject, strings.ToLower(task), n), Task: task, Kind: kind, Subject: subject, Serial: n,
		PlanHash: fmt.Sprint(n), Now: clock.Add(time.Duration(n) * time.Hour),
	}
	if last := w.last[key]; last != nil {
		p.Base = last.Run
	}
	return p
}

// text makes string columns; an @ marks the identifiers: "@email", "@anonymousId", "city".
func text(names ...string) []Field {
	var out []Field
	for _, n := range names {
		name, identifies := strings.CutPrefix(n, "@")
		f := Field{Name: name, Type: sqlgen.String}
		if identifies {
			f.Identifier = name
		}
		out = append(out, f)
	}
	return out
}

// source replaces a source and gives it to the rule. A row is its key, its time (hours after the clock, or empty) and a value for each
// field, separated by |; empty is null.
func (w *world) source(name string, kind RecordKind, priority int, fields []Field, rows ...string) {
	w.t.Helper()
	cols := []lake.Column{{Name: "_key", Type: sqlgen.String}, {Name: "_time", Type: sqlgen.Timestamp}}
	for _, f := range fields {
		cols = append(cols, lake.Column{Name: f.Name, Type: f.Type})
	}
	var all []sqlgen.Query
	for _, row := range append([]string{strings.Repeat("|", len(cols)-1)}, rows...) {
		parts := strings.Split(row, "|")
		if len(parts) != len(cols) {
			w.t.Fatalf("%s: row %q has %d parts, not %d", name, row, len(parts), len(cols))
		}
		var exprs []sqlgen.Expr
		for i, p := range parts {
			value := sqlgen.Cast(sqlgen.Call("nullif", sqlgen.Lit(p), sqlgen.Lit("")), cols[i].Type)
			if i == 1 && p != "" {
				value = sqlgen.Lit(clock.Add(must[time.Duration](w.t)(time.ParseDuration(p + "h"))))
			} else if i == 1 {
				value = sqlgen.Cast(sqlgen.Lit(nil), sqlgen.Timestamp)
			}
			exprs = append(exprs, sqlgen.As(value, cols[i].Name))
		}
		all = append(all, sqlgen.Format("SELECT {exprs}", sqlgen.Args{"exprs": exprs}))
	}
	w.load(name, kind, priority, fields, cols, sqlgen.Format("SELECT * FROM ({all}) WHERE _key IS NOT NULL", sqlgen.Args{"all": sqlgen.UnionAll(all...)}))
}

// load replaces a source by the result of a query.
func (w *world) load(name string, kind RecordKind, priority int, fields []Field, cols []lake.Column, q sqlgen.Query) {
	w.t.Helper()
	tx := must[*lake.Tx](w.t)(w.lake.Begin(w.t.Context(), w.db, w.plan("Ingest", "DataSource", name)))
	to := lake.Table{Schema: "source", Name: name}
	if w.differences && tx.Base() != nil {
		w.exec("CREATE OR REPLACE TABLE world_fresh AS {q}", sqlgen.Args{"q": q})
		if err := w.lake.View(w.t.Context(), w.db, sqlgen.Name("world_base"), tx.Base(), to); err != nil {
			w.t.Fatal(err)
		}
		w.exec("CREATE OR REPLACE TABLE world_same AS SELECT _key FROM world_base b JOIN world_fresh f USING (_key) WHERE b = f", nil)
		must[int64](w.t)(tx.Delete(w.t.Context(), to, "_key NOT IN (SELECT _key FROM world_same)"))
		must[int64](w.t)(tx.Append(w.t.Context(), to, cols, "SELECT * FROM world_fresh WHERE _key NOT IN (SELECT _key FROM world_same)"))
	} else {
		must[int64](w.t)(tx.Replace(w.t.Context(), to, cols, q))
	}
	rev := must[*lake.Revision](w.t)(tx.Commit(w.t.Context(), nil, ""))
	w.last["Ingest"+name] = rev
	src := Source{Name: name, RecordKind: kind, Priority: priority, Fields: fields, Revision: rev}
	w.cfg.Sources = append(slices.DeleteFunc(w.cfg.Sources, func(s Source) bool { return s.Name == name }), src)
}

func (w *world) exec(template string, args sqlgen.Args) {
	w.t.Helper()
	if err := w.db.Exec(w.t.Context(), sqlgen.Format(template, args)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) try() (*lake.Revision, error) {
	cfg := w.cfg
	cfg.Plan = w.plan("Resolve", "IdentityRule", "people")
	if cfg.Classes == nil {
		c := Class{Name: "all"}
		for _, s := range cfg.Sources {
			c.Sources = append(c.Sources, s.Name)
		}
		cfg.Classes = []Class{c}
	}
	read := slices.Clone(cfg.Sources)
	if cfg.Overrides != nil {
		read = append(read, *cfg.Overrides)
	}
	for _, s := range read {
		cfg.Plan.Inputs = append(cfg.Plan.Inputs, lake.Input{Kind: "DataSource", Name: s.Name, Run: s.Revision.Run})
	}
	return Run(w.t.Context(), Env{Lake: w.lake, DB: w.db, everything: w.everything}, cfg)
}

func (w *world) run() *lake.Revision {
	w.t.Helper()
	rev, err := w.try()
	if err != nil {
		w.t.Fatal(err)
	}
	w.last["Resolvepeople"] = rev
	return rev
}

// rows reads a relation of the last revision: a query over {t} that gives one list of texts, shown with | between them, sorted.
func (w *world) rows(relation, q string) []string {
	w.t.Helper()
	return w.rowsOf(w.last["Resolvepeople"], relation, q)
}

func (w *world) rowsOf(rev *lake.Revision, relation, q string) []string {
	w.t.Helper()
	view := sqlgen.Name("test_" + relation)
	if err := w.lake.View(w.t.Context(), w.db, view, rev, lake.Table{Schema: "people", Name: relation}); err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	inner := sqlgen.Format(q, sqlgen.Args{"t": view})
	err := w.db.Rows(w.t.Context(), sqlgen.Format("SELECT array_to_string(list_transform(v, lambda x: coalesce(x, '')), '|') FROM ({q}) s(v) ORDER BY 1",
		sqlgen.Args{"q": inner}), func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		out = append(out, s)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// profiles are the records of each profile, "crm/1 crm/2", by profile id.
func (w *world) profiles() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, row := range w.rows("members", "SELECT [profile_id, string_agg(source || '/' || record_key, ' ' ORDER BY source, record_key)] FROM {t} GROUP BY profile_id") {
		id, records, _ := strings.Cut(row, "|")
		out[id] = records
	}
	return out
}

// groups are the records of each profile, without the ids.
func (w *world) groups() []string {
	w.t.Helper()
	var out []string
	for _, records := range w.profiles() {
		out = append(out, records)
	}
	slices.Sort(out)
	return out
}

// of is the profile of a record, such as crm/1.
func (w *world) of(record string) string {
	w.t.Helper()
	for id, records := range w.profiles() {
		if slices.Contains(strings.Fields(records), record) {
			return id
		}
	}
	return ""
}

// who is the profile that an identifier stands for, such as email=a@x.io; empty for none.
func (w *world) who(identifier string) string {
	w.t.Helper()
	for _, row := range w.rows("identifiers", "SELECT [identifier || '=' || value, profile_id] FROM {t}") {
		if id, ok := strings.CutPrefix(row, identifier+"|"); ok {
			return id
		}
	}
	return ""
}

// events are the lineage events of the last run.
func (w *world) events() []string {
	w.t.Helper()
	run := w.last["Resolvepeople"].Run
	var out []string
	for _, row := range w.rows("lineage", "SELECT [run, event, from_id, to_id, records::VARCHAR, cause] FROM {t}") {
		if event, ok := strings.CutPrefix(row, run+"|"); ok {
			out = append(out, event)
		}
	}
	return out
}

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
