package lake

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Plan is what a run's commit is about.
type Plan struct {
	Run, Task, Kind, Subject, PlanHash string
	Serial                             int64
	Now                                time.Time
	Inputs                             []Input
	Base                               string // the Run of the revision this one builds on, "" for none
}

// Tx is the work of one run. Replace, Append and Delete write files, which nothing refers to until Commit makes all of them visible at
// once; a run that dies before has changed nothing that anybody sees. Commits of tables are left to the end, and
// a restarted run makes its files anew instead of taking over those of its first attempt: what a run computed from a
// source that has moved on meanwhile, or numbered at random, must not be mixed with what it computes now.
//
// The methods may be called from several goroutines, for different tables.
type Tx struct {
	lake *Lake
	db   *engine.DB
	plan Plan
	base *Revision
	done *Revision // what an earlier attempt of this very plan committed

	mu        sync.Mutex
	staged    map[Table]*staged
	order     []Table
	kept      []TableVersion
	committed []TableVersion // snapshots that no revision names yet
	settled   bool           // the files are visible, or may be: they must stay
}

// staged is the content that a table is to have.
type staged struct {
	change
	files []string // where the added files are, to remove them again
}

// Begin starts the work of a plan on its base. The class is Superseded when the subject's latest revision is another one
// than the base. A plan that has been committed already, by an attempt that died before it could say so, begins all
// the same: its Done tells, and Commit gives the revision again.
func (l *Lake) Begin(ctx context.Context, db *engine.DB, p Plan) (*Tx, error) {
	revs, done, err := l.check(ctx, p)
	if err != nil {
		return nil, err
	}
	return &Tx{lake: l, db: db, plan: p, base: byRun(revs, p.Base), done: done, staged: map[Table]*staged{}}, nil
}

// Check compares a plan with what is in the lake, before any work: it gives the subject's latest revision, nil for none, and whether
// the plan has made that one already. The class is Superseded as that of Begin; the latest revision is there beside it.
func (l *Lake) Check(ctx context.Context, p Plan) (last *Revision, done bool, err error) {
	revs, made, err := l.check(ctx, p)
	return latest(revs, p.Task, p.Kind, p.Subject), made != nil, err
}

func (l *Lake) check(ctx context.Context, p Plan) ([]Revision, *Revision, error) {
	revs, err := l.Revisions(ctx)
	if err != nil {
		return nil, nil, err
	}
	done, err := check(revs, p)
	if done != nil {
		// It may have died before this, which can wait for Maintain if it fails again.
		_ = l.show(ctx, done)
	}
	return revs, done, err
}

// check compares a plan with the revisions there are: it gives the latest one where the plan has made it already, or Superseded
// when it can't make one any more. A revision that the plan made and that was overtaken since is not its own any more: whoever
// made the plan has to learn what came after.
func check(revs []Revision, p Plan) (*Revision, error) {
	last := latest(revs, p.Task, p.Kind, p.Subject)
	switch {
	case last != nil && last.Run == p.Run && last.PlanHash == p.PlanHash:
		return last, nil
	case byRun(revs, p.Run) != nil && (last == nil || last.Run == p.Run || last.Run == p.Base):
		return nil, fault.New(fault.Superseded, "another plan was committed as run %s", p.Run)
	case last == nil && p.Base != "":
		return nil, fault.New(fault.Superseded, "run %s builds on %s, which the lake does not have", p.Run, p.Base)
	case last != nil && last.Run != p.Base:
		return nil, fault.New(fault.Superseded, "run %s builds on %q, but the latest revision of %s %s is %s", p.Run, p.Base, p.Kind, p.Subject, last.Run)
	}
	return nil, nil
}

// Base is the revision that this one builds on, nil for the first.
func (t *Tx) Base() *Revision { return t.base }

// Done is the revision that an earlier attempt of the same run and plan committed, else nil. There is nothing left to do then;
// Replace, Append, Delete and Keep do nothing.
func (t *Tx) Done() *Revision { return t.done }

// Replace makes the result of q the whole content of a table, whose columns become cols. It gives the number of rows.
// The query must give a column for each of cols. A column that changes its type is a new one.
func (t *Tx) Replace(ctx context.Context, tbl Table, cols []Column, q sqlgen.Query) (rows int64, err error) {
	return t.write(ctx, tbl, cols, q, true)
}

// Append adds the result of q to what the base has of the table, or to what this Tx has written before. Columns that the table
// lacks are added, columns that cols lacks are null in the new rows; the class is SchemaChanged when a column has another
// type. It gives the number of added rows.
func (t *Tx) Append(ctx context.Context, tbl Table, cols []Column, q sqlgen.Query) (rows int64, err error) {
	return t.write(ctx, tbl, cols, q, false)
}

func (t *Tx) write(ctx context.Context, tbl Table, cols []Column, q sqlgen.Query, replace bool) (int64, error) {
	if t.done != nil {
		return t.doneRows(tbl, replace), nil
	}
	st, err := t.stage(tbl)
	if err != nil {
		return 0, err
	}
	var baseSchema *int
	if st.schema >= 0 {
		baseSchema = &st.schema
	}
	s, schema, err := t.lake.ensureSchema(ctx, tbl, baseSchema, cols, !replace)
	if err != nil {
		return 0, err
	}
	file, err := s.writeFile(ctx, t.db, schema, cols, q)
	if err != nil {
		return 0, err
	}
	crash.At(crash.LakeFilesWritten)
	t.mu.Lock()
	defer t.mu.Unlock()
	if replace {
		discard(st.files)
		st.replace, st.removed, st.added, st.files, st.rows = true, nil, nil, nil, 0
	}
	st.schema = schema.ID
	rows := int64(0)
	if file != nil {
		st.add(s, file)
		rows = file.Count()
	}
	st.rows += rows
	return rows, nil
}

func (st *staged) add(s *state, file iceberg.DataFile) {
	st.added, st.files = append(st.added, file), append(st.files, s.local(file.FilePath()))
}

// untouched tells whether the content is still what the base has.
func (st *staged) untouched() bool {
	return !st.replace && len(st.added)+len(st.removed) == 0 && (st.base == nil && st.schema < 0 || st.base != nil && st.schema == *st.base.SchemaID)
}

// doneRows answers for a plan that was committed already.
func (t *Tx) doneRows(tbl Table, replace bool) int64 {
	v, _ := t.done.Version(tbl)
	if replace {
		return v.Rows
	}
	return 0
}

// stage gives the staged content of a table, which begins as the base has it.
func (t *Tx) stage(tbl Table) (*staged, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if st := t.staged[tbl]; st != nil {
		return st, nil
	}
	if slices.ContainsFunc(t.kept, func(v TableVersion) bool { return v.Table == tbl }) {
		return nil, fault.New(fault.Internal, "run %s both keeps and writes table %s", t.plan.Run, tbl)
	}
	st := &staged{change: change{run: t.plan.Run, plan: t.plan.PlanHash, schema: -1}}
	if v, ok := t.base.Version(tbl); ok && v.SnapshotID != 0 {
		snap, err := t.lake.snapshotOf(t.base, v)
		if err != nil {
			return nil, err
		}
		st.base, st.schema, st.rows = snap, *snap.SchemaID, v.Rows
	}
	t.staged[tbl] = st
	t.order = append(t.order, tbl)
	return st, nil
}

func (l *Lake) snapshotOf(r *Revision, v TableVersion) (*table.Snapshot, error) {
	s, err := l.load(v.Table)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, fault.New(fault.LakeCorrupt, "the lake lacks table %s, which revision %s names", v.Table, r.Run)
	}
	return s.snapshotOf(r, v)
}

func (s *state) snapshotOf(r *Revision, v TableVersion) (*table.Snapshot, error) {
	snap := s.meta.SnapshotByID(v.SnapshotID)
	if snap == nil || snap.SchemaID == nil {
		return nil, fault.New(fault.LakeCorrupt, "table %s lacks snapshot %d, which revision %s names", v.Table, v.SnapshotID, r.Run)
	}
	return snap, nil
}

// Keep carries the base's version of a table into this revision as it is. The class is LakeCorrupt when the base has none.
func (t *Tx) Keep(tbl Table) error {
	if t.done != nil {
		return nil
	}
	v, ok := t.base.Version(tbl)
	if !ok {
		return fault.New(fault.LakeCorrupt, "run %s is to keep table %s, which its base %q does not have", t.plan.Run, tbl, t.plan.Base)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.staged[tbl] != nil {
		return fault.New(fault.Internal, "run %s both writes and keeps table %s", t.plan.Run, tbl)
	}
	if !slices.Contains(t.kept, v) {
		t.kept = append(t.kept, v)
	}
	return nil
}

// Rollback removes the files of a Tx whose Commit has not succeeded, so that failing again and again does not fill the disk. It
// is meant to be deferred: after a Commit that succeeded, or may have, it does nothing.
func (t *Tx) Rollback() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.settled {
		return
	}
	// The run's own context may be what ended it.
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	for _, v := range t.committed {
		// Where this fails Maintain does it later.
		_, _ = t.lake.update(ctx, v.Table, func(s *state) ([]table.Update, error) {
			if head := s.meta.CurrentSnapshot(); s.meta.SnapshotByID(v.SnapshotID) == nil || head != nil && head.SnapshotID == v.SnapshotID {
				return nil, nil
			}
			return []table.Update{table.NewRemoveSnapshotsUpdate([]int64{v.SnapshotID}, false)}, nil
		})
	}
	t.committed = nil
	for _, st := range t.staged {
		discard(st.files)
		st.files = nil
	}
}

const rollbackTimeout = 10 * time.Second

func discard(files []string) {
	for _, f := range files {
		_ = os.Remove(f)
	}
}
