package lake

import (
	"context"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The columns of a position-delete file, with the ids that Iceberg reserves for them.
var (
	deleteColumns = []Column{{Name: "file_path", Type: sqlgen.String}, {Name: "pos", Type: sqlgen.Integer}}
	deleteIDs     = map[string]int{"file_path": 2147483546, "pos": 2147483545}
	deleteFields  = []field{{deleteIDs["file_path"], "file_path", sqlgen.String}, {deleteIDs["pos"], "pos", sqlgen.Integer}}
)

// Delete removes those rows of the base's content of a table for which a condition over the table's columns is true, such as
// profile_id IN (SELECT profile_id FROM touched). Rows that this Tx has appended stay, whether before or after; after a Replace nothing of the base
// is left to delete. It gives the number of rows that it removed: those that an earlier Delete of this Tx has removed are not
// counted again. A table that the base lacks has none, and does not become a part of the revision by this.
//
// Data files are not written anew: the positions of the rows are, in one file. What is read is the columns of the condition.
func (t *Tx) Delete(ctx context.Context, tbl Table, where sqlgen.Query) (rows int64, err error) {
	if t.done != nil {
		return 0, nil
	}
	if _, ok := t.base.Version(tbl); !ok {
		return 0, nil
	}
	st, err := t.stage(tbl)
	if err != nil || st.base == nil || st.replace {
		return 0, err
	}
	s, err := t.lake.load(tbl)
	if err != nil {
		return 0, err
	}
	c, err := st.kept(s)
	if err != nil || len(c.data) == 0 {
		return 0, err
	}
	schema, err := s.schemaOf(st.schema)
	if err != nil {
		return 0, err
	}
	d, err := s.deletions(ctx, t.db, c.deletes)
	if err != nil {
		return 0, err
	}
	q, err := s.matching(schema, c, d, where)
	if err != nil {
		return 0, err
	}
	file, err := s.writeDeletes(ctx, t.db, q)
	if err != nil || file == nil {
		return 0, err
	}
	crash.At(crash.LakeFilesWritten)
	t.mu.Lock()
	defer t.mu.Unlock()
	st.add(s, file)
	st.rows -= file.Count()
	return file.Count(), nil
}

// matching is a query for where those rows are that a condition holds for, as a delete file is to have it. IS TRUE keeps the engine from
// making the hash table of a semi join of the table's rows, as with rows.
func (s *state) matching(schema *iceberg.Schema, c content, d deletions, where sqlgen.Query) (sqlgen.Query, error) {
	cols, err := s.columns(schema)
	if err != nil {
		return "", err
	}
	file, pos := unused(cols, "_file"), unused(cols, "_pos")
	at := []sqlgen.Expr{sqlgen.As(sqlgen.Col("filename"), file), sqlgen.As(sqlgen.Col("file_row_number"), pos)}
	return sqlgen.Format("SELECT f.recorded AS file_path, r.{pos} AS pos FROM (SELECT {file}, {pos} FROM ({rows}) WHERE ({where}) IS TRUE) AS r JOIN {files} ON r.{file} = f.path", sqlgen.Args{
		"file": sqlgen.Name(file), "pos": sqlgen.Name(pos), "rows": s.rows(schema, cols, c, d, at...), "where": where, "files": s.paths(c.data),
	}), nil
}

// unused is a name that no column has: the one given, or a longer one.
func unused(cols []Column, name string) string {
	for _, c := range cols {
		if strings.EqualFold(c.Name, name) {
			return unused(cols, name+"_")
		}
	}
	return name
}

// writeDeletes writes positions as a delete file; nil when there are none.
func (s *state) writeDeletes(ctx context.Context, db *engine.DB, positions sqlgen.Query) (iceberg.DataFile, error) {
	var ids []sqlgen.Query
	for _, c := range deleteColumns {
		ids = append(ids, sqlgen.Format("{name}: {id}", sqlgen.Args{"name": c.Name, "id": deleteIDs[c.Name]}))
	}
	out, err := s.copyOut(ctx, db, "-deletes.parquet", sqlgen.Format("SELECT file_path, pos FROM ({q}) ORDER BY file_path, pos", sqlgen.Args{"q": positions}), ids)
	if err != nil || out == nil {
		return nil, err
	}
	return s.describe(out, iceberg.EntryContentPosDeletes, deleteIDs, deleteColumns, wholeBounds)
}

// wholeBounds are bounds that are not cut short: readers find the data files of a delete file by those of its paths.
func wholeBounds(t sqlgen.Type, smallest, largest string) (lower, upper []byte, ok bool) {
	if t == sqlgen.String {
		return []byte(smallest), []byte(largest), true
	}
	return bounds(t, smallest, largest)
}
