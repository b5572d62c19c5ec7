package ingest_test

import (
	"context"
	"testing"

	"github.com/kith-dev/kith/internal/ingest"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func (w *world) retract() *lake.Revision {
	w.t.Helper()
	w.serial++
	rev, err := ingest.Retract(context.Background(), ingest.Env{Lake: w.lake, DB: w.db, Plan: w.plan()}, "crm")
	if err != nil {
		w.t.Fatal(err)
	}
	if rev != nil {
		w.last = rev
	}
	return rev
}

// TestRetract empties the tables of every kind of load; a DataSource of the name begins anew, although its files are as they were.
func TestRetract(t *testing.T) {
	for _, load := range []record.Load{record.Snapshot, record.Upsert, record.Append} {
		w := newWorld(t)
		if w.retract() != nil {
			t.Errorf("%s: there was nothing to take back", load)
		}
		cfg := record.Config{
			Name: "crm", Kind: record.Event, Load: load, Key: []string{"id"}, TimeZone: "UTC", Timestamp: record.Timestamp{Column: "at", Format: "%Y-%m-%d"},
			Fields:   []record.Field{{Column: "n", Name: "n", Type: sqlgen.Integer}},
			Contract: record.Contract{MaxQuarantinePercent: 100},
		}
		w.write("in.csv", "id,at,n,extra", "1,2026-01-01,5,x", "2,2026-01-02,6,y", "3,never,7,z")
		w.ok(cfg, w.files("*.csv"))
		w.expect("source", cols("_key", "n", "extra"), "1|5|x", "2|6|y")
		w.expect("quarantine", cols("row", "rule"), "4|timestamp")

		if rev := w.retract(); rev == nil || w.output("rows").Rows != 0 || w.output("rows").Removed != 2 {
			t.Errorf("%s: %+v", load, rev)
		}
		w.expect("source", cols("_key", "n", "extra"))
		w.expect("quarantine", cols("row", "rule"))
		if w.retract() != nil {
			t.Errorf("%s: it was taken back once more", load)
		}

		changed, err := ingest.Poll(context.Background(), cfg, w.files("*.csv"), w.last)
		if err != nil || !changed {
			t.Errorf("%s: nobody would read it again: %v", load, err)
		}
		w.ok(cfg, w.files("*.csv"))
		w.expect("source", cols("_key", "n", "extra"), "1|5|x", "2|6|y")
		w.expect("quarantine", cols("row", "rule"), "4|timestamp")
		if got := w.output("rows"); got.Added != 2 || got.Removed != 0 {
			t.Errorf("%s: declared again: %+v", load, got)
		}
	}
}

// TestRetractTwice is a worker that was killed after its commit.
func TestRetractTwice(t *testing.T) {
	w := newWorld(t)
	w.write("in.csv", "id", "1")
	cfg := record.Config{Name: "crm", Kind: record.Profile, Load: record.Upsert, Key: []string{"id"}, Fields: []record.Field{{Column: "id", Name: "id", Type: sqlgen.String}}}
	w.ok(cfg, w.files("in.csv"))
	w.serial++
	env := ingest.Env{Lake: w.lake, DB: w.db, Plan: w.plan()}
	for range 2 {
		rev, err := ingest.Retract(context.Background(), env, "crm")
		if err != nil || rev == nil || rev.Run != env.Plan.Run {
			t.Errorf("%+v, %v", rev, err)
		}
	}
}
