package lake

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// TestDeleteFilesAreIceberg looks at what other programs go by: the columns and order of a delete file, its entry in a manifest, the
// summary of the snapshot, and what iceberg-go plans and reads.
func TestDeleteFilesAreIceberg(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range AS a, range::VARCHAR AS b FROM range(300000)") // several row groups
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT range AS a, range::VARCHAR AS b FROM range(300000, 301000)")
	r3 := put(t, l, db, plan("crm", 3, r2.Run), false, people, "SELECT range AS a, range::VARCHAR AS b FROM range(302000, 303000)")
	before := other(t, l, people).CurrentSnapshot().SequenceNumber
	r4, n := deleted(t, l, db, plan("crm", 4, r3.Run), people, "a % 10 = 3 AND a < 301000")
	if n != 30100 {
		t.Errorf("%d rows deleted", n)
	}
	tbl := other(t, l, people)
	snap := tbl.CurrentSnapshot()
	for k, want := range map[string]string{
		"added-delete-files": "1", "added-position-delete-files": "1", "added-position-deletes": "30100", "removed-delete-files": "0",
		"total-delete-files": "1", "total-position-deletes": "30100", "total-data-files": "3", "total-records": "302000", "added-data-files": "0",
	} {
		if got := snap.Summary.Properties[k]; got != want {
			t.Errorf("%s is %s, want %s", k, got, want)
		}
	}
	if snap.Summary.Operation != table.OpDelete {
		t.Errorf("operation %s", snap.Summary.Operation)
	}

	s := must[*state](t)(l.load(people))
	data := must[[]string](t)(paths(s)) // each has rows with that many digits more, in the order of the runs
	entry := deleteEntry(t, s, snap)
	file := entry.DataFile()
	if entry.SequenceNum() <= before || entry.SequenceNum() != snap.SequenceNumber || entry.SnapshotID() != snap.SnapshotID {
		t.Errorf("the entry has sequence number %d, snapshot %d", entry.SequenceNum(), entry.SnapshotID())
	}
	if file.ContentType() != iceberg.EntryContentPosDeletes || file.FileFormat() != iceberg.ParquetFile || file.Count() != 30100 || file.SortOrderID() != nil || len(file.EqualityFieldIDs()) != 0 {
		t.Errorf("the entry is of %v in %v with %d rows", file.ContentType(), file.FileFormat(), file.Count())
	}
	low, high := string(file.LowerBoundValues()[deleteIDs["file_path"]]), string(file.UpperBoundValues()[deleteIDs["file_path"]])
	if low >= high || strings.Count(strings.Join(data, " "), low) != 1 || strings.Count(strings.Join(data, " "), high) != 1 {
		t.Errorf("bounds %s to %s of %s", low, high, data)
	}
	checkDeleteFile(t, l, file.FilePath(), 30100)

	// Of three data files two have deletes; the path of the third may lie between theirs.
	with := 0
	for _, task := range must[[]table.FileScanTask](t)(tbl.Scan().PlanFiles(t.Context())) {
		with += len(task.DeleteFiles)
	}
	if with != 2 && with != 3 {
		t.Errorf("%d data files are read with deletes", with)
	}
	got := elsewhere(t, l, people)
	for a := range int64(303000) {
		want := 0
		if (a < 301000 || a >= 302000) && (a%10 != 3 || a >= 301000) {
			want = 1
		}
		if got[a] != want {
			t.Fatalf("another program reads row %d %d times", a, got[a])
		}
	}
	// The same through the view, in each row group and past it.
	var same bool
	check0(t, l.View(t.Context(), db, sqlgen.Name("v"), r4, people))
	check0(t, db.Row(t.Context(), `SELECT count(*) = 271900 AND count(DISTINCT a) = 271900 AND bool_and(a % 10 <> 3 OR a >= 302000) AND bool_and(a::VARCHAR = b) FROM v`, &same))
	if !same {
		t.Error("the view has other rows")
	}

	// The deletes of one file name it in both bounds, by which readers know that it is the only one.
	r5, _ := deleted(t, l, db, plan("crm", 5, r4.Run), people, "a = 302005")
	_, snap5, err := l.at(r5, people)
	check0(t, err)
	var single iceberg.DataFile
	for _, f := range must[content](t)(s.content(snap5)).deletes {
		if f.Count() == 1 {
			single = f
		}
	}
	lower, upper := single.LowerBoundValues()[deleteIDs["file_path"]], single.UpperBoundValues()[deleteIDs["file_path"]]
	if string(lower) != string(upper) || len(lower) == 0 {
		t.Errorf("bounds %s to %s", lower, upper)
	}
}

// deleteEntry is the one entry of the delete manifests of a snapshot.
func deleteEntry(t *testing.T, s *state, snap *table.Snapshot) iceberg.ManifestEntry {
	t.Helper()
	var out []iceberg.ManifestEntry
	for _, m := range must[[]iceberg.ManifestFile](t)(snap.Manifests(s)) {
		if m.ManifestContent() != iceberg.ManifestContentDeletes {
			continue
		}
		for e, err := range m.Entries(s, false) {
			check0(t, err)
			out = append(out, e)
		}
	}
	if len(out) != 1 {
		t.Fatalf("%d delete files", len(out))
	}
	return out[0]
}

// checkDeleteFile checks the columns of a delete file, that it is sorted, and that nothing is in it twice.
func checkDeleteFile(t *testing.T, l *Lake, path string, rows int64) {
	t.Helper()
	_, db := openBoth(t, l.dir)
	var columns string
	check0(t, db.Row(t.Context(), sqlgen.Format("SELECT string_agg(name || ' ' || field_id || ' ' || type, ', ' ORDER BY name) FROM parquet_schema({p}) WHERE field_id IS NOT NULL",
		sqlgen.Args{"p": path}), &columns))
	if columns != "file_path 2147483546 BYTE_ARRAY, pos 2147483545 INT64" {
		t.Errorf("columns %s", columns)
	}
	var n, distinct int64
	var sorted bool
	check0(t, db.Row(t.Context(), sqlgen.Format(`SELECT count(*), count(DISTINCT (file_path, pos)), bool_and(coalesce((file_path, pos) > before, true))
		FROM (SELECT *, lag((file_path, pos)) OVER (ORDER BY file_row_number) AS before FROM read_parquet({p}, file_row_number = true))`, sqlgen.Args{"p": path}), &n, &distinct, &sorted))
	if n != rows || distinct != rows || !sorted {
		t.Errorf("%d rows, %d distinct, sorted %v", n, distinct, sorted)
	}
}

// TestReadingWithDeletesIsPushedDown looks at the engine's plan: files without deletes are read plainly, a filter and a choice of
// columns reach the others too, and the positions are what is kept in memory, not the rows.
func TestReadingWithDeletesIsPushedDown(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range AS a, 'x' || range AS b, 'y' AS c FROM range(1000)")
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT range AS a, 'x' || range AS b, 'y' AS c FROM range(1000, 2000)")
	r3, _ := deleted(t, l, db, plan("crm", 3, r2.Run), people, "a < 100")
	explain := func(q sqlgen.Query) string {
		var kind, text string
		check0(t, db.Row(t.Context(), sqlgen.Format("EXPLAIN {q}", sqlgen.Args{"q": q}), &kind, &text))
		return regexp.MustCompile(`[\s│]+`).ReplaceAllString(text, " ")
	}
	check0(t, l.View(t.Context(), db, sqlgen.Name("plain"), r2, people))
	check0(t, l.View(t.Context(), db, sqlgen.Name("cut"), r3, people))
	if got := explain("SELECT b FROM plain WHERE a = 500"); strings.Contains(got, "JOIN") || strings.Count(got, "READ_PARQUET ") != 2 {
		t.Errorf("without deletes: %s", got)
	}
	got := explain("SELECT b FROM cut WHERE a = 500")
	if strings.Count(got, "Join Type: MARK") != 1 || strings.Count(got, "a=500")+strings.Count(got, "c0=500") != 2 {
		t.Errorf("the filter is not in the files: %s", got)
	}
	if strings.Contains(got, "c2") || strings.Contains(got, " c ") {
		t.Errorf("a column is read that nobody asked for: %s", got)
	}
	s, snap, err := l.at(r3, people)
	check0(t, err)
	c := must[content](t)(s.content(snap))
	q := must[sqlgen.Query](t)(s.matching(must[*iceberg.Schema](t)(s.schemaAt(snap)), c, must[deletions](t)(s.deletions(t.Context(), db, c.deletes)), "a IN (SELECT 7)"))
	if got := explain(q); strings.Contains(got, "c1") || strings.Contains(got, "c2") || !strings.Contains(got, "c0") || strings.Count(got, "Join Type: MARK") != 2 {
		t.Errorf("finding positions reads other columns, or keeps the rows in memory: %s", got)
	}
	check0(t, l.Changes(t.Context(), db, sqlgen.Name("changed"), r2, r3, people))
	if got := explain("SELECT b FROM changed WHERE a = 500"); strings.Count(got, "Join Type: MARK") != 1 || strings.Count(got, "c0=500") != 1 || strings.Contains(got, "c2") {
		t.Errorf("what was deleted is read at more cost: %s", got)
	}
}

// Delete files of another kind are another program's, and refused.
func TestEqualityDeletesAreRefused(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	s := must[*state](t)(l.load(people))
	b, err := iceberg.NewDataFileBuilder(s.meta.PartitionSpec(), iceberg.EntryContentEqDeletes, s.location()+"/data/theirs.parquet", iceberg.ParquetFile, nil, nil, nil, 1, 100)
	check0(t, err)
	_, snap, err := l.at(r1, people)
	check0(t, err)
	v := must[TableVersion](t)(l.commitTable(t.Context(), people, change{base: snap, schema: *snap.SchemaID, added: []iceberg.DataFile{b.EqualityFieldIDs([]int{1}).Build()}}))
	rev := *r1
	rev.Tables = []TableVersion{v}
	err = l.View(t.Context(), db, sqlgen.Name("v"), &rev, people)
	isClass(t, err, fault.LakeCorrupt)
	if !strings.Contains(fmt.Sprint(err), "another program") {
		t.Error(err)
	}
}
