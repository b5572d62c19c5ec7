// Package accuracy holds what `kith run` makes of public data against the truth: people found by what IdentityRule derives from the
// semantics alone.
package accuracy

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/linkage/quality"
	"github.com/kith-dev/kith/test/kithtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	kithtest.Cleanup()
	os.Exit(code)
}

// data is a public set of records: its files, what their columns mean, and the least quality that is to be reached.
type data struct {
	files  []string
	format string
	key    string
	fields string
	// person of a record, as an expression of the engine over the source's columns: a source of its own, which the rule does not read, has it.
	person string
	labels string // columns that person needs
	// truth is the person of a record of the only file, as an expression over `row`: labels by which the rule measures itself.
	truth  string
	pairs  float64
	bCubed float64
}

const febrlFields = `
  - {column: given_name, semantic: givenName}
  - {column: surname, semantic: surname}
  - {column: street_number, semantic: houseNumber}
  - {column: address_1, semantic: street}
  - {column: address_2, name: secondLine, type: string, compare: Text}
  - {column: suburb, semantic: city}
  - {column: postcode, semantic: postcode}
  - {column: state, semantic: region}
  - {column: date_of_birth, name: born, type: string, compare: Date}
  - {column: soc_sec_id, semantic: identifier, name: socialSecurity}`

var sets = map[string]data{
	"historical_50k": {
		files: []string{"historical_50k.parquet"}, format: "Parquet", key: "unique_id", pairs: 0.935, bCubed: 0.945,
		fields: `
  - {column: first_name, semantic: givenName}
  - {column: surname, semantic: surname}
  - {column: dob, name: born, type: string, compare: Date}
  - {column: birth_place, semantic: city}
  - {column: postcode_fake, semantic: postcode}
  - {column: gender, semantic: gender}
  - {column: occupation, name: occupation, type: string, compare: Text}`,
		labels: "\n  - {column: cluster, name: cluster, type: string}", person: "cluster", truth: "string(row.cluster)",
	},
	"febrl3": {
		files: []string{"febrl3.csv"}, format: "CSV", key: "rec_id", fields: febrlFields, pairs: 0.999, bCubed: 0.999,
		person: "split_part(_key, '-', 2)", truth: "row.rec_id.split('-')[1]",
	},
	"febrl4": {
		files: []string{"febrl4a.csv", "febrl4b.csv"}, format: "CSV", key: "rec_id", fields: febrlFields, pairs: 0.9999, bCubed: 0.9999,
		person: "split_part(_key, '-', 2)",
	},
	"fake_1000": {
		files: []string{"fake_1000.csv"}, format: "CSV", key: "unique_id", pairs: 0.94, bCubed: 0.95,
		fields: `
  - {column: first_name, semantic: givenName}
  - {column: surname, semantic: surname}
  - {column: dob, semantic: birthDate}
  - {column: city, semantic: city}
  - {column: email, semantic: email}`,
		labels: "\n  - {column: cluster, name: cluster, type: string}", person: "cluster", truth: "string(row.cluster)",
	},
}

const workspace = `apiVersion: cdp.kith.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  lake: {volume: {claimName: lake}}
  timeZone: UTC
  currency: GBP
  purposes: [{name: analytics, lawfulBasis: LegitimateInterest, whenUnknown: Allow}]
  defaultPurpose: analytics
`

// declarations of a set: each file is a source of the rule, and once more one that has the labels.
func (d data) declarations() string {
	var out, sources strings.Builder
	out.WriteString(workspace)
	for i, file := range d.files {
		for _, s := range []struct{ name, fields string }{{"part", d.fields}, {"labels", "\n  - {column: " + d.key + ", name: same, type: string}" + d.labels}} {
			fmt.Fprintf(&out, `---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: %s-%d}
spec:
  connector: {files: {volume: {claimName: data}, path: %s, format: %s}}
  recordKind: Profile
  load: Snapshot
  key: [%s]
  fields:%s
  contract: {onViolation: Warn}
  purposes: [analytics]
`, s.name, i, file, d.format, d.key, s.fields)
		}
		fmt.Fprintf(&sources, "{name: part-%d}, ", i)
	}
	fmt.Fprintf(&out, `---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: people}
spec:
  sources: [%s]
  probabilistic: {}
`, sources.String())
	if d.truth != "" {
		fmt.Fprintf(&out, `  quality: {labels: {sourceRef: {name: truth}}}
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: truth}
spec:
  connector: {files: {volume: {claimName: data}, path: %s, format: %s}}
  recordKind: Label
  load: Snapshot
  key: [%s]
  fields:
  - {expression: "'part-0'", semantic: recordSource}
  - {column: %s, semantic: recordKey}
  - {expression: "%s", semantic: personId}
  contract: {onViolation: Warn}
  purposes: [analytics]
`, d.files[0], d.format, d.key, d.key, d.truth)
	}
	return out.String()
}

// resolved is the set resolved by kith run: the program, the declarations and the lake.
func (d data) resolved(t *testing.T) (kith, file, lake string) {
	t.Helper()
	dir := t.TempDir()
	kith, file, lake = kithtest.Build(t), filepath.Join(dir, "people.yaml"), filepath.Join(dir, "lake")
	folder := filepath.Dir(kithtest.Shared(t, "identity/"+d.files[0]))
	if err := os.WriteFile(file, []byte(d.declarations()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log(kithtest.Must(t, kith, "run", "-f", file, "--lake", lake, "--volume", "data="+folder))
	return kith, file, lake
}

// run resolves the set and says how well.
func (d data) run(t *testing.T) (q quality.Quality, measured map[string]string) {
	kith, _, lake := d.resolved(t)
	var labels []string
	for i := range d.files {
		labels = append(labels, fmt.Sprintf(`SELECT 'part-%d' AS source, _key AS record_key, %s AS person FROM source."labels-%d"`, i, d.person, i))
	}
	rows := kithtest.Query(t, kith, lake, "SELECT profile_id, person FROM ("+strings.Join(labels, " UNION ALL ")+") LEFT JOIN people.members USING (source, record_key)")
	var clusters, people []string
	for _, r := range rows {
		if r[0] == "" {
			t.Fatal("a record is in no profile")
		}
		clusters, people = append(clusters, r[0]), append(people, r[1])
	}
	measured = map[string]string{}
	for _, r := range kithtest.Query(t, kith, lake, "SELECT figure, printf('%.6f', value) FROM people.quality WHERE detail IS NULL") {
		measured[r[0]] = r[1]
	}
	return quality.Of(clusters, people), measured
}

func TestPublicData(t *testing.T) {
	records := map[string]int{"historical_50k": 50_578, "febrl3": 5_000, "febrl4": 10_000, "fake_1000": 1_000}
	for name, d := range sets {
		t.Run(name, func(t *testing.T) {
			q, measured := d.run(t)
			t.Logf("%+v", q)
			if d.truth != "" {
				compare(t, q, measured)
			}
			if q.Records != records[name] {
				t.Errorf("%d records, not %d", q.Records, records[name])
			}
			if q.Pairs.F1 < d.pairs || q.BCubed.F1 < d.bCubed {
				t.Errorf("F1 is %.4f of pairs and %.4f by B-cubed, and was to be %.4f and %.4f", q.Pairs.F1, q.BCubed.F1, d.pairs, d.bCubed)
			}
		})
	}
}

// compare what a rule measured of itself by labels with what its relations and the truth give.
func compare(t *testing.T, q quality.Quality, measured map[string]string) {
	t.Helper()
	for name, want := range map[string]float64{
		"records": float64(q.Records), "labelledRecords": float64(q.Records), "labelsOfNoRecord": 0, "largestProfile": float64(q.Largest),
		"pairPrecision": q.Pairs.Precision, "pairRecall": q.Pairs.Recall, "pairF1": q.Pairs.F1,
		"bCubedPrecision": q.BCubed.Precision, "bCubedRecall": q.BCubed.Recall, "bCubedF1": q.BCubed.F1,
	} {
		if got, err := strconv.ParseFloat(measured[name], 64); err != nil || math.Abs(got-want) > 1e-6 {
			t.Errorf("%s is %q by the rule itself, want %v", name, measured[name], want)
		}
	}
}
