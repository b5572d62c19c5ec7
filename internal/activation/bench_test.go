package activation_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// people is how many a benchmark syncs.
const people = 100_000

// takesAll is a receiver without a network.
type takesAll struct{}

func (takesAll) Name() string { return "nowhere" }

func (takesAll) Send(context.Context, activation.Batch) (activation.Answer, error) {
	return activation.Answer{}, nil
}

// populate fills a world from SQL: all in one segment, nine of ten with consent.
func populate(w *world, n int) {
	w.settle()
	p := lake.Plan{Run: "bulk", Task: "Resolve", Kind: "IdentityRule", Subject: "people", PlanHash: "h", Serial: 99, Now: noon, Base: w.rev["Resolve"].Run}
	tx, err := w.lake.Begin(w.ctx, w.db, p)
	w.must(err)
	put := func(tx *lake.Tx, name string, cols []lake.Column, q string) {
		_, err := tx.Replace(w.ctx, lake.Table{Schema: "people", Name: name}, cols, sqlgen.Format(q, sqlgen.Args{"n": n, "now": noon}))
		w.must(err)
	}
	put(tx, "profiles", columns("class", str, "profile_id", str, "known", sqlgen.Boolean, "email", str, "givenName", str),
		`SELECT 'c' AS "class", md5(i::VARCHAR) AS profile_id, true AS known, 'person' || i || '@example.com' AS email, 'Name ' || i AS "givenName" FROM range({n}) t(i)`)
	put(tx, "consent", columns("profile_id", str, "identifier", str, "value", str, "purpose", str, "status", str, "time", ts, "source", str),
		`SELECT md5(i::VARCHAR) AS profile_id, 'email' AS identifier, 'v' || i AS "value", 'marketing' AS purpose, CASE WHEN i % 10 = 0 THEN 'Withdrawn' ELSE 'Granted' END AS status, {now} AS "time", 's' AS source FROM range({n}) t(i)`)
	put(tx, "lineage", columns("run", str, "at", ts, "event", str, "from_id", str, "to_id", str),
		`SELECT 'r' AS run, {now} AS "at", 'new' AS event, md5(i::VARCHAR) AS from_id, NULL AS to_id FROM range({n}) t(i)`)
	w.rev["Resolve"], err = tx.Commit(w.ctx, nil, "")
	w.must(err)
	p.Run, p.Task, p.Base = "bulk2", "Evaluate", w.rev["Evaluate"].Run
	tx, err = w.lake.Begin(w.ctx, w.db, p)
	w.must(err)
	put(tx, "segment_members", columns("segment", str, "purpose", str, "profile_id", str, "entered_at", ts, "rank", num),
		`SELECT 'vip' AS segment, 'marketing' AS purpose, md5(i::VARCHAR) AS profile_id, {now} AS entered_at, i AS rank FROM range({n}) t(i)`)
	w.must(tx.Keep(lake.Table{Schema: "people", Name: "traits"}))
	w.rev["Evaluate"], err = tx.Commit(w.ctx, w.rev["Evaluate"].Outputs, "")
	w.must(err)
}

// BenchmarkSync is a first run, which sends everybody, and one that has nothing to do.
func BenchmarkSync(b *testing.B) {
	for range b.N {
		w := newWorld(b)
		populate(w, people)
		start := time.Now()
		c := w.config(activation.Mirror)
		c.Delivery.BatchSize = 500
		res, err := activation.Run(w.ctx, w.env(), c, takesAll{})
		w.must(err)
		b.ReportMetric(time.Since(start).Seconds(), "s/first")
		start = time.Now()
		again := w.run(activation.Mirror, takesAll{})
		b.ReportMetric(time.Since(start).Seconds(), "s/again")
		if res.Sent != people*9/10 || again.Unchanged != res.Sent {
			b.Fatalf("%+v %+v", res, again)
		}
	}
}

// BenchmarkFlush and BenchmarkCommit compare the two ways to make a batch of 500 durable before it is sent.
func BenchmarkFlush(b *testing.B) {
	line, err := json.Marshal(make([]string, 20_000)) // about what 500 people are in a journal
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for b.Loop() {
		if _, err := f.Write(line); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit is the other way: a commit of the lake.
func BenchmarkCommit(b *testing.B) {
	w := newWorld(b)
	w.settle()
	w.must(w.db.Exec(w.ctx, "CREATE TABLE batch AS SELECT i AS position, md5(i::VARCHAR) AS key, repeat('x', 60) AS payload FROM range(500) t(i)"))
	cols := columns("position", num, "key", str, "payload", str)
	base := ""
	for i := int64(1); b.Loop(); i++ {
		p := lake.Plan{Run: "j-sync-" + time.Duration(i).String(), Task: "Sync", Kind: "Activation", Subject: "j", PlanHash: "h", Serial: i, Now: noon, Base: base}
		tx, err := w.lake.Begin(w.ctx, w.db, p)
		w.must(err)
		_, err = tx.Append(w.ctx, lake.Table{Schema: "activation", Name: "j"}, cols, "SELECT * FROM batch")
		w.must(err)
		_, err = tx.Commit(w.ctx, nil, "")
		w.must(err)
		base = p.Run
	}
}
