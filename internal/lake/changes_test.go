package lake

import (
	"fmt"
	"os"
	"testing"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// changes reads what differs between two revisions' versions of people, as rows does.
func changes(t *testing.T, l *Lake, db *engine.DB, from, to *Revision, columns ...string) []string {
	t.Helper()
	check0(t, l.Changes(t.Context(), db, sqlgen.Name("changes"), from, to, people, columns...))
	return texts(t, db, sqlgen.Name("changes"))
}

func TestChanges(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range::BIGINT AS a, 'x' AS b FROM range(3)")
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT 3::BIGINT AS a, 'y' AS b")
	r3, _ := deleted(t, l, db, plan("crm", 3, r2.Run), people, "a = 1")
	// Written anew: the second row is another, the third is there twice, the columns come in another order.
	r4 := put(t, l, db, plan("crm", 4, r3.Run), true, people, "SELECT * FROM (VALUES ('x', 0::BIGINT), ('x', 2), ('x', 2), ('z', 3)) v(b, a)")
	for _, c := range []struct {
		name     string
		from, to *Revision
		want     []string
	}{
		{"nothing", r2, r2, nil},
		{"from nothing", nil, r1, []string{`{"_change_type":"INSERT","a":0,"b":"x"}`, `{"_change_type":"INSERT","a":1,"b":"x"}`, `{"_change_type":"INSERT","a":2,"b":"x"}`}},
		{"appended", r1, r2, []string{`{"_change_type":"INSERT","a":3,"b":"y"}`}},
		{"backwards", r2, r1, []string{`{"_change_type":"DELETE","a":3,"b":"y"}`}},
		{"deleted", r2, r3, []string{`{"_change_type":"DELETE","a":1,"b":"x"}`}},
		{"deleted backwards", r3, r2, []string{`{"_change_type":"INSERT","a":1,"b":"x"}`}},
		{"both", r1, r3, []string{`{"_change_type":"DELETE","a":1,"b":"x"}`, `{"_change_type":"INSERT","a":3,"b":"y"}`}},
		{"anew", r3, r4, []string{`{"_change_type":"DELETE","b":"y","a":3}`, `{"_change_type":"INSERT","b":"x","a":2}`, `{"_change_type":"INSERT","b":"z","a":3}`}},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, changes(t, l, db, c.from, c.to), c.want...) })
	}
	same(t, changes(t, l, db, r3, r4, "a"), `{"_change_type":"INSERT","a":2}`)
	if got := must[[]engine.Column](t)(db.Columns(t.Context(), "FROM changes")); fmt.Sprint(got) != "[{_change_type string} {a integer}]" {
		t.Errorf("columns %v", got)
	}
	isClass(t, l.Changes(t.Context(), db, sqlgen.Name("v"), r3, r4, people, "none"), fault.SchemaChanged)
	isClass(t, l.Changes(t.Context(), db, sqlgen.Name("v"), r3, r4, Table{"source", "none"}), fault.LakeCorrupt)
	isClass(t, l.Changes(t.Context(), db, sqlgen.Name("v"), r3, nil, people), fault.LakeCorrupt)

	other := put(t, l, db, plan("other", 1, ""), true, people, "SELECT 1 AS a, 'x' AS _Change_Type")
	isClass(t, l.Changes(t.Context(), db, sqlgen.Name("v"), nil, other, people), fault.SchemaChanged)
}

// TestChangesByPosition has the rows in files that each version has.
func TestChangesByPosition(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range::BIGINT AS a FROM range(100)")
	r2, _ := deleted(t, l, db, plan("crm", 2, r1.Run), people, "a = 5")
	r3, _ := deleted(t, l, db, plan("crm", 3, r2.Run), people, "a = 7")
	r4 := put(t, l, db, plan("crm", 4, r3.Run), false, people, "SELECT unnest([5, 500])::BIGINT AS a") // one that was there
	if got := shape(t, l, r4); got != "2 data files of 102, 2 delete files of 2" {
		t.Fatal(got)
	}
	for _, c := range []struct {
		from, to *Revision
		want     []string
	}{
		{r1, r2, []string{`{"_change_type":"DELETE","a":5}`}},
		{r2, r1, []string{`{"_change_type":"INSERT","a":5}`}},
		{r2, r3, []string{`{"_change_type":"DELETE","a":7}`}},
		{r1, r3, []string{`{"_change_type":"DELETE","a":5}`, `{"_change_type":"DELETE","a":7}`}},
		{r3, r1, []string{`{"_change_type":"INSERT","a":5}`, `{"_change_type":"INSERT","a":7}`}},
		{r2, r4, []string{`{"_change_type":"DELETE","a":7}`, `{"_change_type":"INSERT","a":500}`, `{"_change_type":"INSERT","a":5}`}},
		{r1, r4, []string{`{"_change_type":"DELETE","a":7}`, `{"_change_type":"INSERT","a":500}`}},
		{r4, r1, []string{`{"_change_type":"DELETE","a":500}`, `{"_change_type":"INSERT","a":7}`}},
	} {
		same(t, changes(t, l, db, c.from, c.to), c.want...)
	}
	// The positions are the same when they are in one file.
	rev := r4
	for i := range mergeDeletes {
		rev, _ = deleted(t, l, db, plan("crm", rev.Serial+1, rev.Run), people, sqlgen.Format("a = {i} + 50", sqlgen.Args{"i": i}))
	}
	if got := shape(t, l, rev); got != "2 data files of 102, 3 delete files of 18" && got != "2 data files of 102, 2 delete files of 18" {
		t.Fatal(got)
	}
	if got := changes(t, l, db, r3, rev); len(got) != mergeDeletes+2 {
		t.Errorf("changes %v", got)
	}
}

func TestChangesOfColumns(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range::BIGINT AS a, 'x' AS b FROM range(2)")
	// A column is added and one goes: rows differ where the new one has a value.
	r2 := put(t, l, db, plan("crm", 2, r1.Run), true, people, "SELECT range::BIGINT AS a, CASE range WHEN 1 THEN 'new' END AS c FROM range(2)")
	same(t, changes(t, l, db, r1, r2), `{"_change_type":"DELETE","a":1,"c":null}`, `{"_change_type":"INSERT","a":1,"c":"new"}`)
	same(t, changes(t, l, db, r2, r1), `{"_change_type":"DELETE","a":0,"b":null}`, `{"_change_type":"DELETE","a":1,"b":null}`,
		`{"_change_type":"INSERT","a":0,"b":"x"}`, `{"_change_type":"INSERT","a":1,"b":"x"}`)
	// A column that changed its type is another one.
	r3 := put(t, l, db, plan("crm", 3, r2.Run), true, people, "SELECT '0' AS a, NULL::VARCHAR AS c UNION ALL SELECT NULL, 'new'")
	same(t, changes(t, l, db, r2, r3), `{"_change_type":"DELETE","a":null,"c":null}`, `{"_change_type":"INSERT","a":"0","c":null}`)
	same(t, changes(t, l, db, r2, r3, "c"))
	// Added by an append, the old rows are untouched.
	r4 := put(t, l, db, plan("crm", 4, r3.Run), false, people, "SELECT '7' AS a, true AS d")
	same(t, changes(t, l, db, r3, r4), `{"_change_type":"INSERT","a":"7","c":null,"d":true}`)
}

// TestChangesReadOnlyWhatChanged takes the files of the first version away.
func TestChangesReadOnlyWhatChanged(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT range AS a FROM range(10)")
	r2, _ := deleted(t, l, db, plan("crm", 2, r1.Run), people, "a = 5")
	r3 := put(t, l, db, plan("crm", 3, r2.Run), false, people, "SELECT 100 AS a")
	s, snap, err := l.at(r1, people)
	check0(t, err)
	for _, f := range must[content](t)(s.content(snap)).data {
		check0(t, os.Remove(s.local(f.FilePath())))
	}
	same(t, changes(t, l, db, r2, r3), `{"_change_type":"INSERT","a":100}`)
}
