package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var (
	people = Table{"source", "people"}
	clock  = time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check0(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openBoth(t testing.TB, dir string) (*Lake, *engine.DB) {
	t.Helper()
	l := must[*Lake](t)(Open(t.Context(), dir))
	db := must[*engine.DB](t)(engine.Open(t.Context(), engine.Options{Scratch: t.TempDir(), MemoryLimit: "1GB", Allowed: []string{dir}}))
	t.Cleanup(func() { check0(t, db.Close()) })
	return l, db
}

// plan is the serial-th run of a subject.
func plan(subject string, serial int64, base string) Plan {
	return Plan{
		Run: fmt.Sprintf("%s-ingest-%d", subject, serial), Task: "Ingest", Kind: "DataSource", Subject: subject, Serial: serial,
		PlanHash: fmt.Sprintf("h%d", serial), Now: clock.Add(time.Duration(serial) * time.Hour), Base: base,
	}
}

func begin(t testing.TB, l *Lake, db *engine.DB, p Plan) *Tx {
	t.Helper()
	return must[*Tx](t)(l.Begin(t.Context(), db, p))
}

// put commits one revision in which the table is replaced by, or extended by, the query.
func put(t testing.TB, l *Lake, db *engine.DB, p Plan, replace bool, tbl Table, q sqlgen.Query) *Revision {
	t.Helper()
	tx := begin(t, l, db, p)
	cols := must[[]Column](t)(db.Columns(t.Context(), q))
	if replace {
		must[int64](t)(tx.Replace(t.Context(), tbl, cols, q))
	} else {
		must[int64](t)(tx.Append(t.Context(), tbl, cols, q))
	}
	return must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
}

var views struct {
	sync.Mutex
	n int
}

// rows reads a table as a revision has it: the names of the columns, then the rows as text, sorted.
func rows(t *testing.T, l *Lake, db *engine.DB, rev *Revision, tbl Table) []string {
	t.Helper()
	views.Lock()
	views.n++
	view := sqlgen.Name(fmt.Sprintf("v%d", views.n))
	views.Unlock()
	check0(t, l.View(t.Context(), db, view, rev, tbl))
	out := texts(t, db, view)
	check0(t, db.Exec(t.Context(), sqlgen.Format("DROP VIEW {v}", sqlgen.Args{"v": view})))
	return out
}

// texts are the rows of a view as text, sorted.
func texts(t *testing.T, db *engine.DB, view sqlgen.Ident) []string {
	t.Helper()
	var out []string
	check0(t, db.Rows(t.Context(), sqlgen.Format("SELECT to_json(v)::VARCHAR FROM (SELECT * FROM {v}) v ORDER BY 1", sqlgen.Args{"v": view}), func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		out = append(out, s)
		return err
	}))
	return out
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

func isClass(t *testing.T, err error, c fault.Class) {
	t.Helper()
	if !fault.Is(err, c) {
		t.Errorf("got class %s of %v, want %s", fault.ClassOf(err), err, c)
	}
}

func TestRevisionsKeepTheirContent(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	if r := must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", "crm")); r != nil {
		t.Fatalf("an empty lake has revision %v", r)
	}
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a, 'x' AS b")
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT 2 AS a, 'y' AS b UNION ALL SELECT 3, NULL")
	r3 := put(t, l, db, plan("crm", 3, r2.Run), true, people, "SELECT 4 AS a, 'z' AS b")
	same(t, rows(t, l, db, r1, people), `{"a":1,"b":"x"}`)
	same(t, rows(t, l, db, r2, people), `{"a":1,"b":"x"}`, `{"a":2,"b":"y"}`, `{"a":3,"b":null}`)
	same(t, rows(t, l, db, r3, people), `{"a":4,"b":"z"}`)
	if v, _ := r2.Version(people); v.Rows != 3 {
		t.Errorf("the second revision counts %d rows", v.Rows)
	}
	// A lake that is opened anew says the same.
	l, db = openBoth(t, l.dir)
	revs := must[[]Revision](t)(l.Revisions(t.Context()))
	if len(revs) != 3 || fmt.Sprint(revs[0], revs[1], revs[2]) != fmt.Sprint(*r1, *r2, *r3) {
		t.Errorf("got %v, want %v %v %v", revs, *r1, *r2, *r3)
	}
	same(t, rows(t, l, db, &revs[1], people), `{"a":1,"b":"x"}`, `{"a":2,"b":"y"}`, `{"a":3,"b":null}`)
	if r := must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", "crm")); r.Run != r3.Run {
		t.Errorf("latest is %s", r.Run)
	}
}

func TestARevisionHoldsWhatItWasGiven(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	p := plan("crm", 7, "")
	p.Inputs = []Input{{"DataSource", "크rm's \"x\"", "crm-ingest-1"}}
	tx := begin(t, l, db, p)
	outputs := []Output{{"segment/a", 5, 2, 1}}
	state := `{"cursor":"a'b\\\"c\n","files":["김.csv"]}`
	made := must[*Revision](t)(tx.Commit(t.Context(), outputs, state))
	got := must[*Revision](t)(must[*Lake](t)(Open(t.Context(), l.dir)).Latest(t.Context(), "Ingest", "DataSource", "crm"))
	if fmt.Sprint(*got) != fmt.Sprint(*made) || got.State != state || fmt.Sprint(got.Inputs, got.Outputs) != fmt.Sprint(p.Inputs, outputs) ||
		!got.Now.Equal(p.Now) || got.Serial != 7 || got.PlanHash != "h7" {
		t.Errorf("got %+v", got)
	}
	check0(t, l.View(t.Context(), db, sqlgen.Name("r"), nil, Runs))
	var run string
	check0(t, db.Row(t.Context(), "SELECT run FROM r WHERE subject = 'crm' AND inputs LIKE '%crm-ingest-1%'", &run))
	if run != "crm-ingest-7" {
		t.Errorf("kith.runs has %s", run)
	}
}

func TestNoRowsMakeATypedEmptyTable(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	cols := []Column{{Name: "a", Type: sqlgen.Integer}, {Name: "d", Type: sqlgen.Decimal}}
	empty := sqlgen.Query("SELECT 1 AS a, 1.5 AS d WHERE false")
	tx := begin(t, l, db, plan("crm", 1, ""))
	if n := must[int64](t)(tx.Replace(t.Context(), people, cols, empty)); n != 0 {
		t.Errorf("%d rows", n)
	}
	r1 := must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	same(t, rows(t, l, db, r1, people))
	if got := must[[]Column](t)(l.Columns(t.Context(), r1, people)); fmt.Sprint(got) != fmt.Sprint(cols) {
		t.Errorf("columns %v", got)
	}
	check0(t, l.View(t.Context(), db, sqlgen.Name("e"), r1, people))
	if got := must[[]engine.Column](t)(db.Columns(t.Context(), "FROM e")); fmt.Sprint(got) != fmt.Sprint(cols) {
		t.Errorf("the empty view has columns %v", got)
	}
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT 5::BIGINT AS a, 2::DECIMAL(18,4) AS d")
	r3 := put(t, l, db, plan("crm", 3, r2.Run), false, people, "SELECT 5::BIGINT AS a, 2::DECIMAL(18,4) AS d WHERE false")
	same(t, rows(t, l, db, r3, people), `{"a":5,"d":2.0000}`)
	r4 := put(t, l, db, plan("crm", 4, r3.Run), true, people, "SELECT 5::BIGINT AS a, 2::DECIMAL(18,4) AS d WHERE false")
	same(t, rows(t, l, db, r4, people))
	same(t, rows(t, l, db, r2, people), `{"a":5,"d":2.0000}`)
}

func TestKeepCarriesATable(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	tx := begin(t, l, db, plan("crm", 2, r1.Run))
	check0(t, tx.Keep(people))
	isClass(t, tx.Keep(Table{"source", "other"}), fault.LakeCorrupt)
	check0(t, tx.Keep(people))
	_, err := tx.Append(t.Context(), people, []Column{{Name: "a", Type: sqlgen.Integer}}, "SELECT 7 AS a")
	isClass(t, err, fault.Internal)
	r2 := must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	if len(r2.Tables) != 1 {
		t.Errorf("tables %v", r2.Tables)
	}
	same(t, rows(t, l, db, r2, people), `{"a":1}`)
	r3 := put(t, l, db, plan("crm", 3, r2.Run), false, people, "SELECT 2 AS a")
	same(t, rows(t, l, db, r3, people), `{"a":1}`, `{"a":2}`)
	tx = begin(t, l, db, plan("crm", 4, r3.Run))
	r4 := must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	isClass(t, l.View(t.Context(), db, sqlgen.Name("v"), r4, people), fault.LakeCorrupt)
	if _, err := l.Columns(t.Context(), nil, people); !fault.Is(err, fault.LakeCorrupt) {
		t.Error(err)
	}
}

func TestWorkThatWasNotCommittedIsNotSeen(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	// A run that dies between the commits of its tables and its revision leaves snapshots that nothing names.
	dead := begin(t, l, db, plan("crm", 2, r1.Run))
	must[int64](t)(dead.Append(t.Context(), people, []Column{{Name: "a", Type: sqlgen.Integer}, {Name: "n", Type: sqlgen.String}}, "SELECT 99 AS a, 'dead' AS n"))
	must[TableVersion](t)(l.commitTable(t.Context(), people, dead.staged[people].change))
	same(t, rows(t, l, db, must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", "crm")), people), `{"a":1}`)
	// Neither the restarted run nor another plan builds on them.
	r2 := put(t, l, db, plan("crm", 2, r1.Run), false, people, "SELECT 2 AS a")
	same(t, rows(t, l, db, r2, people), `{"a":1}`, `{"a":2}`)
	same(t, rows(t, l, db, r1, people), `{"a":1}`)
}

func TestACommittedPlanCanBeginAgain(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	tx := begin(t, l, db, plan("crm", 1, ""))
	if tx.Done() == nil || tx.Done().Run != r1.Run {
		t.Fatal("the committed plan is not done")
	}
	must[int64](t)(tx.Replace(t.Context(), people, []Column{{Name: "a", Type: sqlgen.Integer}}, "SELECT 5 AS a"))
	again := must[*Revision](t)(tx.Commit(t.Context(), nil, ""))
	if fmt.Sprint(*again) != fmt.Sprint(*r1) || len(must[[]Revision](t)(l.Revisions(t.Context()))) != 1 {
		t.Errorf("got %v", again)
	}
	same(t, rows(t, l, db, again, people), `{"a":1}`)
	other := plan("crm", 1, "")
	other.PlanHash = "another"
	_, err := l.Begin(t.Context(), db, other)
	isClass(t, err, fault.Superseded)
	_, err = l.Begin(t.Context(), db, plan("crm", 2, ""))
	isClass(t, err, fault.Superseded)
	_, err = l.Begin(t.Context(), db, plan("new", 1, "gone"))
	isClass(t, err, fault.Superseded)
	put(t, l, db, plan("crm", 2, r1.Run), true, people, "SELECT 2 AS a")
	_, err = l.Begin(t.Context(), db, plan("crm", 1, ""))
	isClass(t, err, fault.Superseded)
}

// TestCheck is how whoever makes plans and has lost what it knew learns what the lake has.
func TestCheck(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	put(t, l, db, plan("crm", 2, "crm-ingest-1"), true, people, "SELECT 2 AS a")
	other := plan("crm", 2, "crm-ingest-1")
	other.PlanHash = "another"
	for name, c := range map[string]struct {
		plan  Plan
		last  string
		done  bool
		class fault.Class
	}{
		"the next":                {plan("crm", 3, "crm-ingest-2"), "crm-ingest-2", false, ""},
		"the latest again":        {plan("crm", 2, "crm-ingest-1"), "crm-ingest-2", true, ""},
		"another under its name":  {other, "crm-ingest-2", false, fault.Superseded},
		"one that was overtaken":  {plan("crm", 1, ""), "crm-ingest-2", false, fault.Superseded},
		"from nothing":            {plan("crm", 7, ""), "crm-ingest-2", false, fault.Superseded},
		"a name that was used":    {plan("crm", 1, "crm-ingest-2"), "crm-ingest-2", false, fault.Superseded},
		"the first of another":    {plan("new", 1, ""), "", false, ""},
		"a base that is not here": {plan("new", 2, "new-ingest-1"), "", false, fault.Superseded},
	} {
		last, done, err := l.Check(t.Context(), c.plan)
		got := ""
		if last != nil {
			got = last.Run
		}
		if got != c.last || done != c.done || (err != nil) != (c.class != "") || err != nil && !fault.Is(err, c.class) {
			t.Errorf("%s: latest %q, done %v, %v", name, got, done, err)
		}
	}
}

func TestTwoAttemptsOfOnePlanMakeOneRevision(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	cols := []Column{{Name: "a", Type: sqlgen.Integer}}
	first, second := begin(t, l, db, plan("crm", 1, "")), begin(t, l, db, plan("crm", 1, ""))
	must[int64](t)(first.Append(t.Context(), people, cols, "SELECT 1 AS a"))
	must[int64](t)(second.Append(t.Context(), people, cols, "SELECT 2 AS a"))
	r1 := must[*Revision](t)(first.Commit(t.Context(), nil, ""))
	r2 := must[*Revision](t)(second.Commit(t.Context(), nil, ""))
	first.Rollback()
	second.Rollback()
	if fmt.Sprint(*r1) != fmt.Sprint(*r2) {
		t.Errorf("revisions %v and %v", *r1, *r2)
	}
	same(t, rows(t, l, db, r2, people), `{"a":1}`)
}

func TestTwoRunsOfASubjectOneCommits(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	first, second := begin(t, l, db, plan("crm", 2, r1.Run)), begin(t, l, db, plan("crm", 3, r1.Run))
	cols := []Column{{Name: "a", Type: sqlgen.Integer}}
	must[int64](t)(first.Append(t.Context(), people, cols, "SELECT 2 AS a"))
	must[int64](t)(second.Append(t.Context(), people, cols, "SELECT 3 AS a"))
	r2 := must[*Revision](t)(first.Commit(t.Context(), nil, ""))
	_, err := second.Commit(t.Context(), nil, "")
	isClass(t, err, fault.Superseded)
	second.Rollback()
	same(t, rows(t, l, db, r2, people), `{"a":1}`, `{"a":2}`)
}

func TestRunsAtTheSameTime(t *testing.T) {
	const subjects, rivals = 6, 3
	dir := t.TempDir()
	_, db := openBoth(t, dir)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[string]int{}
	for s := range subjects {
		for range rivals {
			wg.Go(func() {
				// Each rival is a process of its own: it shares nothing but the directory.
				l, err := Open(t.Context(), dir)
				if err != nil {
					t.Error(err)
					return
				}
				subject := fmt.Sprintf("s%d", s)
				base := ""
				for serial := int64(1); serial <= 4; serial++ {
					err := appendOne(t.Context(), l, db, plan(subject, serial, base), serial)
					mu.Lock()
					switch {
					case err == nil:
						won[plan(subject, serial, "").Run]++
					case !fault.Is(err, fault.Superseded):
						t.Error(err)
					}
					mu.Unlock()
					base = plan(subject, serial, "").Run
				}
			})
		}
	}
	wg.Wait()
	l := must[*Lake](t)(Open(t.Context(), dir))
	if revs := must[[]Revision](t)(l.Revisions(t.Context())); len(revs) != subjects*4 || len(won) != subjects*4 {
		t.Errorf("%d revisions, %d runs that committed, want %d", len(revs), len(won), subjects*4)
	}
	for s := range subjects {
		last := must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", fmt.Sprintf("s%d", s)))
		same(t, rows(t, l, db, last, Table{"source", last.Subject}), `{"a":-4}`, `{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`)
	}
}

// appendOne adds a number, and puts its negative in the place of that of the number before. It makes rivals differ by their plan, so that one of them can't take another's revision for its own.
func appendOne(ctx context.Context, l *Lake, db *engine.DB, p Plan, n int64) error {
	p.PlanHash = fmt.Sprintf("%p", l)
	tx, err := l.Begin(ctx, db, p)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	tbl := Table{"source", p.Subject}
	if _, err := tx.Delete(ctx, tbl, "a < 0"); err != nil {
		return err
	}
	if _, err := tx.Append(ctx, tbl, []Column{{Name: "a", Type: sqlgen.Integer}}, sqlgen.Format("SELECT unnest([{n}, -{n}]) AS a", sqlgen.Args{"n": n})); err != nil {
		return err
	}
	_, err = tx.Commit(ctx, nil, "")
	return err
}

func TestLock(t *testing.T) {
	l, _ := openBoth(t, t.TempDir())
	unlock := must[func()](t)(l.Lock(t.Context()))
	_, err := must[*Lake](t)(Open(t.Context(), l.dir)).Lock(t.Context())
	isClass(t, err, fault.LakeLocked)
	unlock()
	must[func()](t)(l.Lock(t.Context()))()
}
