package lake

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog/hadoop"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// other opens a table the way another program does: through iceberg-go's own catalog.
func other(t *testing.T, l *Lake, tbl Table) *table.Table {
	t.Helper()
	cat := must[*hadoop.Catalog](t)(hadoop.NewCatalog("lake", l.dir, nil))
	return must[*table.Table](t)(cat.LoadTable(t.Context(), table.Identifier{tbl.Schema, tbl.Name}))
}

func column(name string, typ sqlgen.Type) Column { return Column{Name: name, Type: typ} }

// everyType has one column of each type under names as users' files have them.
var everyType = []Column{
	column("주소 (도로명)", sqlgen.String),
	column(`it's "quoted"`, sqlgen.Integer),
	column("a.b.c", sqlgen.Decimal),
	column(" leading", sqlgen.Double),
	column("select", sqlgen.Boolean),
	column("día", sqlgen.Date),
	column("{x}/%s;--\n", sqlgen.Timestamp),
}

const everyValue = `
	SELECT CASE i % 7 WHEN 0 THEN NULL ELSE 'n' || lpad(i::VARCHAR, 6, '0') || repeat('가', i % 30) END AS "주소 (도로명)",
		(i - 500) * 10000000000 AS "it's ""quoted""", (i * 1.25 - 300)::DECIMAL(18,4) AS "a.b.c", i / 8.0 - 40 AS " leading",
		i % 2 = 0 AS "select", DATE '1968-12-30' + i::INTEGER AS "día",
		TIMESTAMPTZ '1969-12-31 23:00:00.000001+00' + i * INTERVAL 7 SECOND AS "{x}/%s;--
"	FROM range(1000) t(i)`

func TestAnyNameAndTypeComesBack(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	tx := begin(t, l, db, plan("crm", 1, ""))
	if n := must[int64](t)(tx.Replace(t.Context(), people, everyType, everyValue)); n != 1000 {
		t.Errorf("%d rows", n)
	}
	rev := must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	if got := must[[]Column](t)(l.Columns(t.Context(), rev, people)); !slices.Equal(got, everyType) {
		t.Errorf("columns %v", got)
	}
	check0(t, l.View(t.Context(), db, sqlgen.Name("got"), rev, people))
	if got := must[[]engine.Column](t)(db.Columns(t.Context(), "FROM got")); !slices.Equal(got, everyType) {
		t.Errorf("the view has columns %v", got)
	}
	q := sqlgen.Format("SELECT count(*) FROM ((FROM got EXCEPT ALL {q}) UNION ALL ({q} EXCEPT ALL FROM got))", sqlgen.Args{"q": sqlgen.Query(everyValue)})
	var different int
	check0(t, db.Row(t.Context(), q, &different))
	if different != 0 {
		t.Errorf("%d rows differ", different)
	}
	// Every file carries every id.
	check0(t, db.Row(t.Context(), sqlgen.Format("SELECT count(*) FROM parquet_schema({p}) WHERE field_id IS NULL AND name <> 'duckdb_schema'",
		sqlgen.Args{"p": filepath.Join(l.tableDir(people), "data", "*.parquet")}), &different))
	if different != 0 {
		t.Errorf("%d columns without an id", different)
	}
}

func TestOtherProgramsReadTheTables(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	first := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	tx := begin(t, l, db, plan("crm", 2, first.Run))
	must[int64](t)(tx.Replace(t.Context(), people, everyType, everyValue))
	must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	tbl := other(t, l, people)
	_, batches, err := tbl.Scan().ToArrowRecords(t.Context())
	check0(t, err)
	n := int64(0)
	for b, err := range batches {
		check0(t, err)
		n += b.NumRows()
	}
	if n != 1000 || tbl.Metadata().Version() != 2 {
		t.Errorf("%d rows, format %d", n, tbl.Metadata().Version())
	}
	if got := tbl.CurrentSnapshot().Summary.Properties[propRun]; got != "crm-ingest-2" {
		t.Errorf("run id %q", got)
	}
	// Runs that were not committed leave the branch where it is.
	dead := begin(t, l, db, plan("crm", 3, "crm-ingest-2"))
	must[int64](t)(dead.Replace(t.Context(), people, everyType[:1], everyValue))
	must[TableVersion](t)(l.commitTable(t.Context(), people, dead.staged[people].change))
	if got := other(t, l, people).CurrentSnapshot().Summary.Properties[propRun]; got != "crm-ingest-2" {
		t.Errorf("the branch shows run %q", got)
	}
}

// Bounds decide which files another engine opens: each row must be found by a filter on each of its values.
func TestBoundsHideNoRow(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	tx := begin(t, l, db, plan("crm", 1, ""))
	for lo := 0; lo < 1000; lo += 250 {
		must[int64](t)(tx.Append(t.Context(), people, everyType, sqlgen.Format("FROM ({q}) LIMIT 250 OFFSET {lo}", sqlgen.Args{"q": sqlgen.Query(everyValue), "lo": lo})))
	}
	must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	tbl := other(t, l, people)
	byName := map[string]iceberg.NestedField{}
	for _, f := range tbl.Schema().Fields() {
		byName[f.Name] = f
	}
	tasks := must[[]table.FileScanTask](t)(tbl.Scan().PlanFiles(t.Context()))
	if len(tasks) != 4 {
		t.Fatalf("%d files", len(tasks))
	}
	for _, task := range tasks {
		f := task.File
		if f.Count() != 250 || f.FileSizeBytes() == 0 {
			t.Errorf("a file of %d rows and %d bytes", f.Count(), f.FileSizeBytes())
		}
		for _, c := range everyType {
			checkBounds(t, db, f, c, byName[c.Name])
		}
	}
	// And through the planning of another program.
	for filter, want := range map[iceberg.BooleanExpression]int{
		iceberg.EqualTo(iceberg.Reference("select"), true):                               4,
		iceberg.EqualTo(iceberg.Reference(`it's "quoted"`), int64(-500)*10000000000):     1,
		iceberg.GreaterThan(iceberg.Reference(" leading"), 1000/8.0-40):                  0,
		iceberg.EqualTo(iceberg.Reference("주소 (도로명)"), "n000999"+strings.Repeat("가", 9)): 1,
	} {
		got := must[[]table.FileScanTask](t)(tbl.Scan(table.WithRowFilter(filter)).PlanFiles(t.Context()))
		if len(got) != want {
			t.Errorf("%v opens %d files, want %d", filter, len(got), want)
		}
	}
}

// checkBounds compares what a file's entry says of a column with the file.
func checkBounds(t *testing.T, db *engine.DB, f iceberg.DataFile, c Column, field iceberg.NestedField) {
	t.Helper()
	id := field.ID
	var smallest, largest string
	var nulls int64
	q := sqlgen.Format("SELECT min({c})::VARCHAR, max({c})::VARCHAR, count(*) - count({c}) FROM read_parquet({p})", sqlgen.Args{"c": sqlgen.Name(c.Name), "p": f.FilePath()})
	check0(t, db.Row(t.Context(), q, &smallest, &largest, &nulls))
	if f.NullValueCounts()[id] != nulls || f.ValueCounts()[id] != 250 {
		t.Errorf("%q: %d nulls of %d values, want %d", c.Name, f.NullValueCounts()[id], f.ValueCounts()[id], nulls)
	}
	lower, upper := f.LowerBoundValues()[id], f.UpperBoundValues()[id]
	if lower == nil || upper == nil {
		t.Errorf("%q has no bounds", c.Name)
		return
	}
	lo := must[iceberg.Literal](t)(iceberg.LiteralFromBytes(field.Type, lower)).String()
	hi := must[iceberg.Literal](t)(iceberg.LiteralFromBytes(field.Type, upper)).String()
	if c.Type == sqlgen.String {
		if !(lo <= smallest && largest <= hi) || !strings.HasPrefix(smallest, lo) {
			t.Errorf("%q: bounds %s to %s for %s to %s", c.Name, lo, hi, smallest, largest)
		}
		return
	}
	var equal bool
	q = sqlgen.Format("SELECT CAST({lo} AS {t}) = min({c}) AND CAST({hi} AS {t}) = max({c}) FROM read_parquet({p})",
		sqlgen.Args{"lo": lo, "hi": hi, "t": sqlgen.Query(sqlgen.DuckDB.Type(c.Type)), "c": sqlgen.Name(c.Name), "p": f.FilePath()})
	check0(t, db.Row(t.Context(), q, &equal))
	if !equal {
		t.Errorf("%q: bounds %s to %s for %s to %s", c.Name, lo, hi, smallest, largest)
	}
}

func TestTextBounds(t *testing.T) {
	top := string(rune(0x10FFFF))
	for s, want := range map[string]string{
		"": "", "short": "short", strings.Repeat("a", 16): strings.Repeat("a", 16), strings.Repeat("a", 17): strings.Repeat("a", 15) + "b",
		strings.Repeat("a", 15) + top + "x": strings.Repeat("a", 14) + "b", strings.Repeat("a", 15) + "\uD7FF" + "x": strings.Repeat("a", 15) + "\uE000",
	} {
		if got, ok := textAbove(s); !ok || got != want || got < s {
			t.Errorf("above %q: %q %v", s, got, ok)
		}
	}
	for _, s := range []string{strings.Repeat(top, 17), "\xff"} {
		if got, ok := textAbove(s); ok {
			t.Errorf("above %q: %q", s, got)
		}
	}
	for _, c := range []struct {
		t      sqlgen.Type
		lo, hi string
	}{
		{sqlgen.Date, "-infinity", "2020-01-01"}, {sqlgen.Date, "0044-03-15 (BC)", "2020-01-01"}, {sqlgen.Double, "1", "nan"},
		{sqlgen.Timestamp, "2020-01-01 00:00:00+00", "12020-01-01 00:00:00+00"}, {sqlgen.Integer, "x", "1"}, {sqlgen.Decimal, "x", "2"},
	} {
		if lo, hi, ok := bounds(c.t, c.lo, c.hi); ok {
			t.Errorf("%v: bounds %v %v", c, lo, hi)
		}
	}
	lo, hi, ok := bounds(sqlgen.Double, "0.0", "-0.0")
	if !ok || fmt.Sprint(lo) != "[0 0 0 0 0 0 0 128]" || fmt.Sprint(hi) != "[0 0 0 0 0 0 0 0]" {
		t.Errorf("zeros: %v %v", lo, hi)
	}
}

func TestColumnsComeAndGo(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1::BIGINT AS a, 'x' AS b")
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT 2::BIGINT AS a, 2.5::DOUBLE AS c")
	same(t, rows(t, l, db, r2, people), `{"a":1,"b":"x","c":null}`, `{"a":2,"b":null,"c":2.5}`)
	same(t, rows(t, l, db, r1, people), `{"a":1,"b":"x"}`)

	tx := begin(t, l, db, plan("crm", 3, r2.Run))
	for _, cols := range [][]Column{
		{column("a", sqlgen.String)},
		{column("a", sqlgen.Integer), column("B", sqlgen.String)},
		{column("a", sqlgen.Integer), column("A", sqlgen.Integer)},
		{column("día", sqlgen.Integer), column("DÍA", sqlgen.Integer)},
		{column("", sqlgen.Integer)}, {},
	} {
		_, err := tx.Append(t.Context(), people, cols, "SELECT 1 AS a, 'x' AS b")
		isClass(t, err, fault.SchemaChanged)
	}
	tx.Rollback()

	// A replaced table starts over: another type is another column, a column that went and came back is a new one.
	r3 := put(t, l, db, plan("crm", 3, r2.Run), true, people, "SELECT 'text' AS a, 'y' AS d")
	r4 := put(t, l, db, plan("crm", 4, r3.Run), false, people, "SELECT 'more' AS a, 'back' AS b")
	same(t, rows(t, l, db, r4, people), `{"a":"more","d":null,"b":"back"}`, `{"a":"text","d":"y","b":null}`)
	same(t, rows(t, l, db, r2, people), `{"a":1,"b":"x","c":null}`, `{"a":2,"b":null,"c":2.5}`)
	ids := map[int]string{}
	for _, sc := range other(t, l, people).Metadata().Schemas() {
		for _, f := range sc.Fields() {
			if was, ok := ids[f.ID]; ok && was != f.Name+f.Type.String() {
				t.Errorf("id %d is %s and %s%s", f.ID, was, f.Name, f.Type)
			}
			ids[f.ID] = f.Name + f.Type.String()
		}
	}
}

func TestManyAppends(t *testing.T) {
	const n = 3*mergeManifests + 5
	l, db := openBoth(t, t.TempDir())
	base := ""
	var rev *Revision
	for i := int64(1); i <= n; i++ {
		rev = put(t, l, db, plan("crm", i, base), false, people, sqlgen.Format("SELECT {i} AS a", sqlgen.Args{"i": i}))
		base = rev.Run
		if v, _ := rev.Version(people); v.Rows != i {
			t.Fatalf("revision %d counts %d rows", i, v.Rows)
		}
	}
	if got := rows(t, l, db, rev, people); len(got) != n {
		t.Errorf("%d rows", len(got))
	}
	snap := other(t, l, people).CurrentSnapshot()
	manifests := must[[]iceberg.ManifestFile](t)(snap.Manifests(must[*state](t)(l.load(people))))
	if len(manifests) > mergeManifests || snap.Summary.Properties["total-data-files"] != fmt.Sprint(n) || snap.Summary.Properties["total-records"] != fmt.Sprint(n) {
		t.Errorf("%d manifests, summary %v", len(manifests), snap.Summary.Properties)
	}
}

func TestALakeCanBeMoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "before")
	l, db := openBoth(t, dir)
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	moved := filepath.Join(t.TempDir(), `a ft'er "%20" \n ü;{}`)
	check0(t, os.Rename(dir, moved))
	l, db = openBoth(t, moved)
	same(t, rows(t, l, db, r1, people), `{"a":1}`)
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT range AS a FROM range(2, 9)")
	r3, n := deleted(t, l, db, plan("crm", 3, r2.Run), people, "a > 7")
	if n != 1 {
		t.Errorf("%d rows deleted", n)
	}
	same(t, rows(t, l, db, r3, people), `{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`, `{"a":5}`, `{"a":6}`, `{"a":7}`)
	same(t, changes(t, l, db, r2, r3), `{"_change_type":"DELETE","a":8}`)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("something was written to the old place")
	}
	// Other writers spell paths as URLs.
	s := must[*state](t)(l.load(people))
	for _, p := range []string{dir + "/source/people/data/x", "file://" + dir + "/source/people/data/x", "file:" + dir + "/source/people/data/x"} {
		if got := s.local(p); got != moved+"/source/people/data/x" {
			t.Errorf("%s is looked for at %s", p, got)
		}
	}
}

func TestDamagedLakes(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	rev := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	gone := *rev
	gone.Tables = []TableVersion{{Table: people, SnapshotID: 42}}
	isClass(t, l.View(t.Context(), db, sqlgen.Name("v"), &gone, people), fault.LakeCorrupt)
	gone.Tables = []TableVersion{{Table: Table{"source", "none"}, SnapshotID: 42}}
	isClass(t, l.View(t.Context(), db, sqlgen.Name("v"), &gone, Table{"source", "none"}), fault.LakeCorrupt)
	for _, pattern := range []string{"*/*/metadata/*-m0.avro", "*/*/metadata/snap-*.avro", "*/*/metadata/v*.metadata.json"} {
		files, err := filepath.Glob(filepath.Join(l.dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			check0(t, os.WriteFile(f, []byte("{"), 0o600))
		}
		isClass(t, l.View(t.Context(), db, sqlgen.Name("v"), rev, people), fault.LakeCorrupt)
		_, err = l.Revisions(t.Context())
		isClass(t, err, fault.LakeCorrupt)
	}
}
