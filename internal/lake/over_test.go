package lake

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// overlaid are the paths, times and bytes below a directory.
func overlaid(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	check0(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info := must[fs.FileInfo](t)(e.Info())
		line := fmt.Sprintf("%s %s %s", path, info.Mode(), info.ModTime())
		if !e.IsDir() {
			line += fmt.Sprintf(" %x", sha256.Sum256(must[[]byte](t)(os.ReadFile(path))))
		}
		out = append(out, line)
		return nil
	}))
	return out
}

// over is a lake over l, with an engine that sees both.
func over(t *testing.T, l *Lake) (*Lake, *engine.DB) {
	t.Helper()
	top := must[*Lake](t)(l.Over(t.Context(), t.TempDir()))
	db := must[*engine.DB](t)(engine.Open(t.Context(), engine.Options{Scratch: t.TempDir(), MemoryLimit: "1GB", Allowed: top.Dirs()}))
	t.Cleanup(func() { check0(t, db.Close()) })
	return top, db
}

func TestALakeOverAnotherKeepsWhatIsWritten(t *testing.T) {
	base, db := openBoth(t, t.TempDir())
	orders := Table{"source", "orders"}
	r1 := put(t, base, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a, 'x' AS b")
	o1 := put(t, base, db, plan("shop", 1, ""), true, orders, "SELECT 10 AS n")
	before := overlaid(t, base.Dir())

	top, topDB := over(t, base)
	same(t, rows(t, top, topDB, r1, people), `{"a":1,"b":"x"}`)
	r2 := put(t, top, topDB, plan("crm", 2, r1.Run), false, people, "SELECT 2 AS a, 'y' AS b, true AS c")
	r3 := put(t, top, topDB, plan("crm", 3, r2.Run), true, people, "SELECT 3 AS a")
	fresh := put(t, top, topDB, plan("new", 1, ""), true, Table{"people", "members"}, "SELECT 'm' AS m")
	tx := begin(t, top, topDB, plan("crm", 4, r3.Run))
	must[int64](t)(tx.Append(t.Context(), people, []Column{{Name: "a", Type: sqlgen.Integer}}, "SELECT 4 AS a"))
	tx.Rollback()
	same(t, rows(t, top, topDB, r1, people), `{"a":1,"b":"x"}`)
	same(t, rows(t, top, topDB, r2, people), `{"a":1,"b":"x","c":null}`, `{"a":2,"b":"y","c":true}`)
	same(t, rows(t, top, topDB, r3, people), `{"a":3}`)
	same(t, rows(t, top, topDB, fresh, Table{"people", "members"}), `{"m":"m"}`)
	same(t, rows(t, top, topDB, o1, orders), `{"n":10}`)

	if after := overlaid(t, base.Dir()); !slices.Equal(before, after) {
		t.Errorf("the lake below was written to:\n%q\nwas\n%q", after, before)
	}
	last := must[*Revision](t)(base.Latest(t.Context(), "Ingest", "DataSource", "crm"))
	if last.Run != r1.Run {
		t.Errorf("the lake below has revision %s", last.Run)
	}
}

// What the lake below commits meanwhile does not get into what was written over it.
func TestALakeOverOneThatGoesOn(t *testing.T) {
	base, db := openBoth(t, t.TempDir())
	r1 := put(t, base, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	top, topDB := over(t, base)
	r2 := put(t, top, topDB, plan("crm", 2, r1.Run), false, people, "SELECT 2 AS a")
	for i := range int64(3) {
		put(t, base, db, plan("crm", i+2, fmt.Sprintf("crm-ingest-%d", i+1)), false, people, "SELECT 100 AS a")
	}
	r3 := put(t, top, topDB, plan("crm", 3, r2.Run), false, people, "SELECT 3 AS a")
	same(t, rows(t, top, topDB, r3, people), `{"a":1}`, `{"a":2}`, `{"a":3}`)
	if revs := must[[]Revision](t)(top.Revisions(t.Context())); len(revs) != 3 {
		t.Errorf("%d revisions, want the first and the two made here", len(revs))
	}
	if revs := must[[]Revision](t)(base.Revisions(t.Context())); len(revs) != 4 {
		t.Errorf("%d revisions below, want its own four", len(revs))
	}
}
