package segment

import (
	"context"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var now = time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a lake with an engine on it.
type world struct {
	t      testing.TB
	lake   *lake.Lake
	db     *engine.DB
	serial map[string]int64
	views  int
}

func newWorld(t testing.TB, memory string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, serial: map[string]int64{}}
	w.lake = must[*lake.Lake](t)(lake.Open(ctx(t), dir))
	w.db = must[*engine.DB](t)(engine.Open(ctx(t), engine.Options{Scratch: t.TempDir(), MemoryLimit: memory, Allowed: []string{dir}}))
	t.Cleanup(func() { ok(t, w.db.Close()) })
	return w
}

func ctx(t testing.TB) context.Context { return t.Context() }

func (w *world) begin(task, kind, subject string) *lake.Tx {
	w.t.Helper()
	last := must[*lake.Revision](w.t)(w.lake.Latest(ctx(w.t), task, kind, subject))
	p := lake.Plan{Task: task, Kind: kind, Subject: subject, Serial: 1, Now: now, PlanHash: "h"}
	if last != nil {
		p.Serial, p.Base = last.Serial+1, last.Run
	}
	p.Run = fmt.Sprintf("%s-%s-%d", subject, task, p.Serial)
	return must[*lake.Tx](w.t)(w.lake.Begin(ctx(w.t), w.db, p))
}

// commit writes tables, each the result of a query, as one revision.
func (w *world) commit(task, kind, subject string, tables map[lake.Table]sqlgen.Query) *lake.Revision {
	w.t.Helper()
	tx := w.begin(task, kind, subject)
	for table, q := range tables {
		cols := must[[]lake.Column](w.t)(w.db.Columns(ctx(w.t), q))
		must[int64](w.t)(tx.Replace(ctx(w.t), table, cols, q))
	}
	return must[*lake.Revision](w.t)(tx.Commit(ctx(w.t), nil, ""))
}

func (w *world) source(name string, q sqlgen.Query) *lake.Revision {
	w.t.Helper()
	return w.commit("Ingest", "DataSource", name, map[lake.Table]sqlgen.Query{{Schema: "source", Name: name}: q})
}

func (w *world) people(profiles, identifiers sqlgen.Query) *lake.Revision {
	w.t.Helper()
	return w.commit("Resolve", "IdentityRule", "customers", map[lake.Table]sqlgen.Query{
		{Schema: "customers", Name: "profiles"}: profiles, {Schema: "customers", Name: "identifiers"}: identifiers,
	})
}

// evaluate runs and commits cfg on a fresh engine, as a worker does.
func (w *world) evaluate(cfg Config) (*lake.Revision, Result) {
	w.t.Helper()
	w.fresh()
	tx := w.begin("Evaluate", "IdentityRule", "customers")
	cfg.Rule, cfg.Run = "customers", fmt.Sprint("evaluate-", w.serial["evaluate"])
	w.serial["evaluate"]++
	if cfg.Now.IsZero() {
		cfg.Now = now
	}
	res := must[Result](w.t)(Run(ctx(w.t), Env{Lake: w.lake, DB: w.db}, tx, cfg))
	return must[*lake.Revision](w.t)(tx.Commit(ctx(w.t), res.Outputs(), "")), res
}

func (w *world) fresh() {
	w.t.Helper()
	db := must[*engine.DB](w.t)(engine.Open(ctx(w.t), engine.Options{Scratch: w.t.TempDir(), MemoryLimit: "2GB", Allowed: []string{w.lake.Dir()}}))
	w.t.Cleanup(func() { ok(w.t, db.Close()) })
	w.db = db
}

// rows of a table of a revision, each column as text, in the order of the columns given.
func (w *world) rows(rev *lake.Revision, table string, columns ...string) [][]string {
	w.t.Helper()
	w.views++
	view := sqlgen.Name(fmt.Sprintf("test_view_%d", w.views))
	ok(w.t, w.lake.View(ctx(w.t), w.db, view, rev, lake.Table{Schema: "customers", Name: table}))
	var out [][]string
	q := sqlgen.Format("SELECT {c} FROM {v} ORDER BY ALL", sqlgen.Args{"c": sqlgen.Names(columns...), "v": view})
	ok(w.t, w.db.Rows(ctx(w.t), q, func(scan func(...any) error) error {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := scan(dest...); err != nil {
			return err
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = show(v)
		}
		out = append(out, row)
		return nil
	}))
	return out
}

// show writes a value as the driver gives it; missing is "-".
func show(v any) string {
	switch x := v.(type) {
	case nil:
		return "-"
	case time.Time:
		if x.Equal(x.Truncate(24*time.Hour)) && x.Location() == time.UTC {
			return x.Format("2006-01-02")
		}
		return x.UTC().Format("2006-01-02T15:04:05.999999Z")
	case interface{ Float64() float64 }:
		return fmt.Sprint(v)
	case *big.Int:
		return x.String()
	default:
		return fmt.Sprint(v)
	}
}
