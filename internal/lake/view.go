package lake

import (
	"context"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// View makes a view over a table as the revision has it. The class is LakeCorrupt when the revision, or the lake, lacks it.
// The view names the files of that version: it stays the same whatever is committed later. Files without deleted rows are read as they
// are; filters and the choice of columns reach the files either way.
func (l *Lake) View(ctx context.Context, db *engine.DB, view sqlgen.Ident, rev *Revision, t Table) error {
	s, snap, err := l.at(rev, t)
	if err != nil {
		return err
	}
	schema, err := s.schemaAt(snap)
	if err != nil {
		return err
	}
	c, err := s.content(snap)
	if err != nil {
		return err
	}
	q, err := s.read(ctx, db, schema, c)
	if err != nil {
		return err
	}
	return open(ctx, db, view, t, q)
}

func open(ctx context.Context, db *engine.DB, view sqlgen.Ident, t Table, q sqlgen.Query) error {
	if err := db.Exec(ctx, sqlgen.Format("CREATE OR REPLACE VIEW {view} AS {q}", sqlgen.Args{"view": view, "q": q})); err != nil {
		return fault.New(fault.ClassOf(engine.Classify("", err)), "open table %s: %w", t, err)
	}
	return nil
}

// Columns gives the columns of a table as the revision has it.
func (l *Lake) Columns(ctx context.Context, rev *Revision, t Table) ([]Column, error) {
	if err := ctx.Err(); err != nil {
		return nil, engine.Classify("read table "+t.String(), err)
	}
	s, snap, err := l.at(rev, t)
	if err != nil {
		return nil, err
	}
	schema, err := s.schemaAt(snap)
	if err != nil {
		return nil, err
	}
	return s.columns(schema)
}

// at finds the snapshot of a table that a revision names, nil for an empty table.
func (l *Lake) at(rev *Revision, t Table) (*state, *table.Snapshot, error) {
	s, err := l.load(t)
	if err != nil {
		return nil, nil, err
	}
	if t == Runs && s != nil {
		return s, s.meta.CurrentSnapshot(), nil
	}
	v, ok := rev.Version(t)
	switch {
	case !ok && rev == nil:
		return nil, nil, fault.New(fault.LakeCorrupt, "table %s was asked for without a revision", t)
	case !ok:
		return nil, nil, fault.New(fault.LakeCorrupt, "revision %s has no table %s", rev.Run, t)
	case s == nil:
		return nil, nil, fault.New(fault.LakeCorrupt, "the lake lacks table %s, which revision %s names", t, rev.Run)
	case v.SnapshotID == 0:
		return s, nil, nil
	}
	snap, err := s.snapshotOf(rev, v)
	return s, snap, err
}

func (s *state) schemaAt(snap *table.Snapshot) (*iceberg.Schema, error) {
	if snap == nil || snap.SchemaID == nil {
		return s.meta.CurrentSchema(), nil
	}
	return s.schemaOf(*snap.SchemaID)
}

func (s *state) columns(schema *iceberg.Schema) ([]Column, error) {
	out := make([]Column, schema.NumFields())
	for i, f := range schema.Fields() {
		t, err := columnType(s.table, f)
		if err != nil {
			return nil, err
		}
		out[i] = Column{Name: f.Name, Type: t}
	}
	return out, nil
}
