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
	base    *table.Snapshot // nil: none
	replace bool            // the content is added alone
	removed map[string]bool // files of the base that are left out, by their recorded path
	added   []iceberg.DataFile
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
	w := &manifests{s: s, snap: snap, schema: s.schema(c.schema)}
	if w.schema == nil {
		return nil, fault.New(fault.LakeCorrupt, "table %s lacks schema %d", s.table, c.schema)
	}
	if err := w.carry(c); err != nil {
		return nil, s.manifestError(err)
	}
	if err := w.add(c.added); err != nil {
		return nil, s.manifestError(err)
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

// manifests writes the manifests of one snapshot.
type manifests struct {
	s      *state
	snap   *table.Snapshot
	schema *iceberg.Schema
	files  []iceberg.ManifestFile

	addedFiles, addedRows, addedBytes       int64
	deletedFiles, deletedRows, deletedBytes int64
	totalFiles, totalBytes                  int64
}

// carry takes over what the change leaves of its base.
func (w *manifests) carry(c change) error {
	if c.base == nil {
		return nil
	}
	old, err := c.base.Manifests(w.s)
	if err != nil {
		return err
	}
	var small, live []iceberg.ManifestFile
	for _, m := range old {
		if m.ManifestContent() != iceberg.ManifestContentData {
			return w.s.foreign("delete files")
		}
		n := m.AddedDataFiles() + m.ExistingDataFiles()
		if n > 0 {
			live = append(live, m)
		}
		if 0 < n && n < smallManifest {
			small = append(small, m)
		}
	}
	w.totalFiles, w.totalBytes = total(c.base, "total-data-files"), total(c.base, "total-files-size")
	switch {
	case c.replace || len(c.removed) > 0:
		return w.rewrite(c, live)
	case len(small) >= mergeManifests:
		w.files = slices.DeleteFunc(live, func(m iceberg.ManifestFile) bool { return slices.Contains(small, m) })
		return w.rewrite(c, small)
	default:
		w.files = live
		return nil
	}
}

// rewrite lists the files that stay in one manifest, and beside them, as Iceberg wants it, those that go.
func (w *manifests) rewrite(c change, old []iceberg.ManifestFile) error {
	var all []iceberg.ManifestEntry
	for _, m := range old {
		for e, err := range m.Entries(w.s, true) {
			if err != nil {
				return w.s.unreadable(err)
			}
			all = append(all, e)
		}
	}
	return w.write(all, func(out *iceberg.ManifestWriter, e iceberg.ManifestEntry) error {
		f := e.DataFile()
		seq := pointer(e.SequenceNum())
		if c.replace || c.removed[f.FilePath()] {
			w.deletedFiles, w.deletedRows, w.deletedBytes = w.deletedFiles+1, w.deletedRows+f.Count(), w.deletedBytes+f.FileSizeBytes()
			w.totalFiles, w.totalBytes = w.totalFiles-1, w.totalBytes-f.FileSizeBytes()
			return out.Delete(iceberg.NewManifestEntry(iceberg.EntryStatusDELETED, &w.snap.SnapshotID, seq, e.FileSequenceNum(), f))
		}
		return out.Existing(iceberg.NewManifestEntry(iceberg.EntryStatusEXISTING, pointer(e.SnapshotID()), seq, e.FileSequenceNum(), f))
	})
}

func (w *manifests) add(files []iceberg.DataFile) error {
	entries := make([]iceberg.ManifestEntry, len(files))
	for i, f := range files {
		w.addedFiles, w.addedRows, w.addedBytes = w.addedFiles+1, w.addedRows+f.Count(), w.addedBytes+f.FileSizeBytes()
		entries[i] = iceberg.NewManifestEntry(iceberg.EntryStatusADDED, &w.snap.SnapshotID, nil, nil, f)
	}
	w.totalFiles, w.totalBytes = w.totalFiles+w.addedFiles, w.totalBytes+w.addedBytes
	return w.write(entries, (*iceberg.ManifestWriter).Add)
}

// write makes one manifest of the entries, none of none.
func (w *manifests) write(entries []iceberg.ManifestEntry, put func(*iceberg.ManifestWriter, iceberg.ManifestEntry) error) error {
	if len(entries) == 0 {
		return nil
	}
	recorded, path := w.s.newPath("metadata", uuid.NewString()+"-m0.avro")
	w.s.written = append(w.s.written, path)
	return writeNew(path, func(f io.Writer) error {
		counter := &counting{w: f}
		out, err := iceberg.NewManifestWriter(2, counter, w.s.meta.PartitionSpec(), w.schema, w.snap.SnapshotID)
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

// summary holds the numbers that other readers look for.
func (w *manifests) summary(c change) *table.Summary {
	p := iceberg.Properties{propRun: c.run, propPlan: c.plan}
	for k, v := range map[string]int64{
		"added-data-files": w.addedFiles, "added-records": w.addedRows, "added-files-size": w.addedBytes,
		"deleted-data-files": w.deletedFiles, "deleted-records": w.deletedRows, "removed-files-size": w.deletedBytes,
		"total-data-files": w.totalFiles, "total-records": c.rows, "total-files-size": w.totalBytes,
		"total-delete-files": 0, "total-position-deletes": 0, "total-equality-deletes": 0,
	} {
		p[k] = strconv.FormatInt(v, 10)
	}
	op := table.OpAppend
	if w.deletedFiles > 0 || c.replace && c.base != nil {
		op = table.OpOverwrite
	}
	return &table.Summary{Operation: op, Properties: p}
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

// dataFiles lists the files of a snapshot.
func (s *state) dataFiles(snap *table.Snapshot) ([]iceberg.DataFile, error) {
	list, err := snap.Manifests(s)
	if err != nil {
		return nil, s.unreadable(err)
	}
	var out []iceberg.DataFile
	for _, m := range list {
		if m.ManifestContent() != iceberg.ManifestContentData {
			return nil, s.foreign("delete files")
		}
		for e, err := range m.Entries(s, true) {
			if err != nil {
				return nil, s.unreadable(err)
			}
			out = append(out, e.DataFile())
		}
	}
	return out, nil
}

func (s *state) unreadable(err error) error {
	return fault.New(fault.LakeCorrupt, "table %s: a manifest can't be read; restore the lake from a copy: %w", s.table, err)
}
