package lake

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// The properties that a snapshot carries, and the one by which Maintain knows the tables that it may clean up.
const (
	propRun     = "cdp.run-id"
	propPlan    = "cdp.plan-hash"
	propManaged = "cdp.managed"
)

// An append rewrites the manifests of fewer than smallManifest files as one when there are mergeManifests of them, so that
// opening a table stays fast.
const (
	mergeManifests = 16
	smallManifest  = 1000
)

// change is a new snapshot in the making. It builds on base and not on the head of the table: the head may be what a run left
// that died, or what a run that will lose the race has just made.
type change struct {
	base    *table.Snapshot    // nil: none
	replace bool               // the content is added alone
	removed map[string]bool    // data and delete files of the base that are left out, by their recorded path
	added   []iceberg.DataFile // likewise of both kinds
	schema  int
	rows    int64 // of the table afterwards
	run     string
	plan    string
}

// snapshot writes the manifests of a change and gives the snapshot that lists them. The caller commits it.
func (s *state) snapshot(c change) (*table.Snapshot, error) {
	snap := &table.Snapshot{
		SnapshotID:     s.freeID(),
		SequenceNumber: s.meta.LastSequenceNumber() + 1,
		// Iceberg refuses a snapshot older than the table, which a clock set back would make.
		TimestampMs: max(time.Now().UnixMilli(), s.meta.LastUpdatedMillis()),
		SchemaID:    &c.schema,
	}
	if c.base != nil {
		snap.ParentSnapshotID = &c.base.SnapshotID
	}
	schema, err := s.schemaOf(c.schema)
	if err != nil {
		return nil, err
	}
	w := &manifests{s: s, snap: snap, schema: schema}
	if err := w.carry(c); err != nil {
		return nil, s.manifestError(err)
	}
	for _, content := range contents {
		if err := w.add(content, c.added); err != nil {
			return nil, s.manifestError(err)
		}
	}
	if err := w.list(); err != nil {
		return nil, s.manifestError(err)
	}
	snap.Summary = w.summary(c)
	return snap, nil
}

func (s *state) manifestError(err error) error {
	return engine.Classify("write the manifests of table "+s.table.String(), err)
}

func (s *state) freeID() int64 {
	for {
		id := rand.Int64N(1<<62) + 1
		if s.meta.SnapshotByID(id) == nil {
			return id
		}
	}
}

// contents are the kinds of manifests: those that list data files and those that list delete files.
var contents = []iceberg.ManifestContent{iceberg.ManifestContentData, iceberg.ManifestContentDeletes}

func contentOf(f iceberg.DataFile) iceberg.ManifestContent {
	if f.ContentType() == iceberg.EntryContentData {
		return iceberg.ManifestContentData
	}
	return iceberg.ManifestContentDeletes
}

// manifests writes the manifests of one snapshot.
type manifests struct {
	s      *state
	snap   *table.Snapshot
	schema *iceberg.Schema
	files  []iceberg.ManifestFile

	added, gone, total [2]tally // by content
	totalBytes         int64
}

// tally counts files and the rows in them: records of data files, positions of delete files.
type tally struct{ files, rows, bytes int64 }

func (t *tally) count(f iceberg.DataFile) {
	t.files, t.rows, t.bytes = t.files+1, t.rows+f.Count(), t.bytes+f.FileSizeBytes()
}

// carry takes over what the change leaves of its base.
func (w *manifests) carry(c change) error {
	if c.base == nil {
		return nil
	}
	if total(c.base, "total-equality-deletes") > 0 {
		return w.s.foreign("equality deletes")
	}
	old, err := c.base.Manifests(w.s)
	if err != nil {
		return err
	}
	w.total = [2]tally{
		{files: total(c.base, "total-data-files"), rows: total(c.base, "total-records")},
		{files: total(c.base, "total-delete-files"), rows: total(c.base, "total-position-deletes")},
	}
	w.totalBytes = total(c.base, "total-files-size")
	for _, content := range contents {
		if err := w.carryContent(c, content, old); err != nil {
			return err
		}
	}
	return nil
}

func (w *manifests) carryContent(c change, content iceberg.ManifestContent, old []iceberg.ManifestFile) error {
	var small, live []iceberg.ManifestFile
	for _, m := range old {
		n := m.AddedDataFiles() + m.ExistingDataFiles()
		if n == 0 || m.ManifestContent() != content {
			continue
		}
		live = append(live, m)
		if n < smallManifest {
			small = append(small, m)
		}
	}
	switch {
	case c.replace || len(c.removed) > 0:
		return w.rewrite(c, content, live)
	case len(small) >= mergeManifests:
		w.files = append(w.files, slices.DeleteFunc(live, func(m iceberg.ManifestFile) bool { return slices.Contains(small, m) })...)
		return w.rewrite(c, content, small)
	default:
		w.files = append(w.files, live...)
		return nil
	}
}

// rewrite lists the files that stay in one manifest, and beside them, as Iceberg wants it, those that go.
func (w *manifests) rewrite(c change, content iceberg.ManifestContent, old []iceberg.ManifestFile) error {
	var all []iceberg.ManifestEntry
	for _, m := range old {
		for e, err := range m.Entries(w.s, true) {
			if err != nil {
				return w.s.unreadable(err)
			}
			all = append(all, e)
		}
	}
	return w.write(content, all, func(out *iceberg.ManifestWriter, e iceberg.ManifestEntry) error {
		f := e.DataFile()
		seq := pointer(e.SequenceNum())
		if c.replace || c.removed[f.FilePath()] {
			w.gone[content].count(f)
			return out.Delete(iceberg.NewManifestEntry(iceberg.EntryStatusDELETED, &w.snap.SnapshotID, seq, e.FileSequenceNum(), f))
		}
		return out.Existing(iceberg.NewManifestEntry(iceberg.EntryStatusEXISTING, pointer(e.SnapshotID()), seq, e.FileSequenceNum(), f))
	})
}

// add lists those of the files that have the content.
func (w *manifests) add(content iceberg.ManifestContent, files []iceberg.DataFile) error {
	var entries []iceberg.ManifestEntry
	for _, f := range files {
		if contentOf(f) == content {
			w.added[content].count(f)
			entries = append(entries, iceberg.NewManifestEntry(iceberg.EntryStatusADDED, &w.snap.SnapshotID, nil, nil, f))
		}
	}
	return w.write(content, entries, (*iceberg.ManifestWriter).Add)
}

// write makes one manifest of the entries, none of none.
func (w *manifests) write(content iceberg.ManifestContent, entries []iceberg.ManifestEntry, put func(*iceberg.ManifestWriter, iceberg.ManifestEntry) error) error {
	if len(entries) == 0 {
		return nil
	}
	recorded, path := w.s.newPath("metadata", uuid.NewString()+"-m0.avro")
	w.s.written = append(w.s.written, path)
	return writeNew(path, func(f io.Writer) error {
		counter := &counting{w: f}
		out, err := iceberg.NewManifestWriter(2, counter, w.s.meta.PartitionSpec(), w.schema, w.snap.SnapshotID,
			iceberg.WithManifestWriterContent(content))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := put(out, e); err != nil {
				return err
			}
		}
		if err := out.Close(); err != nil {
			return err
		}
		file, err := out.ToManifestFile(recorded, counter.n)
		w.files = append(w.files, file)
		return err
	})
}

func (w *manifests) list() error {
	recorded, path := w.s.newPath("metadata", fmt.Sprintf("snap-%d-%s.avro", w.snap.SnapshotID, uuid.NewString()))
	w.snap.ManifestList = recorded
	w.s.written = append(w.s.written, path)
	return writeNew(path, func(f io.Writer) error {
		return iceberg.WriteManifestList(2, f, w.snap.SnapshotID, w.snap.ParentSnapshotID, &w.snap.SequenceNumber, 0, w.files)
	})
}

// summary holds the numbers that other readers look for. Records are those of the data files, deleted ones included, as Iceberg counts
// them; how many rows the table has is in the revision.
func (w *manifests) summary(c change) *table.Summary {
	p := iceberg.Properties{propRun: c.run, propPlan: c.plan}
	data, deletes := iceberg.ManifestContentData, iceberg.ManifestContentDeletes
	for k, v := range map[string]int64{
		"added-data-files": w.added[data].files, "deleted-data-files": w.gone[data].files,
		"added-records": w.added[data].rows, "deleted-records": w.gone[data].rows,
		"added-delete-files": w.added[deletes].files, "removed-delete-files": w.gone[deletes].files,
		"added-position-delete-files": w.added[deletes].files, "removed-position-delete-files": w.gone[deletes].files,
		"added-position-deletes": w.added[deletes].rows, "removed-position-deletes": w.gone[deletes].rows,
		"added-files-size": w.added[data].bytes + w.added[deletes].bytes, "removed-files-size": w.gone[data].bytes + w.gone[deletes].bytes,
		"total-data-files":       w.total[data].files + w.added[data].files - w.gone[data].files,
		"total-records":          w.total[data].rows + w.added[data].rows - w.gone[data].rows,
		"total-delete-files":     w.total[deletes].files + w.added[deletes].files - w.gone[deletes].files,
		"total-files-size":       w.totalBytes + w.added[data].bytes + w.added[deletes].bytes - w.gone[data].bytes - w.gone[deletes].bytes,
		"total-position-deletes": w.total[deletes].rows + w.added[deletes].rows - w.gone[deletes].rows, "total-equality-deletes": 0,
	} {
		p[k] = strconv.FormatInt(v, 10)
	}
	return &table.Summary{Operation: w.operation(c), Properties: p}
}

func (w *manifests) operation(c change) table.Operation {
	data, deletes := iceberg.ManifestContentData, iceberg.ManifestContentDeletes
	changed := w.gone[data].files + w.gone[deletes].files + w.added[deletes].files
	switch {
	case c.replace && c.base != nil, changed > 0 && w.added[data].files > 0:
		return table.OpOverwrite
	case changed > 0:
		return table.OpDelete
	}
	return table.OpAppend
}

func total(s *table.Snapshot, key string) int64 {
	if s == nil || s.Summary == nil {
		return 0
	}
	return count(s.Summary.Properties[key])
}

func pointer[T any](v T) *T { return &v }

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// foreign refuses a table that another program wrote in a way that this one does not read.
func (s *state) foreign(what string) error {
	return fault.New(fault.LakeCorrupt, "table %s has %s, which another program wrote: rewrite the table without them", s.table, what)
}

func (s *state) unreadable(err error) error {
	return fault.New(fault.LakeCorrupt, "table %s: a manifest can't be read; restore the lake from a copy: %w", s.table, err)
}
