package lake

import (
	"fmt"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// shape is how many data files and delete files a table has in a revision, and how many records and positions are in them.
func shape(t *testing.T, l *Lake, rev *Revision) string {
	t.Helper()
	checkSummary(t, l, rev)
	s, snap, err := l.at(rev, people)
	check0(t, err)
	c := must[content](t)(s.content(snap))
	records, positions := int64(0), int64(0)
	for _, f := range c.data {
		records += f.Count()
	}
	for _, f := range c.deletes {
		positions += f.Count()
	}
	return fmt.Sprintf("%d data files of %d, %d delete files of %d", len(c.data), records, len(c.deletes), positions)
}

func TestDeletesPileUpOnlySoFar(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	l.grace = 0
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range AS a FROM range(1000)")
	second := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT range AS a FROM range(1000, 1002)")
	rev := second
	is := func(want string) {
		t.Helper()
		if got := shape(t, l, rev); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	step := func(where sqlgen.Query) {
		t.Helper()
		before, _ := rev.Version(people)
		var n int64
		rev, n = deleted(t, l, db, plan("crm", rev.Serial+1, rev.Run), people, where)
		after, _ := rev.Version(people)
		if got := rows(t, l, db, rev, people); before.Rows-n != after.Rows || int64(len(got)) != after.Rows {
			t.Errorf("%d rows deleted of %d, %d left, %d counted", n, before.Rows, len(got), after.Rows)
		}
	}
	for i := range mergeDeletes {
		step(sqlgen.Format("a = {i}", sqlgen.Args{"i": i}))
		is(fmt.Sprintf("2 data files of 1002, %d delete files of %d", i+1, i+1))
	}
	step("a = 100")
	is("2 data files of 1002, 1 delete files of 17")
	// A file of two rows is written anew without one of them, and goes with the other; their positions are not kept.
	step("a = 1000")
	is("2 data files of 1001, 1 delete files of 17")
	step("a = 1001")
	is("1 data files of 1000, 1 delete files of 17")
	step("a >= 767")
	is("1 data files of 1000, 2 delete files of 250")
	// One row more than a quarter: the file is written anew.
	step("a = 766")
	is("1 data files of 749, 0 delete files of 0")
	// Maintain has left what the versions need, and takes it when none needs it.
	must[MaintainResult](t)(l.Maintain(t.Context(), db, clock, 24*365*time.Hour))
	if got := rows(t, l, db, second, people); len(got) != 1002 {
		t.Errorf("%d rows", len(got))
	}
	must[MaintainResult](t)(l.Maintain(t.Context(), db, clock.AddDate(1, 0, 0), 0))
	if got := rows(t, l, db, rev, people); len(got) != 749 || dataFilesOnDisk(t, l.tableDir(people)) != 1 {
		t.Errorf("%d rows in %d files", len(got), dataFilesOnDisk(t, l.tableDir(people)))
	}
	step("true")
	is("0 data files of 0, 0 delete files of 0")
}

func TestMaintainKeepsDeleteFilesThatAreNeeded(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	l.grace = 0
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range AS a FROM range(100)")
	r2, _ := deleted(t, l, db, plan("crm", 2, r1.Run), people, "a < 10")
	r3 := put(t, l, db, plan("crm", 3, r2.Run), false, people, "SELECT 1000 AS a")
	must[MaintainResult](t)(l.Maintain(t.Context(), db, clock.AddDate(1, 0, 0), 0))
	if got := rows(t, l, db, r3, people); len(got) != 91 || dataFilesOnDisk(t, l.tableDir(people)) != 3 {
		t.Errorf("%d rows in %d files", len(got), dataFilesOnDisk(t, l.tableDir(people)))
	}
	r4 := put(t, l, db, plan("crm", 4, r3.Run), true, people, "SELECT 1 AS a")
	must[MaintainResult](t)(l.Maintain(t.Context(), db, clock.AddDate(1, 0, 0), 0))
	if got := rows(t, l, db, r4, people); len(got) != 1 || dataFilesOnDisk(t, l.tableDir(people)) != 1 {
		t.Errorf("%d rows in %d files", len(got), dataFilesOnDisk(t, l.tableDir(people)))
	}
}

// TestSmallFilesWithDeletes is a table that each run adds three rows to and takes one from.
func TestSmallFilesWithDeletes(t *testing.T) {
	const n = mergeFiles + 10
	l, db := openBoth(t, t.TempDir())
	base := ""
	var rev *Revision
	for i := int64(1); i <= n; i++ {
		tx := begin(t, l, db, plan("crm", i, base))
		a := sqlgen.Args{"i": i}
		if i > 1 {
			if got := must[int64](t)(tx.Delete(t.Context(), people, sqlgen.Format("a = 10 * ({i} - 1)", a))); got != 1 {
				t.Fatalf("%d rows deleted", got)
			}
		}
		must[int64](t)(tx.Append(t.Context(), people, []Column{column("a", sqlgen.Integer)}, sqlgen.Format("SELECT 10 * {i} + range AS a FROM range(5)", a)))
		rev = must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
		base = rev.Run
	}
	if v, _ := rev.Version(people); v.Rows != 4*n+1 {
		t.Errorf("%d rows", v.Rows)
	}
	if got := rows(t, l, db, rev, people); len(got) != 4*n+1 {
		t.Errorf("%d rows", len(got))
	}
	checkSummary(t, l, rev)
	if got := len(must[[]string](t)(paths(must[*state](t)(l.load(people))))); got > n-mergeFiles+2 {
		t.Errorf("the table has %d files", got)
	}
}

// A file that lost rows on the disk is not written anew without them.
func TestCompactingLosesNothing(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range AS a FROM range(100)")
	s := must[*state](t)(l.load(people))
	path := s.local(must[[]string](t)(paths(s))[0])
	check0(t, db.Exec(t.Context(), sqlgen.Format("COPY (SELECT range AS a FROM range(90)) TO {p} (FORMAT parquet, FIELD_IDS {a: 1})", sqlgen.Args{"p": path})))
	tx := begin(t, l, db, plan("crm", 2, r1.Run))
	must[int64](t)(tx.Delete(t.Context(), people, "a < 50"))
	_, err := tx.Commit(t.Context(), nil, "")
	isClass(t, err, fault.LakeCorrupt)
	tx.Rollback()
	if got := dataFilesOnDisk(t, l.tableDir(people)); got != 1 {
		t.Errorf("%d files", got)
	}
}
