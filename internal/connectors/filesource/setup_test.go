package filesource_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// secret stands in test data where an error could quote it.
const secret = "geheimnis"

// volume makes a directory with files.
func volume(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "volume")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		put(t, root, name, content)
	}
	return root
}

// put writes a file and makes it old enough for its time of change to mean something.
func put(t testing.TB, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	age(t, path, time.Hour)
}

func age(t testing.TB, path string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func zipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// csvFiles is a declaration of CSV files with a header.
func csvFiles(root, path string) filesource.Config {
	return filesource.Config{Name: "crm", Root: root, Path: path, Format: filesource.FormatCSV, CSV: filesource.CSV{Header: true}}
}

// read reads everything there is.
func read(t testing.TB, cfg filesource.Config, req record.Request) (columns []string, rows []record.Row, state string, err error) {
	t.Helper()
	ctx := context.Background()
	src, err := filesource.New(cfg)
	if err != nil {
		return nil, nil, "", err
	}
	reading, err := src.Plan(ctx, req)
	if err != nil {
		return nil, nil, "", err
	}
	defer func() { _ = reading.Close() }()
	for {
		b, err := reading.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, "", err
		}
		columns, rows = b.Columns, append(rows, b.Rows...)
	}
	state, err = reading.State()
	return columns, rows, state, err
}

func readAll(t testing.TB, cfg filesource.Config) ([]string, []record.Row) {
	t.Helper()
	columns, rows, _, err := read(t, cfg, record.Request{Load: record.Snapshot})
	if err != nil {
		t.Fatal(err)
	}
	return columns, rows
}

// lines writes rows as "file:number a|b" or "file:number !rule".
func lines(rows []record.Row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		values := make([]string, len(r.Values))
		for j, v := range r.Values {
			if values[j] = record.Text(v); v == nil {
				values[j] = "-"
			}
		}
		body := strings.Join(values, "|")
		if r.Broken != nil {
			body = "!" + r.Broken.Rule
		}
		out[i] = r.File + ":" + record.Text(r.Number) + " " + body
	}
	return out
}

func expect(t testing.TB, rows []record.Row, want ...string) {
	t.Helper()
	if got := lines(rows); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("read\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

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

func openEngine(t testing.TB, allowed ...string) *engine.DB {
	t.Helper()
	db, err := engine.Open(context.Background(), engine.Options{Scratch: t.TempDir(), MemoryLimit: "1GB", Allowed: allowed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
