package lake

import (
	"context"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// ChangeType is the first column of Changes: Deleted for a row that only the old version has, Inserted for one that only the new has.
const (
	ChangeType = "_change_type"
	Deleted    = "DELETE"
	Inserted   = "INSERT"
)

// Changes makes a view of what differs between a table as one revision has it and as another has it: ChangeType, and then the columns,
// all of the new version where none are named. Only these are compared; a changed row is there twice, as it was and as it is, and a row that
// is there more often than before is there as often as it is more. An old version that is not there (a nil from, or one without the
// table) had no rows.
//
// A data file that both versions have is not read for its rows, but for those that only one of them has deleted. So a table that was appended
// to costs its new files, and one from which rows were deleted the deleted rows and a look at where they are; what was written anew
// is compared row by row. The view is computed each time it is read.
//
// The old rows are read as the new version has its columns: one that was added was null, one that is no more is not compared, and
// one that changed its type is another, which was null.
func (l *Lake) Changes(ctx context.Context, db *engine.DB, view sqlgen.Ident, from, to *Revision, t Table, columns ...string) error {
	s, newSnap, err := l.at(to, t)
	if err != nil {
		return err
	}
	var oldSnap *table.Snapshot
	if _, ok := from.Version(t); ok {
		if _, oldSnap, err = l.at(from, t); err != nil {
			return err
		}
	}
	schema, err := s.schemaAt(newSnap)
	if err != nil {
		return err
	}
	cols, err := s.chosen(schema, columns)
	if err != nil {
		return err
	}
	q, err := s.changes(ctx, db, schema, cols, oldSnap, newSnap)
	if err != nil {
		return err
	}
	return open(ctx, db, view, t, q)
}

// chosen are the columns of a schema that have some names, all when none are given.
func (s *state) chosen(schema *iceberg.Schema, names []string) ([]Column, error) {
	cols, err := s.columns(schema)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		all := cols
		cols = nil
		for _, name := range names {
			i := slices.IndexFunc(all, func(c Column) bool { return c.Name == name })
			if i < 0 {
				return nil, fault.New(fault.SchemaChanged, "table %s has no column %q", s.table, name)
			}
			cols = append(cols, all[i])
		}
	}
	if unused(cols, ChangeType) != ChangeType {
		return nil, fault.New(fault.SchemaChanged, "table %s has a column %s of its own: rename it", s.table, ChangeType)
	}
	return cols, nil
}

func (s *state) changes(ctx context.Context, db *engine.DB, schema *iceberg.Schema, cols []Column, oldSnap, newSnap *table.Snapshot) (sqlgen.Query, error) {
	before, err := s.side(ctx, db, oldSnap)
	if err != nil {
		return "", err
	}
	after, err := s.side(ctx, db, newSnap)
	if err != nil {
		return "", err
	}
	deleted, err := s.onlyIn(ctx, db, schema, before, after)
	if err != nil {
		return "", err
	}
	inserted, err := s.onlyIn(ctx, db, schema, after, before)
	if err != nil {
		return "", err
	}
	if deleted != "" && inserted != "" {
		return difference(cols, deleted, inserted), nil
	}
	kind, rows := Inserted, inserted
	if deleted != "" {
		kind, rows = Deleted, deleted
	}
	if rows == "" {
		if rows, err = s.read(ctx, db, schema, content{}); err != nil {
			return "", err
		}
	}
	return sqlgen.Format("SELECT {kind} AS {type}, {cols} FROM ({rows})",
		sqlgen.Args{"kind": kind, "type": sqlgen.Name(ChangeType), "cols": names(cols), "rows": rows}), nil
}

// side is the content of a table with what its delete files list.
type side struct {
	content
	deletions
}

func (s *state) side(ctx context.Context, db *engine.DB, snap *table.Snapshot) (side, error) {
	c, err := s.content(snap)
	if err != nil {
		return side{}, err
	}
	d, err := s.deletions(ctx, db, c.deletes)
	return side{c, d}, err
}

// onlyIn is a query for rows of one version that are not the very rows of another: those of files that the other lacks, and those
// that the other has deleted. It is empty when there can be none.
func (s *state) onlyIn(ctx context.Context, db *engine.DB, schema *iceberg.Schema, one, other side) (sqlgen.Query, error) {
	shared := map[string]bool{}
	for _, f := range other.data {
		shared[f.FilePath()] = true
	}
	own, lost := content{deletes: one.deletes}, content{deletes: one.deletes}
	for _, f := range one.data {
		switch {
		case !shared[f.FilePath()]:
			own.data = append(own.data, f)
		case other.deletesMore(f, one):
			lost.data = append(lost.data, f)
		}
	}
	var parts []sqlgen.Query
	if len(own.data) > 0 {
		q, err := s.read(ctx, db, schema, own)
		if err != nil {
			return "", err
		}
		parts = append(parts, q)
	}
	cols, err := s.columns(schema)
	if err != nil {
		return "", err
	}
	for _, f := range lost.data {
		gone := s.positions(f, other.deletes)
		if len(lost.deletes) > 0 {
			gone = sqlgen.Format("{gone} EXCEPT {before}", sqlgen.Args{"gone": gone, "before": s.positions(f, lost.deletes)})
		}
		parts = append(parts, sqlgen.Format("SELECT {cols} FROM {file} WHERE (file_row_number IN ({gone})) IS TRUE",
			sqlgen.Args{"cols": renamed(cols), "file": s.parquet([]iceberg.DataFile{f}, numbered(schema, cols)), "gone": gone}))
	}
	switch len(parts) {
	case 0:
		return "", nil
	case 1:
		return parts[0], nil
	}
	return sqlgen.UnionAll(parts...), nil
}

// deletesMore tells whether a version has deletions of a data file that another one does not have, by the delete files that list them.
func (v side) deletesMore(data iceberg.DataFile, other side) bool {
	for file, targets := range v.deletions {
		if _, both := other.deletions[file]; !both && targets[data.FilePath()] > 0 {
			return true
		}
	}
	return false
}

// difference is a query for the rows that one query gives more often than the other. Counting in one grouping takes a quarter of the
// time of EXCEPT ALL both ways.
func difference(cols []Column, deleted, inserted sqlgen.Query) sqlgen.Query {
	return sqlgen.Format(`SELECT {type}, {cols} FROM (
		SELECT CASE WHEN {n} < 0 THEN {gone} ELSE {new} END AS {type}, {cols}, unnest(range(abs({n}))) FROM (
			SELECT {cols}, CAST(sum({n}) AS BIGINT) AS {n}
			FROM (SELECT {cols}, -1 AS {n} FROM ({deleted}) UNION ALL SELECT {cols}, 1 FROM ({inserted}))
			GROUP BY {cols} HAVING sum({n}) <> 0))`, sqlgen.Args{
		"type": sqlgen.Name(ChangeType), "cols": names(cols), "n": sqlgen.Name(unused(cols, "_n")), "gone": Deleted, "new": Inserted,
		"deleted": deleted, "inserted": inserted,
	})
}

func names(cols []Column) []sqlgen.Ident {
	out := make([]sqlgen.Ident, len(cols))
	for i, c := range cols {
		out[i] = sqlgen.Name(c.Name)
	}
	return out
}
