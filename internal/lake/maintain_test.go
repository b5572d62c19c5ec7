package lake

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog/hadoop"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// history makes random runs of a few subjects, which keep, extend, cut, replace and drop tables, read each other's revisions and die. It
// remembers what each revision showed when it was made.
type history struct {
	t    *testing.T
	l    *Lake
	db   *engine.DB
	r    *rand.Rand
	n    int64
	seen map[string]map[Table][]string
	revs []Revision
}

func (h *history) step() {
	subject := fmt.Sprintf("s%d", h.r.IntN(3))
	base := latest(h.revs, "Ingest", "DataSource", subject)
	h.n++
	p := plan(subject, h.n, "")
	if base != nil {
		p.Base = base.Run
	}
	if len(h.revs) > 0 && h.r.IntN(2) == 0 {
		in := h.revs[h.r.IntN(len(h.revs))]
		p.Inputs = []Input{{in.Kind, in.Subject, in.Run}}
	}
	tx := begin(h.t, h.l, h.db, p)
	for i := range 2 {
		h.write(tx, base, Table{subject, fmt.Sprintf("t%d", i)})
	}
	if h.r.IntN(6) == 0 {
		// The run dies: between its tables' commits and its revision, or with its files only.
		if h.r.IntN(2) == 0 {
			for _, tbl := range tx.order {
				must[TableVersion](h.t)(h.l.commitTable(h.t.Context(), tbl, tx.staged[tbl].change))
			}
		}
		return
	}
	rev := must[*Revision](h.t)(tx.Commit(h.t.Context(), nil, ""))
	h.revs = append(h.revs, *rev)
	h.seen[rev.Run] = h.read(rev)
}

func (h *history) write(tx *Tx, base *Revision, tbl Table) {
	_, has := base.Version(tbl)
	cols := []Column{column("a", sqlgen.Integer), column(fmt.Sprintf("c%d", h.r.IntN(4)), sqlgen.String)}
	q := sqlgen.Format("SELECT range + {n} AS a, 'v' || range AS {c} FROM range({rows})",
		sqlgen.Args{"n": h.n * 100, "c": sqlgen.Name(cols[1].Name), "rows": h.r.IntN(10)})
	switch h.r.IntN(8) {
	case 0:
		must[int64](h.t)(tx.Replace(h.t.Context(), tbl, cols, q))
	case 1: // the table is not part of this revision
	case 2, 3:
		if has {
			check0(h.t, tx.Keep(tbl))
		}
	case 4:
		must[int64](h.t)(tx.Delete(h.t.Context(), tbl, "a % 2 = 1"))
	case 5:
		must[int64](h.t)(tx.Delete(h.t.Context(), tbl, sqlgen.Format("a % 7 = {n}", sqlgen.Args{"n": h.n % 7})))
		must[int64](h.t)(tx.Append(h.t.Context(), tbl, cols, q))
	default:
		must[int64](h.t)(tx.Append(h.t.Context(), tbl, cols, q))
	}
}

func (h *history) read(rev *Revision) map[Table][]string {
	out := map[Table][]string{}
	for _, v := range rev.Tables {
		out[v.Table] = rows(h.t, h.l, h.db, rev, v.Table)
		if int64(len(out[v.Table])) != v.Rows {
			h.t.Errorf("%s of %s has %d rows and counts %d", v.Table, rev.Run, len(out[v.Table]), v.Rows)
		}
	}
	return out
}

// verify compares what the lake keeps with what it should, by a plain reading of the rule.
func (h *history) verify(now time.Time, retention time.Duration) {
	h.t.Helper()
	want := map[string]bool{}
	for i, r := range h.revs {
		overtaken := time.Time{}
		for _, later := range h.revs[i+1:] {
			if later.Subject == r.Subject {
				overtaken = later.Now
				break
			}
		}
		want[r.Run] = overtaken.IsZero() || overtaken.After(now.Add(-retention))
	}
	for range h.revs {
		for _, r := range h.revs {
			for _, in := range r.Inputs {
				want[in.Run] = want[in.Run] || want[r.Run]
			}
		}
	}
	fresh := must[*Lake](h.t)(Open(h.t.Context(), h.l.dir))
	got := must[[]Revision](h.t)(fresh.Revisions(h.t.Context()))
	h.revs = slices.DeleteFunc(h.revs, func(r Revision) bool { return !want[r.Run] })
	if fmt.Sprint(got) != fmt.Sprint(h.revs) {
		h.t.Fatalf("kept  %v\nwant  %v", got, h.revs)
	}
	for i := range got {
		if now := h.read(&got[i]); fmt.Sprint(now) != fmt.Sprint(h.seen[got[i].Run]) {
			h.t.Fatalf("revision %s shows %v, was %v", got[i].Run, now, h.seen[got[i].Run])
		}
	}
}

// leftovers are the files that nothing refers to.
func (h *history) leftovers() []string {
	var out []string
	used := map[string]bool{}
	for _, t := range must[[]Table](h.t)(h.l.tables()) {
		for f := range must[map[string]bool](h.t)(must[*state](h.t)(h.l.load(t)).used()) {
			used[f] = true
		}
	}
	check0(h.t, filepath.WalkDir(h.l.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !used[path] && filepath.Base(path) != "version-hint.text" {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func TestMaintainKeepsWhatIsNeeded(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l, db := openBoth(t, t.TempDir())
			l.grace = 0
			h := &history{t: t, l: l, db: db, r: rand.New(rand.NewPCG(seed, 1)), seen: map[string]map[Table][]string{}}
			for range 4 {
				for range 8 {
					h.step()
				}
				now, retention := clock.Add(time.Duration(h.n)*time.Hour), time.Duration(h.r.IntN(12))*time.Hour
				h.killed(now, retention)
				result := must[MaintainResult](t)(l.Maintain(t.Context(), db, now, retention))
				h.verify(now, retention)
				if left := h.leftovers(); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
				// There is nothing left to do, and doing it again does no harm.
				if again := must[MaintainResult](t)(l.Maintain(t.Context(), db, now, retention)); again.Revisions != 0 || again.Snapshots != 0 {
					t.Errorf("%+v, and again %+v", result, again)
				}
				h.verify(now, retention)
			}
		})
	}
}

// killed does a part of Maintain, as if it had been killed after it.
func (h *history) killed(now time.Time, retention time.Duration) {
	ctx := h.t.Context()
	parts := h.r.IntN(8)
	if parts == 0 {
		return
	}
	must[int](h.t)(h.l.dropRevisions(ctx, h.db, now, retention))
	tables := must[[]Table](h.t)(h.l.tables())
	for _, t := range tables[:min(parts-1, len(tables))] {
		must[int](h.t)(h.l.expire(ctx, t))
	}
	if parts > 4 {
		_, _, err := h.l.sweep(ctx, tables[h.r.IntN(len(tables))])
		check0(h.t, err)
	}
	h.verify(now, retention)
}

func TestMaintainLeavesYoungWorkAlone(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	r1 := put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	r2 := put(t, l, db, plan("crm", 2, r1.Run), true, people, "SELECT 2 AS a")
	working := begin(t, l, db, plan("crm", 3, r2.Run))
	cols := []Column{column("a", sqlgen.Integer)}
	must[int64](t)(working.Append(t.Context(), people, cols, "SELECT 3 AS a"))
	if got := must[MaintainResult](t)(l.Maintain(t.Context(), db, clock.AddDate(1, 0, 0), 0)); got != (MaintainResult{}) {
		t.Errorf("removed %+v", got)
	}
	same(t, rows(t, l, db, r1, people), `{"a":1}`)
	r3 := must[*Revision](t)(working.Commit(t.Context(), nil, ""))
	same(t, rows(t, l, db, r3, people), `{"a":2}`, `{"a":3}`)

	// A run whose files went all the same does not commit.
	late := begin(t, l, db, plan("crm", 4, r3.Run))
	must[int64](t)(late.Append(t.Context(), people, cols, "SELECT 4 AS a"))
	check0(t, os.Remove(late.staged[people].files[0]))
	if _, err := late.Commit(t.Context(), nil, ""); err == nil {
		t.Error("a revision without its files was committed")
	}
	same(t, rows(t, l, db, must[*Revision](t)(l.Latest(t.Context(), "Ingest", "DataSource", "crm")), people), `{"a":2}`, `{"a":3}`)
}

func TestMaintainLeavesOtherTablesAlone(t *testing.T) {
	l, db := openBoth(t, t.TempDir())
	l.grace = 0
	put(t, l, db, plan("crm", 1, ""), true, people, "SELECT 1 AS a")
	cat := must[*hadoop.Catalog](t)(hadoop.NewCatalog("lake", l.dir, nil))
	check0(t, cat.CreateNamespace(t.Context(), table.Identifier{"theirs"}, nil))
	schema := iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "a", Type: iceberg.PrimitiveTypes.Int64})
	must[*table.Table](t)(cat.CreateTable(t.Context(), table.Identifier{"theirs", "x"}, schema))
	orphan := filepath.Join(l.dir, "theirs", "x", "data", "file")
	check0(t, os.MkdirAll(filepath.Dir(orphan), 0o700))
	check0(t, os.WriteFile(orphan, nil, 0o600))
	must[MaintainResult](t)(l.Maintain(t.Context(), db, clock, 0))
	if _, err := os.Stat(orphan); err != nil {
		t.Error(err)
	}
}

func TestManySmallFilesBecomeFew(t *testing.T) {
	const n = mergeFiles + 6
	l, db := openBoth(t, t.TempDir())
	l.grace = 0
	var last *Revision
	var middle *Revision
	base := ""
	for i := int64(1); i <= n; i++ {
		last = put(t, l, db, plan("crm", i, base), false, people, sqlgen.Format("SELECT {i} AS a", sqlgen.Args{"i": i}))
		base = last.Run
		if i == n/2 {
			middle = last
		}
	}
	files := func(tbl Table) int {
		s := must[*state](t)(l.load(tbl))
		return len(must[[]string](t)(paths(s)))
	}
	if got := rows(t, l, db, last, people); len(got) != n {
		t.Errorf("%d rows", len(got))
	}
	if got := rows(t, l, db, middle, people); len(got) != n/2 {
		t.Errorf("%d rows in the middle", len(got))
	}
	if got := files(people); got > n-mergeFiles+2 {
		t.Errorf("the table has %d files", got)
	}
	if got := files(Runs); got != n {
		t.Errorf("kith.runs has %d files", got)
	}
	// Revisions are not dropped here, only written as one file.
	got := must[MaintainResult](t)(l.Maintain(t.Context(), db, clock, 24*365*time.Hour))
	if got.Revisions != 0 || files(Runs) != 1 || len(must[[]Revision](t)(l.Revisions(t.Context()))) != n {
		t.Errorf("%+v, %d files", got, files(Runs))
	}
	if got := rows(t, l, db, middle, people); len(got) != n/2 {
		t.Errorf("%d rows in the middle", len(got))
	}
}

func paths(s *state) ([]string, error) {
	c, err := s.content(s.meta.CurrentSnapshot())
	out := make([]string, len(c.data))
	for i, f := range c.data {
		out[i] = f.FilePath()
	}
	return out, err
}
