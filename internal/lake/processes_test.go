package lake

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/engine"
)

// The role that a process of TestProcesses plays, and the lake that it plays it on.
const (
	roleVariable = "KITH_TEST_LAKE_ROLE"
	lakeVariable = "KITH_TEST_LAKE_DIR"

	processes = 5
	runsEach  = 14 // together more than compactRuns
)

// TestProcesses is a tenant's workers at the same time: processes of their own, each with the runs of its subject, and beside
// them one that cleans up. Every run commits, and what is cleaned up is nothing that anybody needs.
func TestProcesses(t *testing.T) {
	if role := os.Getenv(roleVariable); role != "" {
		play(t, role, os.Getenv(lakeVariable))
		return
	}
	dir := t.TempDir()
	l, db := openBoth(t, dir)
	base := ""
	for serial := int64(1); serial <= 20; serial++ {
		check0(t, appendOne(t.Context(), l, db, plan("old", serial, base), serial))
		base = plan("old", serial, "").Run
	}
	age(t, l, db)
	orphan := filepath.Join(dir, "source", "old", "data", "orphan.parquet")
	check0(t, os.WriteFile(orphan, []byte("left by a run that died"), 0o600))
	long := time.Now().Add(-48 * time.Hour)
	check0(t, os.Chtimes(orphan, long, long))

	cleaner := process(t, "maintain", dir)
	check0(t, cleaner.Start())
	workers := make([]*exec.Cmd, processes)
	for i := range workers {
		workers[i] = process(t, strconv.Itoa(i), dir)
		check0(t, workers[i].Start())
	}
	for i, w := range workers {
		if err := w.Wait(); err != nil {
			t.Errorf("worker %d: %v\n%s", i, err, w.Stdout)
		}
	}
	check0(t, os.WriteFile(filepath.Join(dir, "stop"), nil, 0o600))
	if err := cleaner.Wait(); err != nil {
		t.Errorf("the cleaner: %v\n%s", err, cleaner.Stdout)
	}

	l = must[*Lake](t)(Open(t.Context(), dir))
	revs := must[[]Revision](t)(l.Revisions(t.Context()))
	if len(revs) != processes*runsEach+1 {
		t.Errorf("%d revisions are left, want those of the workers and the last of before", len(revs))
	}
	for i := range revs {
		want := []string{fmt.Sprintf(`{"a":-%d}`, revs[i].Serial)}
		for n := range revs[i].Serial {
			want = append(want, fmt.Sprintf(`{"a":%d}`, n+1))
		}
		slices.Sort(want)
		same(t, rows(t, l, db, &revs[i], Table{"source", revs[i].Subject}), want...)
	}
	if _, err := os.Stat(orphan); err == nil {
		t.Error("what the dead run left is still there")
	}
}

func process(t *testing.T, role, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcesses$", "-test.count=1")
	cmd.Env = append(os.Environ(), roleVariable+"="+role, lakeVariable+"="+dir, "TMPDIR="+t.TempDir())
	out := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// play one process: the cleaner until it is told to stop, or the runs of one subject.
func play(t *testing.T, role, dir string) {
	l, db := openBoth(t, dir)
	if role == "maintain" {
		for {
			must[MaintainResult](t)(l.Maintain(t.Context(), db, time.Now(), time.Hour))
			if _, err := os.Stat(filepath.Join(dir, "stop")); err == nil {
				return
			}
		}
	}
	base := ""
	for serial := int64(1); serial <= runsEach; serial++ {
		p := plan("s"+role, serial, base)
		p.Now = time.Now()
		check0(t, appendOne(t.Context(), l, db, p, serial))
		base = p.Run
	}
}

// age moves the revisions there are two days into the past, as if they had been committed then.
func age(t *testing.T, l *Lake, db *engine.DB) {
	t.Helper()
	ctx := context.Background()
	_, schema, err := l.ensureSchema(ctx, Runs, nil, runsColumns, false)
	check0(t, err)
	_, err = l.update(ctx, Runs, func(s *state) ([]table.Update, error) {
		revs, _, err := l.revisionsOf(s)
		if err != nil {
			return nil, err
		}
		for i := range revs {
			revs[i].CommittedAt = revs[i].CommittedAt.Add(-48 * time.Hour)
		}
		file, _, err := s.writeRevisions(ctx, db, schema, revs)
		if err != nil {
			return nil, err
		}
		snap, err := s.snapshot(change{
			base: s.meta.CurrentSnapshot(), replace: true, added: []iceberg.DataFile{file}, schema: schema.ID, run: "aged",
		})
		if err != nil {
			return nil, err
		}
		return show(s, snap, true), nil
	})
	check0(t, err)
}
