package pgsource_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/connectors/pgsource"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/test/pgtest"
)

// secret stands in test data where an error could quote it.
const secret = "geheimnis"

func newSource(t *testing.T, cfg pgsource.Config) *pgsource.Source {
	t.Helper()
	cfg.Name = "crm"
	src, err := pgsource.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// read reads everything there is.
func read(t *testing.T, cfg pgsource.Config, req record.Request) (columns []string, rows []record.Row, state string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	reading, err := newSource(t, cfg).Plan(ctx, req)
	if err != nil {
		return nil, nil, "", err
	}
	defer func() { _ = reading.Close() }()
	for {
		b, err := reading.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, "", err
		}
		columns, rows = b.Columns, append(rows, b.Rows...)
	}
	state, err = reading.State()
	return columns, rows, state, err
}

func checkFault(t *testing.T, err error, class fault.Class, says ...string) {
	t.Helper()
	if !fault.Is(err, class) {
		t.Fatalf("the error is %v, of class %s; want %s", err, fault.ClassOf(err), class)
	}
	for _, s := range append(says, "crm") {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the error does not say %q: %v", s, err)
		}
	}
	for _, s := range []string{"secret", "127.0.0.1", "kith:", secret} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the error says %q: %v", s, err)
		}
	}
}

func TestPostgres(t *testing.T) {
	server := pgtest.Run(t)
	t.Run("values", func(t *testing.T) { testValues(t, server) })
	t.Run("cursor", func(t *testing.T) { testCursor(t, server) })
	t.Run("cursor types", func(t *testing.T) { testCursorTypes(t, server) })
	t.Run("snapshot", func(t *testing.T) { testOneSnapshot(t, server) })
	t.Run("refused", func(t *testing.T) { testRefused(t, server) })
	t.Run("breaks off", func(t *testing.T) { testBreaksOff(t, server) })
}

func testValues(t *testing.T, server *pgtest.Server) {
	server.Exec(`CREATE SCHEMA "Shop"`, `CREATE TABLE "Shop"."The ""people""" (id int, name text, price numeric(20,6), at timestamptz, local_time timestamp, day date, ok bool, f float8, j jsonb, tags text[], none text, u uuid, big bigint)`,
		`INSERT INTO "Shop"."The ""people""" VALUES (1, '김 "x"', 12.500000, '2026-03-31 12:00:00.123456+09', '2026-03-31 12:00', '2026-03-31', true, 0.1, '{"a": [1]}', '{a,b}', NULL,
			'6ecd8c99-4036-403d-bf84-cf8400f67836', 9007199254740993), (2, '', 'NaN', '0044-03-15 12:00 BC', NULL, 'infinity', false, 'Infinity', '"text"', NULL, NULL, NULL, NULL)`)
	columns, rows, _, err := read(t, pgsource.Config{DSN: server.DSN, Schema: "Shop", Table: `The "people"`}, record.Request{Load: record.Snapshot})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(columns, " "); got != "id name price at local_time day ok f j tags none u big" {
		t.Errorf("the columns are %q", got)
	}
	want := []any{int64(1), `김 "x"`, record.Number("12.500000"), time.Date(2026, 3, 31, 3, 0, 0, 123456000, time.UTC), "2026-03-31 12:00:00", "2026-03-31", true, 0.1, record.JSON(`{"a": [1]}`), "{a,b}", nil,
		"6ecd8c99-4036-403d-bf84-cf8400f67836", int64(9007199254740993)}
	for i, v := range rows[0].Values {
		if v != want[i] {
			t.Errorf("%s is %#v; want %#v", columns[i], v, want[i])
		}
	}
	if rows[1].Values[8] != "text" || rows[1].Values[1] != "" || rows[1].Number != 2 || rows[1].File != `table Shop.The "people"` {
		t.Errorf("the second row is %+v", rows[1])
	}
	for _, end := range []string{"", ";", " ; \n", " -- the end"} {
		_, rows, _, err = read(t, pgsource.Config{DSN: server.DSN, Query: `SELECT id, name FROM "Shop"."The ""people""" WHERE id = 1` + end}, record.Request{Load: record.Snapshot})
		if err != nil || len(rows) != 1 || len(rows[0].Values) != 2 || rows[0].File != "query" {
			t.Errorf("a query gives %+v, %v", rows, err)
		}
	}
}

func ids(rows []record.Row) string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = record.Text(r.Values[0])
	}
	return strings.Join(out, " ")
}

func testCursor(t *testing.T, server *pgtest.Server) {
	server.Exec(`CREATE TABLE c (id int, changed timestamptz)`, `INSERT INTO c VALUES (3, '2026-01-02'), (1, '2026-01-01'), (2, '2026-01-02'), (9, NULL)`)
	cfg := pgsource.Config{DSN: server.DSN, Table: "c", CursorColumn: "changed"}
	req := record.Request{Load: record.Upsert, Keyed: true}
	step := func(what, want string, changed bool) {
		t.Helper()
		ctx := context.Background()
		p, err := newSource(t, cfg).Plan(ctx, req)
		if err != nil {
			t.Fatal(err)
		}
		if p.Changed() != changed {
			t.Errorf("%s: changed is %v", what, p.Changed())
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		_, rows, state, err := read(t, cfg, req)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(ids(rows), " ")
		// The order among equal values is the server's choice.
		for _, id := range strings.Split(want, " ") {
			if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+id+" ") {
				t.Errorf("%s: row %s is not among %q", what, id, got)
			}
		}
		if len(got) != len(strings.Split(want, " ")) {
			t.Errorf("%s: read %q; want %q", what, got, want)
		}
		req.State = state
	}
	step("first", "1 2 3 9", true)
	step("nothing new", "2 3 9", false)
	server.Exec(`INSERT INTO c VALUES (4, '2026-01-02')`)
	step("a late row with the last value", "2 3 4 9", true)
	server.Exec(`INSERT INTO c VALUES (5, '2026-01-03')`, `UPDATE c SET changed = '2026-01-03 00:00:00.000001' WHERE id = 1`)
	step("a new and a changed row", "1 2 3 4 5 9", true)
	step("nothing new", "1 9", false)
	server.Exec(`INSERT INTO c VALUES (10, NULL)`)
	step("a row without a value", "1 9 10", true)
	for _, bad := range []record.Request{{Load: record.Snapshot, Keyed: true}, {Load: record.Upsert}} {
		_, err := newSource(t, cfg).Plan(context.Background(), bad)
		checkFault(t, err, fault.InvalidManifest, "cursorColumn")
	}
	_, err := newSource(t, pgsource.Config{DSN: server.DSN, Table: "c"}).Plan(context.Background(), record.Request{Load: record.Append})
	checkFault(t, err, fault.InvalidManifest, "key")
}

// The last value, kept as text, finds its place again whatever the column's type.
func testCursorTypes(t *testing.T, server *pgtest.Server) {
	for typ, values := range map[string][3]string{
		"bigint": {"9", "10", "11"}, "timestamp": {"2026-01-01 00:00:00.000001", "2026-01-01 00:00:00.000002", "2026-01-01 00:00:00.000003"}, "date": {"2026-01-01", "2026-01-02", "2026-01-03"},
		"text": {"10", "9", "9a"}, "numeric": {"9.5", "10.25", "11"}, "float8": {"0.1", "0.2", "0.30000000000000004"}, "uuid": {"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002", "00000000-0000-0000-0000-000000000003"},
	} {
		server.Exec(`DROP TABLE IF EXISTS ct`, fmt.Sprintf(`CREATE TABLE ct (id int, "at ""it""" %s)`, typ), fmt.Sprintf(`INSERT INTO ct VALUES (1, '%s'), (2, '%s')`, values[0], values[1]))
		cfg := pgsource.Config{DSN: server.DSN, Table: "ct", CursorColumn: `at "it"`}
		req := record.Request{Load: record.Upsert, Keyed: true}
		_, rows, state, err := read(t, cfg, req)
		if err != nil || ids(rows) != "1 2" {
			t.Errorf("%s: read %q, %v", typ, ids(rows), err)
		}
		server.Exec(fmt.Sprintf(`INSERT INTO ct VALUES (3, '%s')`, values[2]))
		req.State = state
		if _, rows, _, err = read(t, cfg, req); err != nil || ids(rows) != "2 3" {
			t.Errorf("%s: then read %q, %v", typ, ids(rows), err)
		}
	}
}

// What is committed while rows are read is not half seen.
func testOneSnapshot(t *testing.T, server *pgtest.Server) {
	server.Exec(`CREATE TABLE s AS SELECT i AS id, 'old' AS v FROM generate_series(1, 20000) i`)
	ctx := context.Background()
	r, err := newSource(t, pgsource.Config{DSN: server.DSN, Table: "s"}).Plan(ctx, record.Request{Load: record.Snapshot})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	n := 0
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			server.Exec(`UPDATE s SET v = 'new'`, `INSERT INTO s VALUES (0, 'new')`)
		}
		for _, row := range b.Rows {
			n++
			if row.Values[1] != "old" {
				t.Fatalf("row %d is of a later transaction", row.Number)
			}
		}
	}
	if n != 20_000 {
		t.Errorf("%d rows", n)
	}
}

func testRefused(t *testing.T, server *pgtest.Server) {
	server.Exec(`CREATE TABLE r (id int, v text)`, `INSERT INTO r VALUES (1, '`+secret+`')`)
	wrong := strings.Replace(server.DSN, "/postgres", "/nowhere", 1)
	for name, c := range map[string]struct {
		cfg   pgsource.Config
		class fault.Class
		says  []string
	}{
		"no table":        {pgsource.Config{DSN: server.DSN, Table: "missing"}, fault.DatabaseError, []string{"missing", "42P01"}},
		"no column":       {pgsource.Config{DSN: server.DSN, Query: "SELECT nme FROM r"}, fault.DatabaseError, []string{"nme", "42703"}},
		"syntax":          {pgsource.Config{DSN: server.DSN, Query: "SELEKT 1"}, fault.DatabaseError, []string{"42601"}},
		"two statements":  {pgsource.Config{DSN: server.DSN, Query: "SELECT 1) AS x; DELETE FROM r; SELECT * FROM (SELECT 2"}, fault.DatabaseError, nil},
		"writing":         {pgsource.Config{DSN: server.DSN, Query: "WITH d AS (DELETE FROM r RETURNING *) SELECT * FROM d"}, fault.DatabaseError, nil},
		"a value":         {pgsource.Config{DSN: server.DSN, Query: "SELECT CAST(v AS int) AS id FROM r"}, fault.DatabaseError, []string{"22P02"}},
		"too slow":        {pgsource.Config{DSN: server.DSN, Query: "SELECT pg_sleep(60)", StatementTimeout: 50 * time.Millisecond}, fault.DatabaseError, []string{"statement timeout"}},
		"no database":     {pgsource.Config{DSN: wrong, Table: "r"}, fault.DatabaseError, []string{"no such database", "Secret"}},
		"a column twice":  {pgsource.Config{DSN: server.DSN, Query: "SELECT 1 AS a, 2 AS a"}, fault.InvalidManifest, []string{`"a"`}},
		"cursor":          {pgsource.Config{DSN: server.DSN, Table: "r", CursorColumn: "at"}, fault.DatabaseError, []string{`"at"`}},
		"required column": {pgsource.Config{DSN: server.DSN, Query: "SELECT 1 AS key_"}, fault.ColumnMissing, []string{`"key"`, "did you mean", "query"}},
	} {
		t.Run(name, func(t *testing.T) {
			req := record.Request{Load: record.Upsert, Keyed: true}
			if name == "required column" {
				req.Required = []record.Need{{Column: "key", Use: "key"}}
			}
			_, _, _, err := read(t, c.cfg, req)
			checkFault(t, err, c.class, c.says...)
		})
	}
	_, rows, _, err := read(t, pgsource.Config{DSN: server.DSN, Table: "r"}, record.Request{Load: record.Snapshot})
	if err != nil || len(rows) != 1 {
		t.Errorf("a refused query has changed the table: %d rows, %v", len(rows), err)
	}
	for _, cfg := range []pgsource.Config{{DSN: "postgres://kith:secret@127.0.0.1:notaport/x", Table: "r"}, {DSN: server.DSN}, {DSN: server.DSN, Table: "r", Query: "SELECT 1"}} {
		cfg.Name = "crm"
		_, err := pgsource.New(cfg)
		checkFault(t, err, fault.InvalidManifest)
	}
}

// testBreaksOff ends the server while rows are read; it comes last.
func testBreaksOff(t *testing.T, server *pgtest.Server) {
	ctx := context.Background()
	r, err := newSource(t, pgsource.Config{DSN: server.DSN, Query: "SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 1000000) i"}).Plan(ctx, record.Request{Load: record.Snapshot})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err = r.Next(ctx); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	for err == nil {
		_, err = r.Next(ctx)
	}
	checkFault(t, err, fault.DatabaseDown)
	_, _, _, err = read(t, pgsource.Config{DSN: server.DSN, Table: "r"}, record.Request{Load: record.Snapshot})
	checkFault(t, err, fault.DatabaseDown, "refused")
}

// A server that takes the connection and says nothing is given up; so is reading when the run is stopped.
func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dsn := fmt.Sprintf("postgres://kith:secret@%s/x?sslmode=disable", l.Addr())
	_, _, _, err = read(t, pgsource.Config{DSN: dsn, Table: "r", ConnectTimeout: 50 * time.Millisecond}, record.Request{Load: record.Snapshot})
	checkFault(t, err, fault.DatabaseDown, "in time")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = newSource(t, pgsource.Config{DSN: dsn, Table: "r"}).Plan(ctx, record.Request{Load: record.Snapshot})
	checkFault(t, err, fault.Cancelled)
}
