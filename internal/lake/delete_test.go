package lake

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// deleted commits one revision in which rows of the table are deleted, and gives how many.
func deleted(t *testing.T, l *Lake, db *engine.DB, p Plan, tbl Table, where sqlgen.Query) (*Revision, int64) {
	t.Helper()
	tx := begin(t, l, db, p)
	n := must[int64](t)(tx.Delete(t.Context(), tbl, where))
	return must[*Revision](t)(tx.Commit(t.Context(), nil, "")), n
}

// elsewhere reads column a of a table as another program does, through its main branch.
func elsewhere(t *testing.T, l *Lake, tbl Table) map[int64]int {
	t.Helper()
	_, batches, err := other(t, l, tbl).Scan().ToArrowRecords(t.Context())
	check0(t, err)
	out := map[int64]int{}
	for b, err := range batches {
		check0(t, err)
		column := b.Column(b.Schema().FieldIndices("a")[0]).(*array.Int64)
		for i := range column.Len() {
			out[column.Value(i)]++
		}
	}
	return out
}

func TestDelete(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range AS a, 'x' || range AS b FROM range(10)")
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT 10 + range AS a, NULL::VARCHAR AS b FROM range(2)")
	check0(t, db.Exec(t.Context(), "CREATE TABLE touched AS SELECT 3 AS a UNION ALL SELECT 11 UNION ALL SELECT 3 UNION ALL SELECT 99"))

	r3, n := deleted(t, l, db, plan("crm", 3, r2.Run), people, "a IN (SELECT a FROM touched)")
	if v, _ := r3.Version(people); n != 2 || v.Rows != 10 {
		t.Errorf("%d rows deleted, %d left", n, v.Rows)
	}
	same(t, rows(t, l, db, r3, people), `{"a":0,"b":"x0"}`, `{"a":1,"b":"x1"}`, `{"a":10,"b":null}`, `{"a":2,"b":"x2"}`, `{"a":4,"b":"x4"}`,
		`{"a":5,"b":"x5"}`, `{"a":6,"b":"x6"}`, `{"a":7,"b":"x7"}`, `{"a":8,"b":"x8"}`, `{"a":9,"b":"x9"}`)
	if got := elsewhere(t, l, people); len(got) != 10 || got[3]+got[11] != 0 {
		t.Errorf("another program reads %v", got)
	}
	if got := rows(t, l, db, r2, people); len(got) != 12 {
		t.Errorf("the revision before has %d rows", len(got))
	}

	// Unknown is not true, what is deleted is not found again, and a condition that finds nothing leaves the version as it is.
	r4, n := deleted(t, l, db, plan("crm", 4, r3.Run), people, "b < 'x0' OR a = 3")
	v3, _ := r3.Version(people)
	if v4, _ := r4.Version(people); n != 0 || v4 != v3 {
		t.Errorf("%d rows deleted, version %v after %v", n, v4, v3)
	}

	// Beside an append, before and after it, and with a column that comes with it.
	tx := begin(t, l, db, plan("crm", 5, r4.Run))
	cols := []Column{column("a", sqlgen.Integer), column("_pos", sqlgen.String)}
	first := must[int64](t)(tx.Delete(t.Context(), people, "a < 4"))
	must[int64](t)(tx.Append(t.Context(), people, cols, "SELECT 1 AS a, 'new' AS _pos"))
	second := must[int64](t)(tx.Delete(t.Context(), people, "a < 6 OR _pos = 'new'"))
	r5 := must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	if v, _ := r5.Version(people); first != 3 || second != 2 || v.Rows != 6 {
		t.Errorf("%d and %d rows deleted, %d left", first, second, v.Rows)
	}
	same(t, rows(t, l, db, r5, people), `{"a":1,"b":null,"_pos":"new"}`, `{"a":10,"b":null,"_pos":null}`, `{"a":6,"b":"x6","_pos":null}`,
		`{"a":7,"b":"x7","_pos":null}`, `{"a":8,"b":"x8","_pos":null}`, `{"a":9,"b":"x9","_pos":null}`)

	// Of a replaced table nothing of the base is left.
	tx = begin(t, l, db, plan("crm", 6, r5.Run))
	must[int64](t)(tx.Delete(t.Context(), people, "a = 6"))
	must[int64](t)(tx.Replace(t.Context(), people, cols[:1], "SELECT 6 AS a"))
	if n := must[int64](t)(tx.Delete(t.Context(), people, "true")); n != 0 {
		t.Errorf("%d rows deleted", n)
	}
	r6 := must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	same(t, rows(t, l, db, r6, people), `{"a":6}`)

	tx = begin(t, l, db, plan("crm", 7, r6.Run))
	if n := must[int64](t)(tx.Delete(t.Context(), Table{"source", "none"}, "true")); n != 0 {
		t.Errorf("%d rows deleted", n)
	}
	_, err := tx.Delete(t.Context(), people, "no_such_column = 1")
	isClass(t, err, fault.Internal)
}
