package ingest_test

import (
	"context"
	"testing"

	"github.com/kith-dev/kith/internal/connectors/pgsource"
	"github.com/kith-dev/kith/internal/ingest"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
	"github.com/kith-dev/kith/test/pgtest"
)

// Rows of a real PostgreSQL, by a cursor, through every step to the lake.
func TestPostgresToLake(t *testing.T) {
	server := pgtest.Run(t)
	server.Exec(`CREATE TABLE people (id bigint PRIMARY KEY, mail text, spent numeric(12,4), changed timestamptz, state text)`,
		`INSERT INTO people VALUES (1, ' A@Example.org ', 1234567.8901, '2026-01-01 00:00+09', 'open'), (2, 'nobody', NULL, '2026-01-02 00:00+09', 'open'), (3, 'c@example.org', -1, '2026-01-02 00:00+09', 'open')`)
	w := newWorld(t)
	src, err := pgsource.New(pgsource.Config{Name: "crm", DSN: server.DSN, Table: "people", CursorColumn: "changed"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := record.Config{
		Name: "crm", Kind: record.Profile, Load: record.Upsert, Key: []string{"id"}, Timestamp: record.Timestamp{Column: "changed"}, Deleted: "row.state == 'closed'",
		Fields:   []record.Field{{Column: "mail", Semantic: "email"}, {Column: "spent", Name: "spent", Type: sqlgen.Decimal}},
		Contract: record.Contract{Rules: []record.Rule{{Name: "spent", Expression: "row.spent >= 0.0"}}, MaxQuarantinePercent: 50},
	}
	poll := func(want bool) {
		t.Helper()
		if changed, err := ingest.Poll(context.Background(), cfg, src, w.last); err != nil || changed != want {
			t.Errorf("changed is %v, %v", changed, err)
		}
	}
	poll(true)
	w.ok(cfg, src)
	w.expect("source", cols("_key", "email", "spent", "_time", "_invalid"), "1|a@example.org|1234567.8901|2025-12-31 15:00:00+00|-", `2|-|-|2026-01-01 15:00:00+00|{"email":"nobody"}`)
	w.expect("quarantine", cols("file", "row", "rule", "raw"), `table people|3|spent|{"id":3,"mail":"c@example.org","spent":-1.0000,"changed":"2026-01-01T15:00:00Z","state":"open"}`)
	poll(false)
	server.Exec(`UPDATE people SET state = 'closed', changed = '2026-01-03' WHERE id = 1`, `INSERT INTO people VALUES (4, 'd@example.org', 5, '2026-01-02 00:00+09', 'open')`)
	poll(true)
	w.ok(cfg, src)
	// The row with the cursor's last value came once more, and says nothing new.
	w.expect("source", cols("_key", "email", "_run"), "2|-|crm-ingest-1", "4|d@example.org|crm-ingest-2")
	// What is not kept is in the quarantine once.
	w.expect("quarantine", cols("rule", "_run"), "spent|crm-ingest-1")
	if o := w.output("rows"); o.Added != 1 || o.Removed != 1 {
		t.Errorf("%+v", o)
	}
	poll(false)
}
