package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/manifest"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/test/kithtest"
	"github.com/kith-dev/kith/test/pgtest"
)

const shop = `
apiVersion: cdp.kith.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  lake: {volume: {claimName: lake}}
  currency: EUR
  purposes: [{name: analytics, lawfulBasis: LegitimateInterest, whenUnknown: Allow}]
  defaultPurpose: analytics
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: customers}
spec:
  connector:
    postgres: {dsnSecretRef: {name: shop-db, key: dsn}, table: customers, cursorColumn: updated_at}
  recordKind: Profile
  load: Upsert
  key: [id]
  timestamp: {column: updated_at}
  fields:
  - {column: id, semantic: identifier, name: customerId}
  - {column: mail, semantic: email}
  - {column: points, name: points, type: integer}
  purposes: [analytics]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: people}
spec:
  sources: [{name: customers}]
  deterministic: [{identifiers: [customerId]}]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Segment
metadata: {name: gold}
spec:
  identityRef: {name: people}
  where: profile.points >= 100
`

// database is a tenant whose customers are in a real PostgreSQL.
func database(t *testing.T) (server *pgtest.Server, manifests, secrets, lake string) {
	t.Helper()
	server = pgtest.Run(t)
	server.Exec(`CREATE TABLE customers (id int PRIMARY KEY, mail text, points int, updated_at timestamptz NOT NULL)`)
	server.Exec(`INSERT INTO customers SELECT i, 'p' || i || '@example.com', i, '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 minute' FROM generate_series(1, 150) i`)
	dir := t.TempDir()
	manifests, secrets, lake = filepath.Join(dir, "shop.yaml"), filepath.Join(dir, "secrets"), filepath.Join(dir, "lake")
	if err := os.MkdirAll(filepath.Join(secrets, "shop-db"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{manifests: shop, filepath.Join(secrets, "shop-db", "dsn"): server.DSN} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return server, manifests, secrets, lake
}

// TestPostgres reads a table by its cursor: what changed since is read, and the segment follows.
func TestPostgres(t *testing.T) {
	kith := kithtest.Build(t)
	server, manifests, secrets, lake := database(t)
	members := func() string {
		kithtest.Must(t, kith, "run", "-f", manifests, "--lake", lake, "--secrets", secrets, "--now", "2026-06-01T00:00:00Z")
		rows := kithtest.Query(t, kith, lake, "SELECT count(*) FROM people.segment_members WHERE segment = 'gold'")
		return rows[0][0]
	}
	if got := members(); got != "51" {
		t.Errorf("gold has %s members, the table has 51", got)
	}
	server.Exec(`UPDATE customers SET points = 500, updated_at = '2026-05-01T00:00:00Z' WHERE id <= 10`)
	server.Exec(`INSERT INTO customers VALUES (1000, 'new@example.com', 1000, '2026-05-02T00:00:00Z')`)
	if got := members(); got != "62" {
		t.Errorf("gold has %s members after the change, the table has 62", got)
	}
	rows := kithtest.Query(t, kith, lake, "SELECT count(*), count(DISTINCT _key) FROM source.customers")
	if strings.Join(rows[0], " ") != "151 151" {
		t.Errorf("rows and keys: %v, the table has 151", rows[0])
	}
}

// TestWorker carries out one plan as a pod does, and the same plan again.
func TestWorker(t *testing.T) {
	kith := kithtest.Build(t)
	_, manifests, secrets, lake := database(t)
	set, err := manifest.Load([]string{manifests}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := plan.Ingest(&set.Objects, &set.Objects.DataSources[0], plan.Revisions{}, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		kithtest.Must(t, kith, "worker", "--plan", file, "--lake", lake, "--secrets", secrets)
		rows := kithtest.Query(t, kith, lake, "SELECT run, (SELECT count(*) FROM source.customers) FROM kith.runs")
		if len(rows) != 1 || rows[0][0] != "customers-ingest-1" || rows[0][1] != "150" {
			t.Errorf("runs and rows: %v", rows)
		}
	}
	tmp, other := t.TempDir(), t.TempDir()
	for _, args := range [][]string{{"query", "--lake", lake, "SELECT 1"}, {"worker", "--plan", file, "--lake", filepath.Join(other, "first"), "--secrets", secrets}} {
		if r := kithtest.Command(t, kith, []string{"TMPDIR=" + tmp}, args...); r.Code != 0 {
			t.Fatalf("kith %v: exit %d, %s", args, r.Code, r.Err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "*", "*")); len(left) > 0 {
		t.Errorf("scratch files stay behind: %v", left)
	}
	if dirs, _ := filepath.Glob(filepath.Join(tmp, "*")); len(dirs) > 1 {
		t.Errorf("each command leaves a folder behind: %v", dirs)
	}
	r := kithtest.Command(t, kith, nil, "worker", "--plan", file, "--lake", filepath.Join(other, "second"))
	if r.Code != 10 || !strings.Contains(r.Err, "SecretMissing") {
		t.Errorf("without its secret: exit %d, %s", r.Code, r.Err)
	}
}
