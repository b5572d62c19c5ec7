package lake

import (
	"context"
	"errors"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/engine"
)

// Commit makes the work visible: a snapshot for each table, then the revision row, by compare-and-swap on kith.runs. The class is
// Superseded when another run has committed for the subject in the meantime. The outputs and the state go into the revision. Before
// that, what has become slow to read in the tables that the run changes is written anew; a table that it did not change after all stays as it is.
func (t *Tx) Commit(ctx context.Context, outputs []Output, state string) (*Revision, error) {
	if t.done != nil {
		return t.done, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	rev := Revision{
		Run: t.plan.Run, Task: t.plan.Task, Kind: t.plan.Kind, Subject: t.plan.Subject, Serial: t.plan.Serial, PlanHash: t.plan.PlanHash,
		Now: t.plan.Now.UTC().Truncate(time.Microsecond), Inputs: t.plan.Inputs, Tables: t.kept, Outputs: outputs, State: state,
	}
	// A run that was overtaken long ago need not touch its tables.
	revs, err := t.lake.Revisions(ctx)
	if err != nil {
		return nil, err
	}
	if done, err := check(revs, t.plan); err != nil || done != nil {
		return done, err
	}
	for _, v := range t.kept {
		if v.SnapshotID == 0 {
			continue
		}
		if _, err := t.lake.snapshotOf(t.base, v); err != nil {
			return nil, err
		}
	}
	for _, tbl := range t.order {
		st := t.staged[tbl]
		if v, ok := t.base.Version(tbl); ok && st.untouched() {
			rev.Tables = append(rev.Tables, v)
			continue
		}
		if err := t.compact(ctx, tbl, st); err != nil {
			return nil, err
		}
		if err := present(tbl, st.files); err != nil {
			return nil, err
		}
		v, err := t.lake.commitTable(ctx, tbl, st.change)
		if err != nil {
			return nil, err
		}
		t.committed, rev.Tables = append(t.committed, v), append(rev.Tables, v)
	}
	crash.At(crash.LakeBeforeRev)
	made, err := t.lake.commitRevision(ctx, t.db, t.plan, rev)
	t.settled = err == nil || errors.Is(err, errUncertain)
	if err != nil {
		return nil, err
	}
	crash.At(crash.LakeAfterRev)
	// The run is done, whatever becomes of this; the next run of the table or Maintain does it if it fails.
	_ = t.lake.show(ctx, made)
	return made, nil
}

// commitTable adds a snapshot to a table without showing it: the branch that other programs read moves when the
// revision is there.
func (l *Lake) commitTable(ctx context.Context, tbl Table, c change) (TableVersion, error) {
	var snap *table.Snapshot
	if _, err := l.update(ctx, tbl, func(s *state) ([]table.Update, error) {
		var err error
		if snap, err = s.snapshot(c); err != nil {
			return nil, err
		}
		return []table.Update{table.NewAddSnapshotUpdate(snap)}, nil
	}); err != nil {
		return TableVersion{}, err
	}
	crash.At(crash.LakeTableCommit)
	return TableVersion{Table: tbl, SnapshotID: snap.SnapshotID, Rows: c.rows}, nil
}

// commitRevision adds a row to kith.runs if the plan may still make it, and gives the revision that then is there.
func (l *Lake) commitRevision(ctx context.Context, db *engine.DB, p Plan, rev Revision) (*Revision, error) {
	_, schema, err := l.ensureSchema(ctx, Runs, nil, runsColumns, false)
	if err != nil {
		return nil, err
	}
	made := &rev
	var file iceberg.DataFile
	var path string
	_, err = l.update(ctx, Runs, func(s *state) ([]table.Update, error) {
		revs, _, err := l.revisionsOf(s)
		if err != nil {
			return nil, err
		}
		done, err := check(revs, p)
		if err != nil || done != nil {
			made = done
			return nil, err
		}
		// The order of revisions is that of their times, so each is later than the one before, whatever the clock says.
		if last := len(revs) - 1; file == nil || last >= 0 && !rev.CommittedAt.After(revs[last].CommittedAt) {
			rev.CommittedAt = time.Now().UTC().Truncate(time.Microsecond)
			if last >= 0 && !rev.CommittedAt.After(revs[last].CommittedAt) {
				rev.CommittedAt = revs[last].CommittedAt.Add(time.Microsecond)
			}
			discard([]string{path})
			if file, path, err = s.writeRevisions(ctx, db, schema, []Revision{rev}); err != nil {
				return nil, err
			}
		}
		snap, err := s.snapshot(change{
			base: s.meta.CurrentSnapshot(), added: []iceberg.DataFile{file}, schema: schema.ID, run: p.Run, plan: p.PlanHash,
		})
		if err != nil {
			return nil, err
		}
		return show(s, snap, true), nil
	})
	if (err != nil || made != &rev) && !errors.Is(err, errUncertain) {
		discard([]string{path})
	}
	return made, err
}

// writeRevisions writes revisions as a data file of kith.runs.
func (s *state) writeRevisions(ctx context.Context, db *engine.DB, schema *iceberg.Schema, revs []Revision) (iceberg.DataFile, string, error) {
	q, err := revisionRows(revs)
	if err != nil {
		return nil, "", err
	}
	file, err := s.writeFile(ctx, db, schema, runsColumns, q)
	if err != nil {
		return nil, "", err
	}
	return file, s.local(file.FilePath()), nil
}

// show makes a snapshot the one that readers of the table's main branch see, new or already there.
func show(s *state, snap *table.Snapshot, isNew bool) []table.Update {
	var out []table.Update
	if isNew {
		out = append(out, table.NewAddSnapshotUpdate(snap))
	}
	if s.meta.CurrentSchema().ID != *snap.SchemaID {
		out = append(out, table.NewSetCurrentSchemaUpdate(*snap.SchemaID))
	}
	if head := s.meta.CurrentSnapshot(); head == nil || head.SnapshotID != snap.SnapshotID {
		out = append(out, table.NewSetSnapshotRefUpdate(table.MainBranch, snap.SnapshotID, table.BranchRef, 0, 0, 0))
	}
	return out
}

// show moves the main branch of the revision's tables to the revision, for programs that read the tables without it. It does
// so only forward: a later revision may have been faster.
func (l *Lake) show(ctx context.Context, r *Revision) error {
	for _, v := range r.Tables {
		if v.SnapshotID == 0 {
			continue
		}
		if _, err := l.update(ctx, v.Table, func(s *state) ([]table.Update, error) {
			snap, err := s.snapshotOf(r, v)
			if err != nil {
				return nil, err
			}
			if head := s.meta.CurrentSnapshot(); head != nil && head.SequenceNumber >= snap.SequenceNumber {
				return nil, nil
			}
			return show(s, snap, false), nil
		}); err != nil {
			return err
		}
	}
	return nil
}
