package lake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// compactRuns is from how many files on kith.runs is written anew as one.
const compactRuns = 64

// MaintainResult counts what was removed.
type MaintainResult struct {
	Revisions int   // rows of kith.runs
	Snapshots int   // of all tables
	Files     int   // data and metadata files
	Bytes     int64 // their size
}

// Maintain removes what nobody needs any more. It keeps the latest revision of each task and subject, every revision that was
// overtaken less than retention before now, and every revision that a kept one was computed from; it keeps the snapshots that kept revisions name
// and the files of kept snapshots. It can be killed anywhere: what is removed first is what refers to the rest.
func (l *Lake) Maintain(ctx context.Context, db *engine.DB, now time.Time, retention time.Duration) (MaintainResult, error) {
	var done MaintainResult
	dropped, err := l.dropRevisions(ctx, db, now, retention)
	if err != nil {
		return done, err
	}
	done.Revisions = dropped
	revs, err := l.Revisions(ctx)
	if err != nil {
		return done, err
	}
	for _, r := range slices.Backward(revs) {
		// What a run that died just after its commit left undone.
		if err := l.show(ctx, &r); err != nil && !fault.Is(err, fault.LakeCorrupt) {
			return done, err
		}
	}
	tables, err := l.tables()
	if err != nil {
		return done, err
	}
	for _, t := range tables {
		n, err := l.expire(ctx, t)
		done.Snapshots += n
		if err != nil {
			return done, err
		}
	}
	for _, t := range tables {
		files, bytes, err := l.sweep(ctx, t)
		done.Files, done.Bytes = done.Files+files, done.Bytes+bytes
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// needed tells for each of the revisions, oldest first, whether it is kept.
func needed(revs []Revision, now time.Time, retention time.Duration, machine time.Time, grace time.Duration) []bool {
	type key struct{ task, kind, subject string }
	keep := make([]bool, len(revs))
	next := map[key]*Revision{}
	index := map[string]int{}
	var todo []int
	for i := len(revs) - 1; i >= 0; i-- {
		r := &revs[i]
		k := key{r.Task, r.Kind, r.Subject}
		by := next[k]
		// A run that began on this revision, or reads it, may still be at work for a while after it was overtaken.
		keep[i] = by == nil || now.Sub(by.Now) < retention || machine.Sub(by.CommittedAt) < grace
		if keep[i] {
			todo = append(todo, i)
		}
		next[k], index[r.Run] = r, i
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, in := range revs[i].Inputs {
			if j, ok := index[in.Run]; ok && !keep[j] {
				keep[j] = true
				todo = append(todo, j)
			}
		}
	}
	return keep
}

// dropRevisions takes the rows that are not needed out of kith.runs, and makes one file of many.
func (l *Lake) dropRevisions(ctx context.Context, db *engine.DB, now time.Time, retention time.Duration) (int, error) {
	if s, err := l.load(Runs); err != nil || s == nil {
		return 0, err
	}
	_, schema, err := l.ensureSchema(ctx, Runs, nil, runsColumns, false)
	if err != nil {
		return 0, err
	}
	dropped := 0
	_, err = l.update(ctx, Runs, func(s *state) ([]table.Update, error) {
		revs, paths, err := l.revisionsOf(s)
		if err != nil {
			return nil, err
		}
		keep := needed(revs, now, retention, time.Now(), l.grace)
		var kept []Revision
		for i, r := range revs {
			if keep[i] {
				kept = append(kept, r)
			}
		}
		dropped = len(revs) - len(kept)
		if len(kept) == 0 || dropped == 0 && len(paths) < compactRuns {
			return nil, nil
		}
		file, path, err := s.writeRevisions(ctx, db, schema, kept)
		if err != nil {
			return nil, err
		}
		s.written = append(s.written, path)
		snap, err := s.snapshot(change{
			base: s.meta.CurrentSnapshot(), replace: true, added: []iceberg.DataFile{file}, schema: schema.ID, run: "maintain",
		})
		if err != nil {
			return nil, err
		}
		return show(s, snap, true), nil
	})
	return dropped, err
}

// tables lists the tables that this package made. Others may live in the same directory and keep their history as they like.
func (l *Lake) tables() ([]Table, error) {
	dirs, err := filepath.Glob(filepath.Join(l.dir, "*", "*", "metadata"))
	if err != nil {
		return nil, engine.Classify("list the tables of the lake", err)
	}
	var out []Table
	for _, d := range dirs {
		dir := filepath.Dir(d)
		t := Table{Schema: filepath.Base(filepath.Dir(dir)), Name: filepath.Base(dir)}
		s, err := l.load(t)
		if err != nil {
			return nil, err
		}
		if s != nil && s.meta.Properties()[propManaged] == "true" {
			out = append(out, t)
		}
	}
	return out, nil
}

// expire takes the snapshots out of a table that no revision names. Those that a branch or tag shows stay, and so do young
// ones: the revision that will name them may be on its way.
func (l *Lake) expire(ctx context.Context, t Table) (int, error) {
	s, err := l.load(t)
	if err != nil || s == nil {
		return 0, err
	}
	var gone []int64
	_, err = l.update(ctx, t, func(s *state) ([]table.Update, error) {
		revs, err := l.Revisions(ctx)
		if err != nil {
			return nil, err
		}
		keep := map[int64]bool{}
		for i := range revs {
			if v, ok := revs[i].Version(t); ok {
				keep[v.SnapshotID] = true
			}
		}
		for _, ref := range s.meta.Refs() {
			keep[ref.SnapshotID] = true
		}
		young := time.Now().Add(-l.grace).UnixMilli()
		gone = nil
		snaps := s.meta.Snapshots()
		for i, snap := range snaps {
			since := snap.TimestampMs
			if t == Runs && i+1 < len(snaps) {
				// Whoever reads the revisions reads the head: it may be in use until long after it was made.
				since = snaps[i+1].TimestampMs
			}
			if !keep[snap.SnapshotID] && since <= young {
				gone = append(gone, snap.SnapshotID)
			}
		}
		if len(gone) == 0 {
			return nil, nil
		}
		return []table.Update{table.NewRemoveSnapshotsUpdate(gone, false)}, nil
	})
	if err != nil {
		return 0, err
	}
	crash.At(crash.MaintainExpired)
	return len(gone), nil
}

// sweep deletes the files of a table that nothing in its metadata refers to and that are too old to belong to a run at work.
func (l *Lake) sweep(ctx context.Context, t Table) (files int, bytes int64, err error) {
	// The files are listed before the metadata is read, so that one that is committed in between is not taken for an orphan.
	candidates, err := l.oldFiles(t)
	if err != nil || len(candidates) == 0 {
		return 0, 0, err
	}
	s, err := l.load(t)
	if err != nil || s == nil {
		return 0, 0, err
	}
	used, err := s.used()
	if err != nil {
		return 0, 0, err
	}
	for path, size := range candidates {
		if err := ctx.Err(); err != nil {
			return files, bytes, engine.Classify("remove old files of table "+t.String(), err)
		}
		if used[path] {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return files, bytes, engine.Classify("remove old files of table "+t.String(), err)
		}
		files, bytes = files+1, bytes+size
	}
	return files, bytes, nil
}

// oldFiles are the files below a table that are older than the grace time, with their sizes.
func (l *Lake) oldFiles(t Table) (map[string]int64, error) {
	out := map[string]int64{}
	young := time.Now().Add(-l.grace)
	for _, folder := range []string{"data", "metadata"} {
		err := filepath.WalkDir(filepath.Join(l.tableDir(t), folder), func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !strings.HasSuffix(path, "version-hint.text") && !info.ModTime().After(young) {
				out[path] = info.Size()
			}
			return nil
		})
		if err != nil {
			return nil, engine.Classify("list the files of table "+t.String(), err)
		}
	}
	return out, nil
}

// used are the files that the snapshots of a table refer to, and its metadata file.
func (s *state) used() (map[string]bool, error) {
	out := map[string]bool{s.path: true}
	read := map[string]bool{}
	for _, snap := range s.meta.Snapshots() {
		out[s.local(snap.ManifestList)] = true
		list, err := snap.Manifests(s)
		if err != nil {
			return nil, s.unreadable(err)
		}
		for _, m := range list {
			path := s.local(m.FilePath())
			if read[path] {
				continue
			}
			read[path], out[path] = true, true
			for e, err := range m.Entries(s, true) {
				if err != nil {
					return nil, s.unreadable(err)
				}
				out[s.local(e.DataFile().FilePath())] = true
			}
		}
	}
	for stats := range s.meta.Statistics() {
		out[s.local(stats.StatisticsPath)] = true
	}
	for stats := range s.meta.PartitionStatistics() {
		out[s.local(stats.StatisticsPath)] = true
	}
	return out, nil
}

// present makes sure that files which took long to make were not swept away meanwhile.
func present(t Table, files []string) error {
	if i := slices.IndexFunc(files, func(f string) bool { _, err := os.Stat(f); return err != nil }); i >= 0 {
		return fault.New(fault.LakeCorrupt, "table %s: the file %s that this run wrote is gone; a run must not last longer than %s", t, filepath.Base(files[i]), grace)
	}
	return nil
}
