package filesink

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/fault"
)

var ctx = context.Background()

func people(records ...string) iter.Seq2[activation.Change, error] {
	return func(yield func(activation.Change, error) bool) {
		for _, r := range records {
			op := activation.Upsert
			if rest, ok := strings.CutPrefix(r, "-"); ok {
				op, r = activation.Remove, rest
			}
			if !yield(activation.Change{Operation: op, Record: json.RawMessage(r)}, nil) {
				return
			}
		}
	}
}

func sink(t *testing.T, root, path string, f Format) *Sink {
	t.Helper()
	s, err := New(Options{Root: root, Path: path, Format: f})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestSnapshot(t *testing.T) {
	root := t.TempDir()
	s := sink(t, root, "out/to/vip.csv", CSV)
	p := activation.Publication{Columns: []string{"phone", "name", "spend", "vip"}}
	if there, err := s.Published(ctx, ""); there || err != nil {
		t.Fatal(there, err)
	}
	err := s.Publish(ctx, p, people(`{"phone":"+8210","name":"Kim, \"J\"\nx","spend":12.5,"vip":true}`, `{"phone":"=1+1","name":null,"spend":null}`))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "out/to/vip.csv")
	rows, err := csv.NewReader(strings.NewReader(read(t, path))).ReadAll()
	want := [][]string{{"phone", "name", "spend", "vip"}, {"+8210", "Kim, \"J\"\nx", "12.5", "true"}, {"=1+1", "", "", ""}}
	if err != nil || !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("%q, %v", rows, err)
	}
	if there, err := s.Published(ctx, ""); !there || err != nil {
		t.Error(there, err)
	}
	if err := s.Publish(ctx, p, people()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "phone,name,spend,vip\n" {
		t.Errorf("an empty audience: %q", got)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"vip.csv"}) {
		t.Errorf("files %v", got)
	}
}

func TestChanges(t *testing.T) {
	root := t.TempDir()
	p := activation.Publication{ID: "vip-sync-3", Columns: []string{"email", "name"}, Operations: true}
	changes := []string{`-{"email":"a@x"}`, `{"email":"b@x","name":"<B>"}`}
	c := sink(t, root, "vip.csv", CSV)
	if err := c.Publish(ctx, p, people(changes...)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(root, "vip-vip-sync-3.csv")); got != "operation,email,name\nremove,a@x,\nupsert,b@x,<B>\n" {
		t.Errorf("%q", got)
	}
	n := sink(t, root, "vip.ndjson", NDJSON)
	if err := n.Publish(ctx, p, people(changes...)); err != nil {
		t.Fatal(err)
	}
	want := `{"operation":"remove","record":{"email":"a@x"}}` + "\n" + `{"operation":"upsert","record":{"email":"b@x","name":"<B>"}}` + "\n"
	if got := read(t, filepath.Join(root, "vip-vip-sync-3.ndjson")); got != want {
		t.Errorf("%q", got)
	}
	p.Columns = []string{"email", "Operation"}
	if err := c.Publish(ctx, p, people()); !fault.Is(err, fault.InvalidManifest) {
		t.Errorf("a field named like the column of operations: %v", err)
	}
}

// TestBroken leaves the published file as it was, and nothing beside it, when the stream breaks.
func TestBroken(t *testing.T) {
	root := t.TempDir()
	s := sink(t, root, "vip.ndjson", NDJSON)
	if err := s.Publish(ctx, activation.Publication{}, people(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	// A process that was killed while it wrote.
	if err := os.WriteFile(filepath.Join(root, ".kith-vip.ndjson-0123456789abcdef"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := s.Publish(ctx, activation.Publication{}, func(yield func(activation.Change, error) bool) {
		_ = yield(activation.Change{Record: json.RawMessage(`{"a":2}`)}, nil) && yield(activation.Change{}, broken)
	})
	if !errors.Is(err, broken) || read(t, filepath.Join(root, "vip.ndjson")) != "{\"a\":1}\n" {
		t.Errorf("%v", err)
	}
	if got := names(t, root); !slices.Equal(got, []string{"vip.ndjson"}) {
		t.Errorf("files %v", got)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := s.Publish(stopped, activation.Publication{}, people(`{}`)); !fault.Is(err, fault.Cancelled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestStaysInside(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	for _, bad := range []string{"", ".", "../x.csv", "/etc/x.csv", "a/../../x.csv", "dir/"} {
		if _, err := New(Options{Root: root, Path: bad, Format: CSV}); !fault.Is(err, fault.PathOutsideVolume) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	s := sink(t, root, "link/x.csv", CSV)
	if err := s.Publish(ctx, activation.Publication{Columns: []string{"a"}}, people()); !fault.Is(err, fault.PathOutsideVolume) {
		t.Errorf("through a link: %v", err)
	}
	if _, err := s.Published(ctx, ""); !fault.Is(err, fault.PathOutsideVolume) {
		t.Errorf("looking through a link: %v", err)
	}
	if got := names(t, outside); len(got) > 0 {
		t.Errorf("written outside: %v", got)
	}
	if _, err := New(Options{Root: filepath.Join(root, "none"), Path: "x.csv", Format: CSV}); !fault.Is(err, fault.VolumeMissing) {
		t.Errorf("no volume: %v", err)
	}
	if _, err := New(Options{Root: root, Path: "x.csv", Format: "XML"}); !fault.Is(err, fault.InvalidManifest) {
		t.Errorf("no format: %v", err)
	}
	if err := os.Mkdir(filepath.Join(root, "dir.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := sink(t, root, "dir.csv", CSV).Published(ctx, ""); !fault.Is(err, fault.InvalidManifest) {
		t.Errorf("a directory in the way: %v", err)
	}
}
