package identity

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	generated "github.com/kith-dev/kith/hack/datagen/people"
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

// BenchmarkIncrement resolves a million generated records by an email rule and by probability, and then again after one in a hundred has another phone. What
// an increment takes of a run over everything is reported as increment/all.
func BenchmarkIncrement(b *testing.B) {
	const records = 1_000_000
	dir := b.TempDir()
	if _, err := generated.Generate(generated.Options{Out: dir, Country: "us", Records: records, Seed: 1}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w := newWorld(b)
		w.differences = true
		w.cfg.Deterministic = [][]string{{"email"}}
		w.cfg.Probabilistic = &Matching{}
		w.cfg.Guards = Guards{MaxRecords: 50}
		var took []float64
		for _, phone := range []string{"phone", "CASE WHEN md5_number_lower(record_id) % 100 = 8 THEN '+4930' || (md5_number_upper(record_id) % 10000000) ELSE phone END"} {
			w.loadPeople(dir, "true", phone)
			began := time.Now()
			rev := w.run()
			took = append(took, time.Since(began).Seconds())
			b.Logf("%.1f s, %d of %d records looked at", took[len(took)-1], rowsOf(rev.Outputs, "resolved"), rowsOf(rev.Outputs, "records"))
		}
		b.ReportMetric(took[0], "all-s")
		b.ReportMetric(took[1]/took[0], "increment/all")
	}
}

// loadPeople replaces the source crm by generated people of a folder: those for which a condition holds, with another expression for their phone.
func (w *world) loadPeople(dir, kept, phone string) {
	w.t.Helper()
	csv := must[[]byte](w.t)(os.ReadFile(filepath.Join(dir, "people.csv")))
	file := filepath.Join(w.lake.Dir(), "people.csv") // which the engine may read
	if err := os.WriteFile(file, csv, 0o600); err != nil {
		w.t.Fatal(err)
	}
	fields := meaning(text("givenName", "middleName", "surname", "birthDate", "gender", "@email", "@phone", "street", "houseNumber", "postcode", "city", "region"))
	cols := []lake.Column{{Name: "_key", Type: sqlgen.String}, {Name: "_time", Type: sqlgen.Timestamp}}
	for _, f := range fields {
		cols = append(cols, lake.Column{Name: f.Name, Type: f.Type})
	}
	w.load("crm", Profile, 1, fields, cols, sqlgen.Format(`SELECT record_id AS _key, NULL::TIMESTAMPTZ AS _time, given_name AS givenName, middle_name AS middleName, surname,
		birth_date AS birthDate, gender, email, {phone} AS phone, street, house_number AS houseNumber, postcode, city, region
		FROM (SELECT *, md5_number_lower(record_id) % 100 AS h FROM read_csv({file}, all_varchar = true)) WHERE {kept}`,
		sqlgen.Args{"phone": sqlgen.Query(phone), "kept": sqlgen.Query(kept), "file": file}))
}

func (w *world) generate(name string, kind RecordKind, fields []Field, q string, n int) {
	w.t.Helper()
	cols := []lake.Column{{Name: "_key", Type: sqlgen.String}, {Name: "_time", Type: sqlgen.Timestamp}}
	for _, f := range fields {
		cols = append(cols, lake.Column{Name: f.Name, Type: f.Type})
	}
	w.load(name, kind, 1, fields, cols, sqlgen.Format(q, sqlgen.Args{"n": n}))
}
