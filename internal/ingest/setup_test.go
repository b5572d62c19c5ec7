package ingest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// world is a lake, an engine and a volume with files.
type world struct {
	t      testing.TB
	lake   *lake.Lake
	db     *engine.DB
	volume string
	serial int64
	last   *lake.Revision
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, volume: filepath.Join(t.TempDir(), "volume")}
	if err := os.MkdirAll(w.volume, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "lake")
	var err error
	if w.lake, err = lake.Open(ctx, dir); err != nil {
		t.Fatal(err)
	}
	if w.db, err = engine.Open(ctx, engine.Options{Scratch: t.TempDir(), MemoryLimit: "2GB", Allowed: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	return w
}

// write makes a file in the volume from lines.
func (w *world) write(name string, lines ...string) {
	w.t.Helper()
	w.bytes(name, []byte(strings.Join(lines, "\n")+"\n"))
}

func (w *world) bytes(name string, content []byte) {
	w.t.Helper()
	path := filepath.Join(w.volume, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.volume, name)); err != nil {
		w.t.Fatal(err)
	}
}

// files is a source of CSV files with a header.
func (w *world) files(path string) *filesource.Source {
	w.t.Helper()
	return w.source(filesource.Config{Path: path, Format: filesource.FormatCSV, CSV: filesource.CSV{Header: true}})
}

func (w *world) source(cfg filesource.Config) *filesource.Source {
	w.t.Helper()
	cfg.Name, cfg.Root, cfg.DB = "crm", w.volume, w.db
	src, err := filesource.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return src
}

var now = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// run ingests once, on top of the last revision.
func (w *world) run(cfg record.Config, src record.Source) (ingest.Result, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	w.serial++
	env := ingest.Env{Lake: w.lake, DB: w.db, Plan: w.plan()}
	res, err := ingest.Run(ctx, env, cfg, src)
	if err == nil {
		w.last = res.Revision
	}
	return res, err
}

func (w *world) plan() lake.Plan {
	p := lake.Plan{Run: fmt.Sprintf("crm-ingest-%d", w.serial), Task: "Ingest", Kind: "DataSource", Subject: "crm", PlanHash: "p", Serial: w.serial, Now: now.Add(time.Duration(w.serial) * time.Hour)}
	if w.last != nil {
		p.Base = w.last.Run
	}
	return p
}

func (w *world) ok(cfg record.Config, src record.Source) ingest.Result {
	w.t.Helper()
	res, err := w.run(cfg, src)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// fails runs and checks class and message, and that nothing was committed.
func (w *world) fails(cfg record.Config, src record.Source, class fault.Class, says ...string) {
	w.t.Helper()
	_, err := w.run(cfg, src)
	checkFault(w.t, err, class, says...)
	latest, lerr := w.lake.Latest(context.Background(), "Ingest", "DataSource", "crm")
	if lerr != nil {
		w.t.Fatal(lerr)
	}
	if (latest == nil) != (w.last == nil) || latest != nil && latest.Run != w.last.Run {
		w.t.Errorf("a failed run left a revision")
	}
}

// secret is a value that test data hold where an error could quote it.
const secret = "geheimnis"

func checkFault(t testing.TB, err error, class fault.Class, says ...string) {
	t.Helper()
	if !fault.Is(err, class) {
		t.Fatalf("the error is %v, of class %s; want %s", err, fault.ClassOf(err), class)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the error does not say %q: %v", s, err)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the error quotes data: %v", err)
	}
}

// table reads columns of a table of the last revision as lines "a|b|c", ordered.
func (w *world) table(schema string, columns ...string) []string {
	w.t.Helper()
	ctx := context.Background()
	view := sqlgen.Name("under_test")
	if err := w.lake.View(ctx, w.db, view, w.last, lake.Table{Schema: schema, Name: "crm"}); err != nil {
		w.t.Fatal(err)
	}
	parts := make([]sqlgen.Query, len(columns))
	for i, c := range columns {
		parts[i] = sqlgen.Format("coalesce(CAST({c} AS VARCHAR), '-')", sqlgen.Args{"c": sqlgen.Name(c)})
	}
	q := sqlgen.Format("SELECT concat_ws('|', {cols}) AS line FROM {v} ORDER BY line", sqlgen.Args{"cols": parts, "v": view})
	var out []string
	err := w.db.Rows(ctx, q, func(scan func(...any) error) error {
		var line string
		if err := scan(&line); err != nil {
			return err
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) expect(schema string, columns []string, want ...string) {
	w.t.Helper()
	got := w.table(schema, columns...)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("%s %v has\n  %s\nwant\n  %s", schema, columns, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// output finds a count in the last revision; absent is -1.
func (w *world) output(name string) lake.Output {
	for _, o := range w.last.Outputs {
		if o.Name == name {
			return o
		}
	}
	return lake.Output{Rows: -1}
}

func cols(names ...string) []string { return names }

// profiles is a declaration with most kinds of fields.
func profiles(load record.Load) record.Config {
	return record.Config{
		Name: "crm", Kind: record.Profile, Load: load, Key: []string{"id"}, Region: "KR", TimeZone: "Asia/Seoul",
		Timestamp: record.Timestamp{Column: "updated", Format: "%Y-%m-%d %H:%M"},
		Fields: []record.Field{
			{Column: "mail", Semantic: "email"}, {Column: "tel", Semantic: "phone"}, {Column: "spent", Name: "spent", Type: sqlgen.Decimal},
			{Expression: "row.y + '-' + row.m + '-' + row.d", Semantic: "birthDate"},
		},
		Contract: record.Contract{MaxQuarantinePercent: 100},
	}
}
