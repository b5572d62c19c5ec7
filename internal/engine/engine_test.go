package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func open(t testing.TB, o Options) *DB {
	t.Helper()
	if o.Scratch == "" {
		o.Scratch = t.TempDir()
	}
	db, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConnectionsShareTablesAndSettings(t *testing.T) {
	db := open(t, Options{})
	must(t, db.Exec(t.Context(), "CREATE TABLE t AS SELECT range AS i FROM range(10)"))
	// An open cursor holds a connection, so the second query runs on another one.
	rows, err := db.Query(t.Context(), "SELECT i FROM t")
	must(t, err)
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		t.Fatal("no row")
	}
	var n int
	var zone, order string
	must(t, db.Row(t.Context(), "SELECT count(*), current_setting('TimeZone'), current_setting('preserve_insertion_order') FROM t", &n, &zone, &order))
	if n != 10 || zone != "UTC" || order != "false" {
		t.Errorf("got %d rows, time zone %s, insertion order %s", n, zone, order)
	}
	must(t, rows.Err())
}

func TestSQLReachesOnlyItsDirectories(t *testing.T) {
	allowed, other := t.TempDir(), t.TempDir()
	db := open(t, Options{Allowed: []string{allowed}})
	must(t, os.WriteFile(filepath.Join(other, "secret.csv"), []byte("a\n1\n"), 0o600))
	must(t, db.Exec(t.Context(), sqlgen.Format("COPY (SELECT 1 AS a) TO {f}", sqlgen.Args{"f": filepath.Join(allowed, "x.csv")})))
	for _, q := range []sqlgen.Query{
		sqlgen.Format("FROM read_csv({f})", sqlgen.Args{"f": filepath.Join(other, "secret.csv")}),
		sqlgen.Format("FROM read_csv({f})", sqlgen.Args{"f": filepath.Join(allowed, "..", filepath.Base(other), "secret.csv")}),
		sqlgen.Format("COPY (SELECT 1) TO {f}", sqlgen.Args{"f": filepath.Join(other, "y.csv")}),
		sqlgen.Format("ATTACH {f}", sqlgen.Args{"f": filepath.Join(other, "z.db")}),
		"FROM read_text('/etc/hostname')", "INSTALL httpfs", "LOAD httpfs", "SET GLOBAL memory_limit = '1TB'",
		"SET GLOBAL enable_external_access = true", "RESET GLOBAL allowed_directories",
	} {
		if err := db.Exec(t.Context(), q); err == nil {
			t.Errorf("%s was allowed", q)
		}
	}
}

func TestTypesOfAQuery(t *testing.T) {
	db := open(t, Options{})
	got, err := db.Columns(t.Context(), `SELECT 'x' AS s, 1::BIGINT AS i, 1::HUGEINT AS h, 1.5::DECIMAL(18,4) AS d, 1e0 AS f, true AS b,
		DATE '2026-01-01' AS "d ay", now() AS ts, [1] AS l, NULL::JSON AS j, sum(1::DECIMAL(18,4)) AS total`)
	must(t, err)
	want := []Column{
		{"s", sqlgen.String},
		{"i", sqlgen.Integer},
		{"h", sqlgen.Integer},
		{"d", sqlgen.Decimal},
		{"f", sqlgen.Double},
		{"b", sqlgen.Boolean},
		{"d ay", sqlgen.Date},
		{"ts", sqlgen.Timestamp},
		{"l", sqlgen.String},
		{"j", sqlgen.String},
		{"total", sqlgen.Decimal},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestAppenderKeepsValues(t *testing.T) {
	db := open(t, Options{})
	must(t, db.Exec(t.Context(), `CREATE TABLE "my table" (s VARCHAR, i BIGINT, d DECIMAL(18,4), f DOUBLE, b BOOLEAN, day DATE, ts TIMESTAMPTZ)`))
	a, err := db.Appender(t.Context(), "my table")
	must(t, err)
	at := time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.FixedZone("KST", 9*3600))
	must(t, a.Append("김'\"; é\n", int64(-5), sqlgen.Number("-12.34567"), 0.1, true, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), at))
	must(t, a.Append(nil, nil, nil, nil, nil, nil, nil))
	must(t, a.Append("a\x00b\xff", 7, "99999999999999.9999", 1e300, false, nil, nil))
	must(t, a.Append("", 0, "0.00005", math.Copysign(0, -1), false, nil, time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC)))
	must(t, a.Append("", 0, "000000000000000000000000001.5", 0.0, false, nil, nil))
	for _, bad := range []string{"", ".", "1e5", "1,5", "--1", "999999999999999.0", "99999999999999.99995", "NaN", "１"} {
		if err := a.Append("", 0, bad, 0.0, false, nil, nil); err == nil {
			t.Errorf("DECIMAL took %q", bad)
		}
	}
	if err := a.Append("too few"); err == nil {
		t.Error("a short row was taken")
	}
	must(t, a.Close())
	var got []string
	must(t, db.Rows(t.Context(), `SELECT concat_ws('|', s, i, d, f, b, day, ts) FROM "my table" ORDER BY ALL`, func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		got = append(got, s)
		return err
	}))
	for _, want := range []string{
		"김'\"; é\n|-5|-12.3457|0.1|true|2024-02-29|2026-03-01 00:30:00.123456+00", "", "ab\uFFFD|7|99999999999999.9999|1e+300|false",
		"|0|0.0001|-0.0|false|1899-12-31 00:00:00+00", "|0|1.5000|0.0|false",
	} {
		if !strings.Contains("\x01"+strings.Join(got, "\x01")+"\x01", "\x01"+want+"\x01") {
			t.Errorf("no row %q in %q", want, got)
		}
	}
}

// What waits to be written is bounded in bytes too, not in rows alone: the engine's limit does not count it.
func TestAppenderHoldsFewLargeRows(t *testing.T) {
	db := open(t, Options{MemoryLimit: "1GB"})
	must(t, db.Exec(t.Context(), "CREATE TABLE big (s VARCHAR)"))
	a, err := db.Appender(t.Context(), "big")
	must(t, err)
	var n int64
	for i := range 150 {
		must(t, a.Append(strings.Repeat("x", 1_000_000)))
		must(t, db.Row(t.Context(), "SELECT count(*) FROM big", &n))
		if waiting := i + 1 - int(n); waiting > 70 {
			t.Fatalf("%d rows of 1 MB wait to be written", waiting)
		}
	}
	must(t, a.Close())
	if must(t, db.Row(t.Context(), "SELECT count(*) FROM big WHERE strlen(s) = 1000000", &n)); n != 150 {
		t.Errorf("%d rows of 150 were written", n)
	}
}

func TestTablesSpillBeyondTheMemoryLimit(t *testing.T) {
	const rows = 3_000_000
	db := open(t, Options{MemoryLimit: "200MB"})
	must(t, db.Exec(t.Context(), "CREATE TABLE big (k BIGINT, s VARCHAR, u VARCHAR)"))
	a, err := db.Appender(t.Context(), "big")
	must(t, err)
	start := time.Now()
	for i := range rows {
		must(t, a.Append(i, fmt.Sprintf("%064d", i), fmt.Sprintf("%032x", i*7919)))
	}
	must(t, a.Close())
	t.Logf("%d rows in %v", rows, time.Since(start))
	var n, distinct int64
	var sum string
	must(t, db.Row(t.Context(), "SELECT count(*), count(DISTINCT s), sum(k)::VARCHAR FROM big WHERE s[-8:]::BIGINT = k", &n, &distinct, &sum))
	if n != rows || distinct != rows || sum != fmt.Sprint(rows*(rows-1)/2) {
		t.Errorf("got %d rows, %d distinct, sum %s", n, distinct, sum)
	}
	spilled, _ := filepath.Glob(filepath.Join(db.scratch, "spill", "*"))
	if len(spilled) == 0 {
		t.Error("300 MB of rows were held in 200 MB: nothing spilled")
	}
	// A result larger than the limit can be iterated too.
	var read int64
	must(t, db.Rows(t.Context(), "SELECT k, s, u FROM big", func(scan func(...any) error) error {
		var s, u string
		var k int64
		read++
		return scan(&k, &s, &u)
	}))
	if read != rows {
		t.Errorf("read %d rows", read)
	}
}

func TestErrorsHaveClasses(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	small := open(t, Options{MemoryLimit: "50MB"})
	for name, c := range map[string]struct {
		err  error
		want fault.Class
	}{
		"cancelled": {small.Exec(cancelled, "SELECT 1"), fault.Cancelled},
		"deadline":  {small.Exec(short, "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7"), fault.Cancelled},
		"memory":    {small.Exec(t.Context(), "SELECT list(range::VARCHAR) FROM range(20000000)"), fault.OutOfMemory},
		"disk":      {Classify("write", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), fault.DiskFull},
		"quota":     {Classify("write", fmt.Errorf("x: %w", syscall.EDQUOT)), fault.DiskFull},
		"classed":   {Classify("write", fault.New(fault.LakeLocked, "x")), fault.LakeLocked},
		"other":     {small.Exec(t.Context(), "SELECT nothing"), fault.Internal},
	} {
		if !fault.Is(c.err, c.want) {
			t.Errorf("%s: got class %s of %v, want %s", name, fault.ClassOf(c.err), c.err, c.want)
		}
	}
	if err := small.Row(t.Context(), "SELECT 1 WHERE false", new(int)); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("no row: %v", err)
	}
	must(t, small.Exec(t.Context(), "SELECT 1"))
}

func TestErrorsHoldNoValues(t *testing.T) {
	db := open(t, Options{})
	must(t, db.Exec(t.Context(), "CREATE TABLE p AS SELECT 'kim@example.com' AS v, 5551234567 AS n"))
	for _, q := range []sqlgen.Query{
		"SELECT v::BIGINT FROM p", "SELECT n::SMALLINT FROM p", "SELECT strptime(v, '%Y') FROM p", "SELECT error(v) FROM p",
		"SELECT v::TIMESTAMPTZ FROM p", "SELECT v::JSON->>'$.a' FROM p", "SELECT nothing FROM p WHERE v = 'kim@example.com'",
		"SELECT (n::VARCHAR || 'x')::DECIMAL(18,4) FROM p", "SELECT 'kim@example.com' FRM p x y",
	} {
		err := db.Exec(t.Context(), q)
		if err == nil {
			t.Errorf("%s gave no error", q)
		} else if strings.Contains(err.Error(), "kim") || strings.Contains(err.Error(), "5551234567") {
			t.Errorf("the error of %s shows data: %v", q, err)
		}
	}
}

func TestScratchOfADeadProcessIsRemoved(t *testing.T) {
	scratch := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(scratch, "engine-dead", "spill"), 0o700))
	must(t, os.WriteFile(filepath.Join(scratch, "engine-dead.lock"), nil, 0o600))
	first := open(t, Options{Scratch: scratch})
	second := open(t, Options{Scratch: scratch})
	if _, err := os.Stat(filepath.Join(scratch, "engine-dead")); !os.IsNotExist(err) {
		t.Error("the directory of a dead process is still there")
	}
	for _, db := range []*DB{first, second} {
		if _, err := os.Stat(db.Scratch()); err != nil {
			t.Error(err)
		}
	}
}

// TestClaim: a claimed directory is nobody else's until it is released, and is removed by the next when its process died.
func TestClaim(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dead := filepath.Join(DefaultScratch(), "engine-dead")
	must(t, os.MkdirAll(dead, 0o700))
	must(t, os.WriteFile(dead+".lock", nil, 0o600))
	dir, release, err := Claim()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "x"), []byte("mine"), 0o600))
	db := open(t, Options{Scratch: DefaultScratch()})
	if b, err := os.ReadFile(filepath.Join(dir, "x")); string(b) != "mine" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Error("the directory of a dead process is still there")
	}
	if db.Scratch() == dir {
		t.Error("an engine works in the directory that was claimed")
	}
	release()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("the directory is still there")
	}
}

func TestDefaultMemoryLimitIsBelowTheMachine(t *testing.T) {
	var n int64
	if _, err := fmt.Sscanf(defaultMemoryLimit(), "%dMiB", &n); err != nil || n < 64 || n<<20 > totalMemory("/")*7/10 {
		t.Errorf("limit %s of %d bytes", defaultMemoryLimit(), totalMemory("/"))
	}
}

// TestDefaultScratchIsBelowTMPDIR: a pod has no other folder that it may write to.
func TestDefaultScratchIsBelowTMPDIR(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	db := open(t, Options{Scratch: DefaultScratch()})
	if !strings.HasPrefix(db.Scratch(), tmp+"/") {
		t.Errorf("scratch is %s", db.Scratch())
	}
	must(t, db.Close())
	if left, _ := filepath.Glob(filepath.Join(tmp, "*", "*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}
