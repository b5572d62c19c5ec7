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
	recorded, path := s.newPath("data", uuid.NewString()+".parquet")
	if err := makeDirs(filepath.Dir(path)); err != nil {
		return nil, engine.Classify("write table "+s.table.String(), err)
	}
	copyOut := sqlgen.Format(
		"COPY (SELECT {cols} FROM ({q})) TO {path} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS, FIELD_IDS { {ids} })",
		sqlgen.Args{"cols": selected, "q": q, "path": path, "ids": fieldIDs})
	var name string
	var rows, size, footer uint64
	var stats, partition any
	if err := db.Row(ctx, copyOut, &name, &rows, &size, &footer, &stats, &partition); err != nil {
		_ = os.Remove(path)
		return nil, engine.Classify("write table "+s.table.String(), err)
	}
	if rows == 0 {
		return nil, engine.Classify("write table "+s.table.String(), os.Remove(path))
	}
	err := syncPath(path)
	if err == nil {
		err = syncPath(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(path)
		return nil, engine.Classify("write table "+s.table.String(), err)
	}
	file, err := s.describe(recorded, ids, cols, int64(rows), int64(size), readStats(stats))
	if err != nil {
		_ = os.Remove(path)
		return nil, fault.New(fault.Internal, "describe a file of table %s: %w", s.table, err)
	}
	return file, nil
}

func (s *state) describe(path string, ids map[string]int, cols []Column, rows, size int64, stats map[string]columnStats) (iceberg.DataFile, error) {
	sizes, values, nulls := map[int]int64{}, map[int]int64{}, map[int]int64{}
	lower, upper := map[int][]byte{}, map[int][]byte{}
	for _, c := range cols {
		st, ok := stats[c.Name]
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
	b, err := iceberg.NewDataFileBuilder(s.meta.PartitionSpec(), iceberg.EntryContentData, path, iceberg.ParquetFile, nil, nil, nil, rows, size)
	if err != nil {
		return nil, err
	}
	return b.ColumnSizes(sizes).ValueCounts(values).NullValueCounts(nulls).LowerBoundValues(lower).UpperBoundValues(upper).Build(), nil
}
