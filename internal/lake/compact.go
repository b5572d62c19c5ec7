package lake

import (
	"context"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/kith-dev/kith/internal/fault"
)

// A table that grows by a little every few minutes would end in more files than a query can open quickly: a run that adds to a table, or
// deletes from it, writes mergeFiles files of less than smallFile bytes as one.
const (
	mergeFiles = 64
	smallFile  = 4 << 20
)

// Deleted rows are read for nothing, and every delete file is one more to open. A run that deletes from a table, or adds to it,
// writes those data files anew of which more than one row in deletedShare is deleted, which is less than deletedShare rows for
// each row that was deleted since the file was made; and it makes one delete file of more than mergeDeletes.
const (
	deletedShare = 4
	mergeDeletes = 16
)

// kept is what is left of the base, with the rows that this Tx has deleted.
func (st *staged) kept(s *state) (content, error) {
	c, err := s.content(st.base)
	if err != nil {
		return c, err
	}
	for _, f := range st.added {
		if contentOf(f) == iceberg.ManifestContentDeletes {
			c.deletes = append(c.deletes, f)
		}
	}
	return c.without(st.removed), nil
}

// compact leaves out of the staged content what is not needed and writes anew what is slow to read.
func (t *Tx) compact(ctx context.Context, tbl Table, st *staged) error {
	if st.base == nil || st.replace {
		return nil
	}
	deletes := slices.ContainsFunc(st.added, func(f iceberg.DataFile) bool { return contentOf(f) == iceberg.ManifestContentDeletes })
	if total(st.base, "total-data-files") < mergeFiles && total(st.base, "total-delete-files") == 0 && !deletes {
		return nil
	}
	s, err := t.lake.load(tbl)
	if err != nil {
		return err
	}
	c, err := st.kept(s)
	if err != nil {
		return err
	}
	d, err := s.deletions(ctx, t.db, c.deletes)
	if err != nil {
		return err
	}
	anew := worn(c.data, d)
	st.remove(s, c.data, func(f iceberg.DataFile) bool { return d.rows(f) == f.Count() })
	if err := t.rewrite(ctx, s, st, content{data: anew, deletes: c.deletes}, d); err != nil {
		return err
	}
	return t.mergeDeletes(ctx, s, st, c.without(st.removed), d)
}

// mergeDeletes leaves out the delete files that list nothing of the data files there are, and makes one of many.
func (t *Tx) mergeDeletes(ctx context.Context, s *state, st *staged, c content, d deletions) error {
	live := map[string]bool{}
	for _, f := range c.data {
		live[f.FilePath()] = true
	}
	needless := func(f iceberg.DataFile) bool {
		for target := range d[f.FilePath()] {
			if live[target] {
				return false
			}
		}
		return true
	}
	st.remove(s, c.deletes, needless)
	c.deletes = slices.DeleteFunc(c.deletes, needless)
	if len(c.deletes) <= mergeDeletes {
		return nil
	}
	merged, err := s.writeDeletes(ctx, t.db, s.recordedPositions(c))
	if err != nil {
		return err
	}
	st.remove(s, c.deletes, func(iceberg.DataFile) bool { return true })
	st.add(s, merged)
	return nil
}

// worn are the files that are to be written anew.
func worn(files []iceberg.DataFile, d deletions) []iceberg.DataFile {
	left := slices.DeleteFunc(slices.Clone(files), func(f iceberg.DataFile) bool { return d.rows(f) == f.Count() })
	small := func(f iceberg.DataFile) bool { return f.FileSizeBytes() < smallFile }
	n := 0
	for _, f := range left {
		if small(f) {
			n++
		}
	}
	return slices.DeleteFunc(left, func(f iceberg.DataFile) bool {
		return d.rows(f)*deletedShare <= f.Count() && (n < mergeFiles || !small(f))
	})
}

// rewrite puts one data file with the rows of several in their place.
func (t *Tx) rewrite(ctx context.Context, s *state, st *staged, c content, d deletions) error {
	if len(c.data) == 0 {
		return nil
	}
	schema, err := s.schemaOf(st.schema)
	if err != nil {
		return err
	}
	cols, err := s.columns(schema)
	if err != nil {
		return err
	}
	q, err := s.read(ctx, t.db, schema, c)
	if err != nil {
		return err
	}
	file, err := s.writeFile(ctx, t.db, schema, cols, q)
	if err != nil {
		return err
	}
	want, got := int64(0), int64(0)
	for _, f := range c.data {
		want += f.Count() - d.rows(f)
	}
	if file != nil {
		st.add(s, file)
		got = file.Count()
	}
	if got != want {
		return fault.New(fault.LakeCorrupt, "table %s: %d files have %d rows where the table counts %d; restore the lake from a copy", s.table, len(c.data), got, want)
	}
	st.remove(s, c.data, func(iceberg.DataFile) bool { return true })
	return nil
}

// remove leaves out those of some files for which which is true: a file of the base by naming it, one of this Tx by removing it.
func (st *staged) remove(s *state, files []iceberg.DataFile, which func(iceberg.DataFile) bool) {
	for _, f := range files {
		if !which(f) {
			continue
		}
		i := slices.IndexFunc(st.added, func(a iceberg.DataFile) bool { return a.FilePath() == f.FilePath() })
		if i < 0 {
			if st.removed == nil {
				st.removed = map[string]bool{}
			}
			st.removed[f.FilePath()] = true
			continue
		}
		local := s.local(f.FilePath())
		discard([]string{local})
		st.added = slices.Delete(st.added, i, i+1)
		st.files = slices.DeleteFunc(st.files, func(p string) bool { return p == local })
	}
}
