package lake

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// content is what a table consists of: data files, and files that list positions of data files whose rows are deleted.
type content struct {
	data    []iceberg.DataFile
	deletes []iceberg.DataFile
}

func (c *content) add(f iceberg.DataFile) {
	if contentOf(f) == iceberg.ManifestContentData {
		c.data = append(c.data, f)
	} else {
		c.deletes = append(c.deletes, f)
	}
}

// without is the content without the files of some recorded paths.
func (c content) without(paths map[string]bool) content {
	gone := func(f iceberg.DataFile) bool { return paths[f.FilePath()] }
	return content{data: slices.DeleteFunc(slices.Clone(c.data), gone), deletes: slices.DeleteFunc(slices.Clone(c.deletes), gone)}
}

// content lists the files of a snapshot; nil has none.
func (s *state) content(snap *table.Snapshot) (content, error) {
	var out content
	if snap == nil {
		return out, nil
	}
	list, err := snap.Manifests(s)
	if err != nil {
		return out, s.unreadable(err)
	}
	for _, m := range list {
		for e, err := range m.Entries(s, true) {
			if err != nil {
				return out, s.unreadable(err)
			}
			f := e.DataFile()
			if kind := f.ContentType(); kind == iceberg.EntryContentEqDeletes || f.FileFormat() != iceberg.ParquetFile {
				return out, s.foreign(fmt.Sprintf("%s in %s", kind, f.FileFormat()))
			}
			out.add(f)
		}
	}
	return out, nil
}

// deletions tell how many rows each delete file takes out of each data file: by the recorded path of the one, then of the other.
type deletions map[string]map[string]int64

// rows is how many rows of a data file are deleted.
func (d deletions) rows(data iceberg.DataFile) int64 {
	n := int64(0)
	for _, targets := range d {
		n += targets[data.FilePath()]
	}
	return n
}

// deletions counts what delete files list.
func (s *state) deletions(ctx context.Context, db *engine.DB, deletes []iceberg.DataFile) (deletions, error) {
	out := deletions{}
	if len(deletes) == 0 {
		return out, nil
	}
	recorded := map[string]string{}
	for _, f := range deletes {
		recorded[s.local(f.FilePath())], out[f.FilePath()] = f.FilePath(), map[string]int64{}
	}
	q := sqlgen.Format("SELECT filename, file_path, count(*) FROM {files} GROUP BY ALL", sqlgen.Args{"files": s.parquet(deletes, deleteFields)})
	err := db.Rows(ctx, q, func(scan func(...any) error) error {
		var file, target string
		var n int64
		err := scan(&file, &target, &n)
		if err == nil {
			out[recorded[file]][target] = n
		}
		return err
	})
	return out, err
}

// read is a query over the rows of a table. Columns are found by their id, not by their name: files from before a column was added
// give null for it, and a column of the same name that was another one then is not taken for it.
func (s *state) read(ctx context.Context, db *engine.DB, schema *iceberg.Schema, c content) (sqlgen.Query, error) {
	cols, err := s.columns(schema)
	if err != nil {
		return "", err
	}
	if len(c.data) == 0 {
		empty := make([]sqlgen.Expr, len(cols))
		for i, col := range cols {
			empty[i] = sqlgen.As(sqlgen.Cast(sqlgen.Lit(nil), col.Type), col.Name)
		}
		return sqlgen.Format("SELECT {cols} WHERE false", sqlgen.Args{"cols": empty}), nil
	}
	d, err := s.deletions(ctx, db, c.deletes)
	if err != nil {
		return "", err
	}
	return s.rows(schema, cols, c, d), nil
}

// rows is a query for the rows of data files that are not deleted, with more beside their columns: filename and file_row_number tell where a row is. Inside, columns
// are numbered, so that these stand beside any column of a table.
//
// Files with deleted rows are read one by one, as comparing the number of a row takes half the time of comparing its file too. NOT IN and not an anti join:
// the engine takes files that are read by ids for small, and would make the hash table of an anti join of the table's rows, which takes twice the time
// of reading them. It can't do that with NOT IN.
func (s *state) rows(schema *iceberg.Schema, cols []Column, c content, d deletions, more ...sqlgen.Expr) sqlgen.Query {
	args := sqlgen.Args{"cols": append(renamed(cols), more...)}
	var whole []iceberg.DataFile
	var parts []sqlgen.Query
	for _, f := range c.data {
		if d.rows(f) == 0 {
			whole = append(whole, f)
			continue
		}
		args["file"], args["deleted"] = s.parquet([]iceberg.DataFile{f}, numbered(schema, cols)), s.positions(f, c.deletes)
		parts = append(parts, sqlgen.Format("SELECT {cols} FROM {file} WHERE file_row_number NOT IN ({deleted})", args))
	}
	if len(whole) > 0 || len(parts) == 0 {
		args["files"] = s.parquet(whole, numbered(schema, cols))
		parts = append(parts, sqlgen.Format("SELECT {cols} FROM {files}", args))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return sqlgen.UnionAll(parts...)
}

// positions is a query for the numbers, from 0, of the rows of a data file that delete files list.
func (s *state) positions(data iceberg.DataFile, deletes []iceberg.DataFile) sqlgen.Query {
	return sqlgen.Format("SELECT pos FROM {deletes} WHERE file_path = {file}", sqlgen.Args{"deletes": s.parquet(deletes, deleteFields), "file": data.FilePath()})
}

// recordedPositions is a query for the deleted rows of data files, as a delete file has them.
func (s *state) recordedPositions(c content) sqlgen.Query {
	return sqlgen.Format("SELECT d.file_path, d.pos FROM {deletes} AS d SEMI JOIN {files} ON d.file_path = f.recorded",
		sqlgen.Args{"deletes": s.parquet(c.deletes, deleteFields), "files": s.paths(c.data)})
}

// paths is a relation f of where files are (path) and how the metadata spells it (recorded).
func (s *state) paths(files []iceberg.DataFile) sqlgen.Query {
	rows := make([]sqlgen.Query, len(files))
	for i, f := range files {
		rows[i] = sqlgen.Format("({path}, {recorded})", sqlgen.Args{"path": s.local(f.FilePath()), "recorded": f.FilePath()})
	}
	return sqlgen.Format("(VALUES {rows}) AS f(path, recorded)", sqlgen.Args{"rows": rows})
}

// field is a column as files have it, under the name that a query is to see.
type field struct {
	id   int
	name string
	typ  sqlgen.Type
}

func named(schema *iceberg.Schema, cols []Column) []field {
	out := make([]field, len(cols))
	for i, c := range cols {
		out[i] = field{schema.Field(i).ID, c.Name, c.Type}
	}
	return out
}

func numbered(schema *iceberg.Schema, cols []Column) []field {
	out := named(schema, cols)
	for i := range out {
		out[i].name = fmt.Sprintf("c%d", i)
	}
	return out
}

// renamed gives numbered columns their own names.
func renamed(cols []Column) []sqlgen.Expr {
	out := make([]sqlgen.Expr, len(cols))
	for i, c := range cols {
		out[i] = sqlgen.As(sqlgen.Col(fmt.Sprintf("c%d", i)), c.Name)
	}
	return out
}

// parquet is what FROM takes to read files.
func (s *state) parquet(files []iceberg.DataFile, fields []field) sqlgen.Query {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = s.local(f.FilePath())
	}
	columns := make([]sqlgen.Query, len(fields))
	for i, f := range fields {
		columns[i] = sqlgen.Format("{id}: {name: {name}, type: {type}, default_value: NULL}",
			sqlgen.Args{"id": f.id, "name": f.name, "type": sqlgen.DuckDB.Type(f.typ)})
	}
	return sqlgen.Format("read_parquet({paths}, schema = MAP { {fields} }, hive_partitioning = false)", sqlgen.Args{"paths": paths, "fields": columns})
}
