package lake

import (
	"syscall"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// BenchmarkMillion changes a table of a million people and fifteen columns, each time another percent of it, and reads it:
//
//	go test ./internal/lake -run '^$' -bench Million -benchtime 5x
//
// Compare the processor times; those of the clock have the disk and the neighbours in them.
func BenchmarkMillion(b *testing.B) {
	l, db := openBoth(b, b.TempDir())
	check0(b, db.Exec(b.Context(), `CREATE TABLE source AS SELECT 'c' || lpad(i::VARCHAR, 8, '0') AS id, md5((i // 2)::VARCHAR) AS profile_id,
		'Given' || (i % 5000) AS given, 'Surname' || (i % 9000) AS surname, 'user' || i || '@example.org' AS email, '+8210' || lpad(i::VARCHAR, 8, '0') AS phone,
		DATE '1950-01-01' + (i % 20000)::INTEGER AS born, (i % 100000)::VARCHAR AS postcode, 'City' || (i % 300) AS city, i % 3 = 0 AS known, i % 90 AS age,
		i / 7.0 AS score, (i % 1000)::DECIMAL(18,4) AS spent, TIMESTAMPTZ '2026-01-01 00:00:00+00' + i * INTERVAL 1 SECOND AS seen, i FROM range(1000000) t(i)`))
	w := &millionTable{b: b, l: l, db: db, cols: must[[]Column](b)(db.Columns(b.Context(), "FROM source"))}
	run := func(name string, f func()) { b.Run(name, func(b *testing.B) { timed(b, f) }) }

	w.replace()
	run("replace", w.replace)
	plain := w.rev
	run("delete 1 %, append 1 %", w.change)
	after := w.rev
	run("append 1 %", w.grow)
	run("read, nothing deleted", func() { w.read(plain) })
	run("read, as changed", func() { w.read(after) })
	run("changes of an append", func() { w.changes(after, w.rev) })
	run("changes of deletes and appends", func() { w.changes(plain, after) })
	w.replace()
	run("changes of a table written anew", func() { w.changes(plain, w.rev) })
}

type millionTable struct {
	b       *testing.B
	l       *Lake
	db      *engine.DB
	cols    []Column
	rev     *Revision
	serial  int64
	percent int64
}

func (w *millionTable) begin() *Tx {
	w.serial++
	p := plan("crm", w.serial, "")
	if w.rev != nil {
		p.Base = w.rev.Run
	}
	return begin(w.b, w.l, w.db, p)
}

func (w *millionTable) commit(tx *Tx) {
	w.rev = must[*Revision](w.b)(tx.Commit(w.b.Context(), nil, ""))
}

func (w *millionTable) replace() {
	tx := w.begin()
	must[int64](w.b)(tx.Replace(w.b.Context(), people, w.cols, "FROM source"))
	w.commit(tx)
}

// change puts other rows in the place of those of one percent of the profiles.
func (w *millionTable) change() {
	w.percent = (w.percent + 1) % 100
	a := sqlgen.Args{"percent": w.percent}
	check0(w.b, w.db.Exec(w.b.Context(), sqlgen.Format("CREATE OR REPLACE TABLE touched AS SELECT DISTINCT profile_id FROM source WHERE i // 2 % 100 = {percent}", a)))
	tx := w.begin()
	if n := must[int64](w.b)(tx.Delete(w.b.Context(), people, "profile_id IN (SELECT profile_id FROM touched)")); n != 10000 {
		w.b.Fatalf("%d rows deleted", n)
	}
	must[int64](w.b)(tx.Append(w.b.Context(), people, w.cols, sqlgen.Format("SELECT * REPLACE ('changed' AS city) FROM source WHERE i // 2 % 100 = {percent}", a)))
	w.commit(tx)
}

func (w *millionTable) grow() {
	tx := w.begin()
	must[int64](w.b)(tx.Append(w.b.Context(), people, w.cols, "FROM source WHERE i < 10000"))
	w.commit(tx)
}

func (w *millionTable) read(rev *Revision) {
	check0(w.b, w.l.View(w.b.Context(), w.db, sqlgen.Name("v"), rev, people))
	check0(w.b, w.db.Exec(w.b.Context(), "SELECT max(hash(v)) FROM v"))
}

func (w *millionTable) changes(from, to *Revision) {
	check0(w.b, w.l.Changes(w.b.Context(), w.db, sqlgen.Name("v"), from, to, people))
	check0(w.b, w.db.Exec(w.b.Context(), "SELECT max(hash(v)) FROM v"))
}

// timed reports the processor time of f.
func timed(b *testing.B, f func()) {
	before := processorTime(b)
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

func processorTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	check0(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
