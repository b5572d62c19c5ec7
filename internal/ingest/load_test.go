package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// small is a declaration with a key, a time and a value.
func small(load record.Load) record.Config {
	return record.Config{
		Name: "crm", Kind: record.Profile, Load: load, Key: []string{"id"}, Timestamp: record.Timestamp{Column: "at"},
		Fields: []record.Field{{Column: "v", Name: "v", Type: sqlgen.String}}, Contract: record.Contract{MaxQuarantinePercent: 100},
	}
}

func TestSnapshotIsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	cfg := small(record.Snapshot)
	w.write("a.csv", "id,at,v", "1,2026-01-01,one", "2,2026-01-01,two", "2,2026-01-03,newer", "2,2026-01-02,older")
	w.write("b.csv", "id,at,v", "3,2026-01-01,three")
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key", "v"), "1|one", "2|newer", "3|three")
	if o := w.output("duplicates"); o.Rows != 2 {
		t.Errorf("duplicates: %+v", o)
	}
	w.remove("b.csv")
	w.write("a.csv", "id,at,v", "2,2026-01-01,two", "4,2026-01-01,four")
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key", "v", "_run"), "2|two|crm-ingest-2", "4|four|crm-ingest-2")
	if o := w.output("rows"); o.Rows != 2 || o.Added != 1 || o.Removed != 2 {
		t.Errorf("rows: %+v", o)
	}
	// Nothing has changed: a revision, and the tables as they are.
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key", "_run"), "2|crm-ingest-2", "4|crm-ingest-2")
	if o := w.output("rows"); o.Rows != 2 || o.Added != 0 || w.output("read").Rows != 0 {
		t.Errorf("rows: %+v", o)
	}
	// A file without rows is a source without rows.
	w.write("a.csv", "id,at,v")
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key"))
	if o := w.output("rows"); o.Rows != 0 || o.Removed != 2 {
		t.Errorf("rows: %+v", o)
	}
}

// Without a key a record keeps its identity while its content stays, wherever it stands.
func TestSnapshotWithoutKey(t *testing.T) {
	w := newWorld(t)
	cfg := small(record.Snapshot)
	cfg.Key = nil
	w.write("a.csv", "id,at,v", "1,2026-01-01,x", "2,2026-01-01,y", "1,2026-01-01,x")
	w.ok(cfg, w.files("a.csv"))
	before := w.table("source", "_key", "v")
	w.write("a.csv", "v,id,at", "new,7,2026-01-01", "y,2,2026-01-01", "x,1,2026-01-01", "x,1,2026-01-01")
	w.ok(cfg, w.files("a.csv"))
	after := strings.Join(w.table("source", "_key", "v"), " ")
	for _, line := range before {
		if !strings.Contains(after, line) {
			t.Errorf("record %q is not among %q", line, after)
		}
	}
	if o := w.output("rows"); len(before) != 3 || o.Rows != 4 || o.Added != 1 || o.Removed != 0 {
		t.Errorf("rows: %+v", o)
	}
}

func TestUpsertKeepsTheLatest(t *testing.T) {
	w := newWorld(t)
	cfg := small(record.Upsert)
	cfg.Deleted = "row.v == 'gone'"
	w.write("a.csv", "id,at,v", "1,2026-01-05,one", "2,2026-01-05,two", "3,2026-01-05,three", "4,,four", "5,2026-01-01,gone")
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key", "v"), "1|one", "2|two", "3|three", "4|four")
	// Older by its time loses, later wins, the same time goes to what was read later, a deletion takes out.
	w.write("b.csv", "id,at,v", "1,2026-01-04,old", "2,2026-01-06,new", "3,2026-01-05,again", "4,2026-01-01,timed", "6,2026-01-01,six", "6,2026-01-02,gone", "7,2026-01-02,gone", "7,2026-01-03,back")
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key", "v", "_run"), "1|one|crm-ingest-1", "2|new|crm-ingest-2", "3|again|crm-ingest-2", "4|timed|crm-ingest-2", "7|back|crm-ingest-2")
	if o := w.output("rows"); o.Rows != 5 || o.Added != 1 || o.Removed != 0 || w.output("deleted").Rows != 2 || w.output("duplicates").Rows != 3 {
		t.Errorf("rows: %+v, %+v", o, w.last.Outputs)
	}
	w.write("c.csv", "id,at,v", "2,2026-01-07,gone")
	w.remove("a.csv")
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key", "v"), "1|one", "3|again", "4|timed", "7|back")
	if o := w.output("rows"); o.Added != 0 || o.Removed != 1 {
		t.Errorf("rows: %+v", o)
	}
}

func TestAppendAddsEachRowOnce(t *testing.T) {
	for _, keyed := range []bool{true, false} {
		t.Run(fmt.Sprint("keyed ", keyed), func(t *testing.T) {
			w := newWorld(t)
			cfg := small(record.Append)
			if !keyed {
				cfg.Key = nil
			}
			w.write("a.csv", "id,at,v", "1,2026-01-01,a", "2,2026-01-01,b")
			w.ok(cfg, w.files("**"))
			w.write("b.csv", "id,at,v", "3,2026-01-01,c", "2,2026-01-02,d", "3,2026-01-02,e")
			w.ok(cfg, w.files("**"))
			want := []string{"1|a", "2|b", "2|d", "3|c", "3|e"}
			if keyed {
				want = []string{"1|a", "2|b", "3|c"}
			}
			w.expect("source", cols("id", "v"), want...)
			// A file that moved, or comes a second time, is the same file.
			if err := os.MkdirAll(filepath.Join(w.volume, "done"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(w.volume, "a.csv"), filepath.Join(w.volume, "done", "a.csv")); err != nil {
				t.Fatal(err)
			}
			w.write("copy.csv", "id,at,v", "3,2026-01-01,c", "2,2026-01-02,d", "3,2026-01-02,e")
			res := w.ok(cfg, w.files("**"))
			w.expect("source", cols("id", "v"), want...)
			if res.Counts.Written != 0 || res.Counts.Duplicates != 5 {
				t.Errorf("%+v", res.Counts)
			}
			w.write("b.csv", "id,at,v", "9,2026-01-01,"+secret)
			w.fails(cfg, w.files("**"), fault.FileChanged, "b.csv", "crm")
			w.expect("source", cols("id", "v"), want...)
		})
	}
}

// Loading in any number of steps gives what loading at once gives, and the order of rows does not matter where times differ.
func TestIncrementsGiveWhatOneRunGives(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		var rows []string
		for i := range 200 {
			rows = append(rows, fmt.Sprintf("%d,%s,v%d", r.IntN(60), fmt.Sprintf("2026-01-%02dT%02d:%02d:00Z", 1+i%28, i%24, i%60), i))
		}
		once := newWorld(t)
		once.write("all.csv", append([]string{"id,at,v"}, rows...)...)
		once.ok(small(record.Upsert), once.files("*.csv"))
		want := once.table("source", "_key", "v", "_time")
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		steps := newWorld(t)
		for n := 0; len(rows) > 0; n++ {
			k := min(len(rows), 1+r.IntN(90))
			steps.write(fmt.Sprintf("f%d.csv", r.IntN(1000)*1000+n), append([]string{"id,at,v"}, rows[:k]...)...)
			rows = rows[k:]
			steps.ok(small(record.Upsert), steps.files("*.csv"))
		}
		steps.expect("source", cols("_key", "v", "_time"), want...)
	}
}

// A changed declaration reads everything again; what is not there any more is carried over in its new form.
func TestChangedDeclaration(t *testing.T) {
	for _, load := range []record.Load{record.Append, record.Upsert} {
		t.Run(string(load), func(t *testing.T) {
			w := newWorld(t)
			cfg := small(load)
			w.write("a.csv", "id,at,v,mail", "1,2026-01-01,10,A@Example.org")
			w.write("b.csv", "id,at,v,extra", "2,2026-01-01,20,kept")
			cfg.Fields[0].Column = "v"
			w.ok(cfg, w.files("*.csv"))
			w.remove("b.csv")
			cfg.Fields[0].Type = sqlgen.Integer
			cfg.Fields = append(cfg.Fields, record.Field{Column: "mail", Semantic: "email"})
			if changed, err := ingest.Poll(context.Background(), cfg, w.files("*.csv"), w.last); err != nil || !changed {
				t.Errorf("changed is %v, %v", changed, err)
			}
			w.ok(cfg, w.files("*.csv"))
			w.expect("source", cols("_key", "v", "email", "extra", "_run"), "1|10|a@example.org|-|crm-ingest-2", "2|20|-|kept|crm-ingest-1")
			if o := w.output("rows"); o.Rows != 2 || o.Added != 0 || o.Removed != 0 {
				t.Errorf("rows: %+v", o)
			}
			columns, err := w.lake.Columns(context.Background(), w.last, lake.Table{Schema: "source", Name: "crm"})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range columns {
				if c.Name == "v" && c.Type != sqlgen.Integer {
					t.Errorf("v is %s", c.Type)
				}
			}
			// Another key makes other records: nothing can be carried over.
			cfg.Key = []string{"id", "v"}
			w.ok(cfg, w.files("*.csv"))
			w.expect("source", cols("_key", "v"), "1|10|10")
		})
	}
}

func TestPoll(t *testing.T) {
	w := newWorld(t)
	cfg := small(record.Upsert)
	w.write("a.csv", "id,at,v", "1,2026-01-01,a")
	poll := func(want bool) {
		t.Helper()
		if changed, err := ingest.Poll(context.Background(), cfg, w.files("*.csv"), w.last); err != nil || changed != want {
			t.Errorf("changed is %v, %v", changed, err)
		}
	}
	poll(true)
	w.ok(cfg, w.files("*.csv"))
	poll(false)
	w.write("b.csv", "id,at,v", "2,2026-01-01,a")
	poll(true)
	w.ok(cfg, w.files("*.csv"))
	poll(false)
	cfg.Contract.MaxQuarantinePercent = 7
	poll(false)
	cfg.Contract.Rules = []record.Rule{{Name: "r", Expression: "true"}}
	poll(true)
	cfg.Contract.Rules[0].Expression = "tru"
	if _, err := ingest.Poll(context.Background(), cfg, w.files("*.csv"), w.last); !fault.Is(err, fault.InvalidExpression) {
		t.Error(err)
	}
}

// A worker that was killed after its commit finds its work done; another plan on the same base is too late.
func TestRunIsCommittedOnce(t *testing.T) {
	w := newWorld(t)
	cfg := small(record.Append)
	w.write("a.csv", "id,at,v", "1,2026-01-01,a")
	w.ok(cfg, w.files("*.csv"))
	w.write("b.csv", "id,at,v", "2,2026-01-01,b")
	plan := w.plan()
	plan.Base = ""
	res, err := ingest.Run(context.Background(), ingest.Env{Lake: w.lake, DB: w.db, Plan: plan}, cfg, w.files("*.csv"))
	if err != nil || res.Revision.Run != w.last.Run || res.Counts.Read != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	plan.Run = "crm-ingest-77"
	_, err = ingest.Run(context.Background(), ingest.Env{Lake: w.lake, DB: w.db, Plan: plan}, cfg, w.files("*.csv"))
	checkFault(t, err, fault.Superseded)
	w.expect("source", cols("_key"), "1")
}

func TestStoppedRun(t *testing.T) {
	w := newWorld(t)
	w.write("a.csv", "id,at,v", "1,2026-01-01,a")
	ctx, cancel := context.WithCancel(context.Background())
	w.serial++
	env := ingest.Env{Lake: w.lake, DB: w.db, Plan: w.plan(), Progress: func(done, total int64, unit string) {
		if done <= 0 || done > total || unit != "bytes" {
			t.Errorf("progress is %d of %d %s", done, total, unit)
		}
		cancel()
	}}
	_, err := ingest.Run(ctx, env, small(record.Append), w.files("*.csv"))
	checkFault(t, err, fault.Cancelled)
	if latest, err := w.lake.Latest(context.Background(), "Ingest", "DataSource", "crm"); err != nil || latest != nil {
		t.Errorf("%v, %v", latest, err)
	}
	w.ok(small(record.Append), w.files("*.csv"))
	w.expect("source", cols("_key"), "1")
}
