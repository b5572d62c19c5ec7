package lake

import (
	"context"
	"fmt"
	"math/rand/v2"
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
		same(t, rows(t, l, db, &revs[i], Table{"source", revs[i].Subject}), numbersTo(revs[i].Serial)...)
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

// play one process: the cleaner until it is told to stop, or the runs of one subject, which do not end where it is to be killed.
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
	subject, base, serial := "s"+role, "", int64(1)
	if role == "killed" {
		subject = role
		if last := must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", subject)); last != nil {
			base, serial = last.Run, last.Serial+1
		}
	}
	for ; serial <= runsEach || role == "killed"; serial++ {
		p := plan(subject, serial, base)
		p.Now = time.Now()
		check0(t, appendOne(t.Context(), l, db, p, serial))
		base = p.Run
	}
}

// TestKilledProcesses kills a process that deletes and adds rows, wherever it is, and starts another on what it left.
func TestKilledProcesses(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r := rand.New(rand.NewPCG(1, 2))
	tbl := Table{"source", "killed"}
	serial := func() int64 {
		last := must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", "killed"))
		if last == nil {
			return 0
		}
		return last.Serial
	}
	var last *Revision
	for range 6 {
		before := serial()
		worker := process(t, "killed", l.dir)
		check0(t, worker.Start())
		for deadline := time.Now().Add(time.Minute); serial() < before+2; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				check0(t, worker.Process.Kill())
				_ = worker.Wait()
				t.Fatalf("the process gets nowhere: %s", worker.Stdout)
			}
		}
		time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
		check0(t, worker.Process.Kill())
		_ = worker.Wait()
		last = must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", "killed"))
		got := rows(t, l, db, last, tbl)
		same(t, got, numbersTo(last.Serial)...)
		if v, _ := last.Version(tbl); v.Rows != int64(len(got)) {
			t.Errorf("%s counts %d rows and has %d", last.Run, v.Rows, len(got))
		}
	}
	l.grace = 0
	must[MaintainResult](t)(l.Maintain(t.Context(), db, time.Now(), 0))
	same(t, rows(t, l, db, last, tbl), numbersTo(last.Serial)...)
	if left := (&history{t: t, l: l}).leftovers(); len(left) > 1 { // the lock apart
		t.Errorf("left behind: %v", left)
	}
}

// numbersTo is what a table has after that many runs of appendOne.
func numbersTo(n int64) []string {
	out := []string{fmt.Sprintf(`{"a":-%d}`, n)}
	for i := range n {
		out = append(out, fmt.Sprintf(`{"a":%d}`, i+1))
	}
	slices.Sort(out)
	return out
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
