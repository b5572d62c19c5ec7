package identity

import (
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

const (
	benchPeople = `SELECT i::VARCHAR AS _key, TIMESTAMPTZ '2026-01-01' + to_minutes(i) AS _time,
	'card' || (hash(i) % 900000) AS loyaltyCard, 'user' || (hash(i + 7) % 700000) || '@example.com' AS email,
	CASE WHEN i % 5 > 0 THEN '+8210' || (20000000 + hash(i + 13) % 1500000) END AS phone,
	'given' || i % 1000 AS givenName, 'surname' || i % 3000 AS surname, 'street ' || i % 5000 AS street, 'city' || i % 100 AS city,
	'p' || i % 9000 AS postcode, 'KR' AS country, 'gold' AS tier
FROM range({n}) t(i)`
	benchEvents = `SELECT i::VARCHAR AS _key, TIMESTAMPTZ '2026-01-01' + to_seconds(i) AS _time,
	'visitor-' || (hash(i) % 1500000) AS anonymousId,
	CASE WHEN i % 3 = 0 THEN 'user' || (hash(hash(i) % 1500000) % 800000) || '@example.com' END AS email
FROM range({n}) t(i)`
)

// BenchmarkRun resolves a million records with three identifiers each and five million events, then the same again onto the first result.
func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		w := newWorld(b)
		people := append(text("@loyaltyCard", "@email", "@phone"), text("givenName", "surname", "street", "city", "postcode", "country", "tier")...)
		w.generate("crm", Profile, people, benchPeople, 1_000_000)
		w.generate("web", Event, text("@anonymousId", "@email"), benchEvents, 5_000_000)
		w.cfg.Deterministic = [][]string{{"loyaltyCard"}, {"email", "surname"}, {"phone"}}
		w.cfg.Guards = Guards{Separate: []string{"loyaltyCard"}, Limits: []Limit{{Identifier: "email", PerProfile: 5}}}
		w.cfg.Survivorship = []Survivorship{{Attributes: []string{"street", "city", "postcode"}, Strategy: MostRecent}}
		for _, name := range []string{"first", "again"} {
			began := time.Now()
			rev := w.run()
			b.ReportMetric(time.Since(began).Seconds(), name+"-s")
			b.Log(rev.Outputs)
		}
	}
}

func (w *world) generate(name string, kind RecordKind, fields []Field, q string, n int) {
	w.t.Helper()
	cols := []lake.Column{{Name: "_key", Type: sqlgen.String}, {Name: "_time", Type: sqlgen.Timestamp}}
	for _, f := range fields {
		cols = append(cols, lake.Column{Name: f.Name, Type: f.Type})
	}
	w.load(name, kind, 1, fields, cols, sqlgen.Format(q, sqlgen.Args{"n": n}))
}
