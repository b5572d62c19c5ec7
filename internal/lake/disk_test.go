package lake

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// smallDisk mounts a file system of some size. Only root may; without CI the test is then left out.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "" && errors.Is(err, syscall.EPERM) {
			t.Skip("mounting needs root")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { check0(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func dataFilesOnDisk(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	check0(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".parquet" {
			n++
		}
		return err
	}))
	return n
}

func TestAFullDiskHarmsNothing(t *testing.T) {
	dir := smallDisk(t, "6m")
	l, db := openBoth(t, dir)
	last := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT unnest([1, -1]) AS a, 'x' AS s")
	cols := []Column{column("a", sqlgen.Integer), column("s", sqlgen.String)}

	tx := begin(t, l, db, plan("crm", 2, last.Run))
	before := dataFilesOnDisk(t, dir)
	_, err := tx.Append(t.Context(), people, cols, "SELECT range AS a, uuid()::VARCHAR AS s FROM range(1000000)")
	isClass(t, err, fault.DiskFull)
	tx.Rollback()
	if after := dataFilesOnDisk(t, dir); after != before {
		t.Errorf("%d data files, were %d", after, before)
	}
	same(t, rows(t, l, db, last, people), `{"a":-1,"s":"x"}`, `{"a":1,"s":"x"}`)

	// With less and less space left the disk is full at each of the steps of a commit in turn.
	filler := filepath.Join(dir, "filler")
	failed, want := 0, 2
	for left := 0; left <= 120<<10; left += 4 << 10 {
		fill(t, filler, left)
		before := dataFilesOnDisk(t, dir)
		serial := int64(100 + left>>10)
		rev, err := tryChange(t, l, db, plan("crm", serial, last.Run), cols)
		if err != nil {
			failed++
			isClass(t, err, fault.DiskFull)
			if after := dataFilesOnDisk(t, dir); after != before {
				t.Errorf("with %d bytes left: %d data files, were %d", left, after, before)
			}
		} else {
			last, want = rev, want+1
		}
		check0(t, os.Remove(filler))
		if got := rows(t, must[*Lake](t)(Open(t.Context(), dir)), db, last, people); len(got) != want {
			t.Fatalf("with %d bytes left: %d rows, want %d", left, len(got), want)
		}
		now := must[*Revision](t)(must[*Lake](t)(Open(t.Context(), dir)).Latest(t.Context(), "Ingest", "DataSource", "crm"))
		if now.Run != last.Run {
			t.Fatalf("with %d bytes left: the latest is %s, want %s", left, now.Run, last.Run)
		}
	}
	if failed < 5 || want < 3 {
		t.Errorf("%d commits failed and %d succeeded: the test does not reach the steps", failed, want-2)
	}
}

// tryChange deletes one row and adds two.
func tryChange(t *testing.T, l *Lake, db *engine.DB, p Plan, cols []Column) (*Revision, error) {
	t.Helper()
	tx, err := l.Begin(t.Context(), db, p)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	if _, err := tx.Delete(t.Context(), people, "a < 0"); err != nil {
		return nil, err
	}
	if _, err := tx.Append(t.Context(), people, cols, sqlgen.Format("SELECT unnest([{n}, -{n}]) AS a, 'x' AS s", sqlgen.Args{"n": p.Serial})); err != nil {
		return nil, err
	}
	return tx.Commit(t.Context(), nil, "")
}

// fill takes all space but some bytes.
func fill(t *testing.T, path string, left int) {
	t.Helper()
	f := must[*os.File](t)(os.Create(path))
	chunk := make([]byte, 4<<10)
	for {
		if _, err := f.Write(chunk); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			break
		}
	}
	size := must[int64](t)(f.Seek(0, 2))
	check0(t, f.Truncate(max(0, size-int64(left))))
	check0(t, f.Close())
}

func TestAFullScratchIsADiskThatIsFull(t *testing.T) {
	db := must[*engine.DB](t)(engine.Open(t.Context(), engine.Options{Scratch: smallDisk(t, "30m"), MemoryLimit: "60MB"}))
	defer func() { check0(t, db.Close()) }()
	err := db.Exec(t.Context(), "CREATE TABLE big AS SELECT range AS a, uuid()::VARCHAR AS s FROM range(5000000)")
	isClass(t, err, fault.DiskFull)
	check0(t, db.Exec(t.Context(), "CREATE TABLE small AS SELECT 1 AS a"))
}
