package lake

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// simulated is a table beside a plain list of what its rows should be. A row is a number, and twice it where it has that.
type simulated struct {
	t    *testing.T
	l    *Lake
	db   *engine.DB
	r    *rand.Rand
	rev  *Revision
	n    int64
	next int64
	rows []simulatedRow
	past []pastVersion
}

// pastVersion is a revision that is still there, and what its rows should be.
type pastVersion struct {
	rev  *Revision
	rows []simulatedRow
}

type simulatedRow struct {
	a      int64
	double bool
}

func (r simulatedRow) String() string {
	if r.double {
		return fmt.Sprintf(`{"a":%d,"b":%d}`, r.a, 2*r.a)
	}
	return fmt.Sprintf(`{"a":%d,"b":null}`, r.a)
}

// step is one run: some changes, and then its end, which need not be a commit.
func (m *simulated) step() {
	m.n++
	p := plan("crm", m.n, "")
	if m.rev != nil {
		p.Base = m.rev.Run
	}
	before := dataFilesOnDisk(m.t, m.l.dir)
	tx := begin(m.t, m.l, m.db, p)
	base, added, replaced := slices.Clone(m.rows), []simulatedRow(nil), m.rev == nil
	if replaced {
		must[int64](m.t)(tx.Replace(m.t.Context(), people, simulatedColumns, "SELECT 0 AS a, 0 AS b WHERE false"))
	}
	for range 1 + m.r.IntN(3) {
		switch m.r.IntN(12) {
		case 0:
			rows, cols, q := m.some(40)
			must[int64](m.t)(tx.Replace(m.t.Context(), people, cols, q))
			base, added, replaced = nil, rows, true
		case 1, 2, 3, 4, 5:
			rows, cols, q := m.some(9)
			if len(rows) > 0 && !rows[0].double {
				cols = cols[:1] // the other column is null in the new rows
			}
			must[int64](m.t)(tx.Append(m.t.Context(), people, cols, q))
			added = append(added, rows...)
		default:
			base = m.delete(tx, base, replaced)
		}
	}
	if m.r.IntN(5) == 0 {
		m.die(tx, before)
		return
	}
	m.rev = must[*Revision](m.t)(tx.Commit(m.t.Context(), nil, ""))
	m.rows = append(base, added...)
	m.past = append(m.past, pastVersion{m.rev, m.rows})
}

// die ends a run without a revision: with its files left behind, with its tables committed too, or orderly.
func (m *simulated) die(tx *Tx, before int) {
	switch m.r.IntN(3) {
	case 0:
	case 1:
		for _, tbl := range tx.order {
			must[TableVersion](m.t)(m.l.commitTable(m.t.Context(), tbl, tx.staged[tbl].change))
		}
	default:
		tx.Rollback()
		if after := dataFilesOnDisk(m.t, m.l.dir); after != before {
			m.t.Errorf("%d files after a rollback, were %d", after, before)
		}
	}
}

var simulatedColumns = []Column{column("a", sqlgen.Integer), column("b", sqlgen.Integer)}

// some are new rows, with a query for them.
func (m *simulated) some(limit int) ([]simulatedRow, []Column, sqlgen.Query) {
	n, double := int64(m.r.IntN(limit)), m.r.IntN(3) > 0
	out := make([]simulatedRow, n)
	for i := range out {
		out[i] = simulatedRow{m.next + int64(i), double}
	}
	m.next += n - n/3 // some numbers come twice
	q := sqlgen.Format("SELECT range AS a, CASE WHEN {double} THEN 2 * range END AS b FROM range({lo}, {hi})",
		sqlgen.Args{"double": double, "lo": m.next - n + n/3, "hi": m.next + n/3})
	return out, simulatedColumns, q
}

// delete removes what a condition of one of several kinds holds for.
func (m *simulated) delete(tx *Tx, base []simulatedRow, replaced bool) []simulatedRow {
	k, j := int64(2+m.r.IntN(60)), int64(m.r.IntN(3))
	args := sqlgen.Args{"k": k, "j": j, "lo": m.next - 2*k}
	where, gone := sqlgen.Format("a % {k} = {j}", args), func(r simulatedRow) bool { return r.a%k == j }
	switch m.r.IntN(8) {
	case 0:
		where, gone = sqlgen.Format("b IN (SELECT 2 * range FROM range({lo}, {lo} + {k}))", args), func(r simulatedRow) bool {
			return r.double && m.next-2*k <= r.a && r.a < m.next-k
		}
	case 1:
		where, gone = sqlgen.Format("b IS NULL AND a >= {lo}", args), func(r simulatedRow) bool { return !r.double && r.a >= m.next-2*k }
	case 2:
		if m.r.IntN(4) == 0 {
			where, gone = "true", func(simulatedRow) bool { return true }
		}
	}
	left := slices.DeleteFunc(slices.Clone(base), gone)
	if n := must[int64](m.t)(tx.Delete(m.t.Context(), people, where)); n != int64(len(base)-len(left)) && !replaced || replaced && n != 0 {
		m.t.Errorf("%d rows deleted, want %d", n, len(base)-len(left))
	}
	return left
}

// verify compares the table, as this package and as another program reads it, and what its snapshot counts, with the list.
func (m *simulated) verify() {
	m.t.Helper()
	want, numbers := make([]string, len(m.rows)), map[int64]int{}
	for i, r := range m.rows {
		want[i] = r.String()
		numbers[r.a]++
	}
	slices.Sort(want)
	same(m.t, rows(m.t, m.l, m.db, m.rev, people), want...)
	if got := elsewhere(m.t, m.l, people); fmt.Sprint(got) != fmt.Sprint(numbers) {
		m.t.Errorf("another program reads %v, want %v", got, numbers)
	}
	if v, _ := m.rev.Version(people); v.Rows != int64(len(want)) {
		m.t.Errorf("the revision counts %d rows, want %d", v.Rows, len(want))
	}
	checkSummary(m.t, m.l, m.rev)
	m.compare(m.past[m.r.IntN(len(m.past))], pastVersion{m.rev, m.rows})
	m.compare(pastVersion{m.rev, m.rows}, m.past[m.r.IntN(len(m.past))])
}

// compare checks Changes between two versions.
func (m *simulated) compare(from, to pastVersion) {
	m.t.Helper()
	more := map[string]int{}
	for _, r := range to.rows {
		more[r.String()]++
	}
	for _, r := range from.rows {
		more[r.String()]--
	}
	var want []string
	for row, n := range more {
		for range n {
			want = append(want, fmt.Sprintf(`{"_change_type":"INSERT",%s`, row[1:]))
		}
		for range -n {
			want = append(want, fmt.Sprintf(`{"_change_type":"DELETE",%s`, row[1:]))
		}
	}
	slices.Sort(want)
	same(m.t, changes(m.t, m.l, m.db, from.rev, to.rev), want...)
}

// checkSummary compares the totals of a snapshot with its manifests, and both with the rules of when a table is written anew.
func checkSummary(t *testing.T, l *Lake, rev *Revision) {
	t.Helper()
	s, snap, err := l.at(rev, people)
	check0(t, err)
	totals := map[string]int64{"total-data-files": 0, "total-records": 0, "total-delete-files": 0, "total-position-deletes": 0, "total-files-size": 0, "total-equality-deletes": 0}
	for _, m := range must[[]iceberg.ManifestFile](t)(snap.Manifests(s)) {
		for e, err := range m.Entries(s, true) {
			check0(t, err)
			files, rows := "total-data-files", "total-records"
			if m.ManifestContent() == iceberg.ManifestContentDeletes {
				files, rows = "total-delete-files", "total-position-deletes"
			}
			totals[files]++
			totals[rows] += e.DataFile().Count()
			totals["total-files-size"] += e.DataFile().FileSizeBytes()
		}
	}
	for k, v := range totals {
		if got := snap.Summary.Properties[k]; got != strconv.FormatInt(v, 10) {
			t.Errorf("%s is %s, want %d", k, got, v)
		}
	}
	if totals["total-delete-files"] > mergeDeletes {
		t.Errorf("%d delete files", totals["total-delete-files"])
	}
}

func TestRandomChanges(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l, db := openBoth(t, t.TempDir())
			l.grace = 0
			m := &simulated{t: t, l: l, db: db, r: rand.New(rand.NewPCG(seed, 7))}
			for range 50 {
				m.step()
				if m.rev == nil {
					continue
				}
				m.verify()
				if m.r.IntN(10) == 0 {
					must[MaintainResult](t)(l.Maintain(t.Context(), db, clock.Add(time.Duration(m.n)*time.Hour), 0))
					m.past = m.past[len(m.past)-1:]
					m.verify()
				}
				if t.Failed() {
					t.Fatalf("after run %d", m.n)
				}
			}
		})
	}
}
