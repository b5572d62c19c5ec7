package lake

import (
	"context"
	"os"
	"path/filepath"

	"github.com/apache/iceberg-go"
	"github.com/google/uuid"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// writeFile writes the result of q as one data file, durably, with the ids of the schema. Columns of the schema that q is
// not asked for (cols) are left out of the file and read as null. A nil file means no rows.
func (s *state) writeFile(ctx context.Context, db *engine.DB, schema *iceberg.Schema, cols []Column, q sqlgen.Query) (iceberg.DataFile, error) {
	ids := map[string]int{}
	for _, f := range schema.Fields() {
		ids[f.Name] = f.ID
	}
	var selected, fieldIDs []sqlgen.Query
	for _, c := range cols {
		a := sqlgen.Args{"col": sqlgen.Name(c.Name), "e": sqlgen.As(sqlgen.Cast(sqlgen.Col(c.Name), c.Type), c.Name), "name": c.Name, "id": ids[c.Name]}
		selected = append(selected, sqlgen.Format("{e}", a))
		fieldIDs = append(fieldIDs, sqlgen.Format("{name}: {id}", a))
	}
	out, err := s.copyOut(ctx, db, ".parquet", sqlgen.Format("SELECT {cols} FROM ({q})", sqlgen.Args{"cols": selected, "q": q}), fieldIDs)
	if err != nil || out == nil {
		return nil, err
	}
	return s.describe(out, iceberg.EntryContentData, ids, cols, bounds)
}

// written is a file of the table that the engine has made.
type written struct {
	recorded, path string
	rows, size     int64
	stats          map[string]columnStats
}

// copyOut writes the result of q as a new file, durably; nil means no rows, and no file.
func (s *state) copyOut(ctx context.Context, db *engine.DB, suffix string, q sqlgen.Query, fieldIDs []sqlgen.Query) (*written, error) {
	out := &written{}
	out.recorded, out.path = s.newPath("data", uuid.NewString()+suffix)
	if err := makeDirs(filepath.Dir(out.path)); err != nil {
		return nil, engine.Classify("write table "+s.table.String(), err)
	}
	copyOut := sqlgen.Format("COPY ({q}) TO {path} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS, FIELD_IDS { {ids} })",
		sqlgen.Args{"q": q, "path": out.path, "ids": fieldIDs})
	var name string
	var rows, size, footer uint64
	var stats, partition any
	if err := db.Row(ctx, copyOut, &name, &rows, &size, &footer, &stats, &partition); err != nil {
		_ = os.Remove(out.path)
		return nil, engine.Classify("write table "+s.table.String(), err)
	}
	if rows == 0 {
		return nil, engine.Classify("write table "+s.table.String(), os.Remove(out.path))
	}
	err := syncPath(out.path)
	if err == nil {
		err = syncPath(filepath.Dir(out.path))
	}
	if err != nil {
		_ = os.Remove(out.path)
		return nil, engine.Classify("write table "+s.table.String(), err)
	}
	out.rows, out.size, out.stats = int64(rows), int64(size), readStats(stats)
	return out, nil
}

// describe makes the entry of a manifest for a file, which is removed when that fails.
func (s *state) describe(w *written, kind iceberg.ManifestEntryContent, ids map[string]int, cols []Column,
	bounds func(t sqlgen.Type, smallest, largest string) (lower, upper []byte, ok bool)) (iceberg.DataFile, error) {
	sizes, values, nulls := map[int]int64{}, map[int]int64{}, map[int]int64{}
	lower, upper := map[int][]byte{}, map[int][]byte{}
	for _, c := range cols {
		st, ok := w.stats[c.Name]
		if !ok {
			continue
		}
		id := ids[c.Name]
		sizes[id], values[id], nulls[id] = st.size, st.values, st.nulls
		if !st.bounded {
			continue
		}
		if lo, hi, ok := bounds(c.Type, st.smallest, st.largest); ok {
			lower[id], upper[id] = lo, hi
		}
	}
	b, err := iceberg.NewDataFileBuilder(s.meta.PartitionSpec(), kind, w.recorded, iceberg.ParquetFile, nil, nil, nil, w.rows, w.size)
	if err != nil {
		_ = os.Remove(w.path)
		return nil, fault.New(fault.Internal, "describe a file of table %s: %w", s.table, err)
	}
	return b.ColumnSizes(sizes).ValueCounts(values).NullValueCounts(nulls).LowerBoundValues(lower).UpperBoundValues(upper).Build(), nil
}
