package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kith-dev/kith/test/kithtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	kithtest.Cleanup()
	os.Exit(code)
}

// smallTenant is one of everything, with the names that the pages use.
const smallTenant = `
apiVersion: cdp.kith.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  lake: {volume: {claimName: lake}}
  currency: EUR
  purposes:
  - {name: analytics, lawfulBasis: LegitimateInterest, whenUnknown: Allow}
  - {name: marketing-email, lawfulBasis: Consent}
  defaultPurpose: analytics
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: crm}
spec:
  connector: {files: {volume: {claimName: data}, path: crm.csv, format: CSV}}
  recordKind: Profile
  load: Upsert
  key: [id]
  fields:
  - {column: id, semantic: identifier, name: customerId}
  - {column: email, semantic: email}
  purposes: [analytics, marketing-email]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: orders}
spec:
  connector: {files: {volume: {claimName: data}, path: orders.csv, format: CSV}}
  recordKind: Transaction
  load: Append
  timestamp: {column: at}
  fields:
  - {column: email, semantic: email}
  - {column: amount, semantic: amount}
  purposes: [analytics, marketing-email]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: consents}
spec:
  connector: {files: {volume: {claimName: data}, path: consents.csv, format: CSV}}
  recordKind: Consent
  load: Append
  timestamp: {column: at}
  fields:
  - {column: email, semantic: email}
  - {column: purpose, semantic: purpose}
  - {column: status, semantic: consentStatus}
  purposes: [analytics]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: customers}
spec:
  sources: [{name: crm}, {name: orders}, {name: consents}]
  deterministic: [{identifiers: [email]}]
  probabilistic: {}
  canary: {percent: 100, deterministic: [{identifiers: [customerId]}], probabilistic: {}}
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Trait
metadata: {name: profit365}
spec: {identityRef: {name: customers}, attribute: profit365, expression: "transactions.sum(t, t.amount)"}
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Segment
metadata: {name: early-access}
spec: {identityRef: {name: customers}, where: profile.profit365 > 5}
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Destination
metadata: {name: file}
spec:
  connector: {files: {volume: {claimName: data}, path: out/people.csv, format: CSV}}
  purposes: [marketing-email]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Activation
metadata: {name: early-access-email}
spec:
  audience: {include: [{name: early-access}]}
  purpose: marketing-email
  destinationRef: {name: file}
  fields: [{value: profile.email, as: email, key: true}]
`

var smallData = map[string]string{
	"crm.csv":      "id,email,shoe size\n1,ada@example.org,38\n2,ADA@example.org,\n3,grace@example.org,40\n",
	"orders.csv":   "email,amount,at\nada@example.org,7.50,2026-05-01\ngrace@example.org,2,2026-05-02\nnew@example.org,9,2026-05-03\n",
	"consents.csv": "email,purpose,status,at\nada@example.org,marketing-email,yes,2026-05-01\n",
}

// smallLake runs the small tenant and gives the program and the lake.
func smallLake(t *testing.T) (kith, lake string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range smallData {
		write(t, filepath.Join(dir, "data", name), text)
	}
	write(t, filepath.Join(dir, "tenant.yaml"), smallTenant)
	kith, lake = kithtest.Build(t), filepath.Join(dir, "lake")
	kithtest.Must(t, kith, "run", "-f", filepath.Join(dir, "tenant.yaml"), "--lake", lake, "--volume", "data="+filepath.Join(dir, "data"), "--now", "2026-06-01T00:00:00Z")
	return kith, lake
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var duckTypes = map[string]string{
	"string": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN", "double": "DOUBLE", "timestamp": "TIMESTAMP WITH TIME ZONE",
}

// relations are the documented ones of the small tenant with their documented columns and types; whether there can be more columns
// stands beside them.
func relations(t *testing.T) (columns map[string][]string, open map[string]bool) {
	t.Helper()
	columns, open = map[string][]string{}, map[string]bool{}
	names := strings.NewReplacer("<datasource>", "crm", "<activation>", "early-access-email", "<rule>", "customers")
	text := section(t, read(t, "lake.md"), "## Relations")
	for line := range strings.Lines(text) {
		heading, ok := strings.CutPrefix(strings.TrimSpace(line), "### ")
		if !ok {
			continue
		}
		relation := names.Replace(strings.Trim(heading, "`"))
		if strings.HasSuffix(relation, "*") {
			continue // see checkTrial
		}
		for _, r := range rows(section(t, text, "### "+heading)) {
			if strings.HasPrefix(r[0], "*") {
				open[relation] = true
				continue
			}
			columns[relation] = append(columns[relation], strings.Trim(r[0], "`")+" "+duckTypes[r[1]])
		}
	}
	return columns, open
}

// checkTrial takes the relations of a rule on trial out, which have the columns of those that they are named after.
func checkTrial(t *testing.T, there map[string][]string) {
	t.Helper()
	const prefix = "customers.canary_"
	named := map[string]bool{}
	for _, r := range rows(section(t, read(t, "lake.md"), "### `<rule>.canary_*`")) {
		for _, name := range code(r[0]) {
			named["customers."+name] = true
		}
	}
	for relation, got := range there {
		after, ok := strings.CutPrefix(relation, prefix)
		if !ok || after == "quality" {
			continue
		}
		if want := there["customers."+after]; strings.Join(got, ", ") != strings.Join(want, ", ") || !named[relation] {
			t.Errorf("%s, documented: %v, has %v; what it is named after has %v", relation, named[relation], got, want)
		}
		delete(there, relation)
		delete(named, relation)
	}
	for relation := range named {
		t.Errorf("%s is documented and not there", relation)
	}
}

func TestLakeIsAsDocumented(t *testing.T) {
	kith, lake := smallLake(t)
	documented, open := relations(t)
	there := map[string][]string{}
	for _, r := range kithtest.Query(t, kith, lake, `SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
		WHERE table_schema <> 'main' ORDER BY table_schema, table_name, ordinal_position`) {
		relation := r[0] + "." + r[1]
		there[relation] = append(there[relation], r[2]+" "+r[3])
	}
	checkTrial(t, there)
	for relation, want := range documented {
		got := there[relation]
		if len(got) > len(want) && open[relation] {
			got = got[:len(want)]
		}
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%s:\n is         %s\n documented %s", relation, strings.Join(got, ", "), strings.Join(want, ", "))
		}
	}
	for relation := range there {
		if _, ok := documented[relation]; !ok && !strings.HasPrefix(relation, "source.") && !strings.HasPrefix(relation, "quarantine.") {
			t.Errorf("%s is not documented", relation)
		}
	}
	t.Run("queries", func(t *testing.T) { checkQueries(t, kith, lake) })
}

var (
	shownQuery   = regexp.MustCompile(`^(?:bin/)?kith query --lake \S+ (?:-o \S+ )?(".*"|'.*')$`)
	dependsOnOwn = regexp.MustCompile(`people\.|quarantine\.shop`) // relations of an example, not of the small tenant
)

// checkQueries runs every query that a page shows.
func checkQueries(t *testing.T, kith, lake string) {
	ran := map[string]bool{}
	for _, page := range pages(t) {
		for line := range strings.Lines(read(t, page)) {
			m := shownQuery.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil || dependsOnOwn.MatchString(m[1]) {
				continue
			}
			sql := strings.ReplaceAll(m[1][1:len(m[1])-1], `\"`, `"`)
			if ran[sql] {
				continue
			}
			ran[sql] = true
			if r := kithtest.Command(t, kith, nil, "query", "--lake", lake, sql); r.Code != 0 {
				t.Errorf("%s: %s: %s", page, sql, r.Err)
			}
		}
	}
	if len(ran) < 20 {
		t.Errorf("only %d queries were found in the pages: are they written in another way?", len(ran))
	}
}
