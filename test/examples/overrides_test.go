package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-dev/kith/test/kithtest"
)

const stewarded = `
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
metadata: {name: crm}
spec:
  connector: {files: {volume: {claimName: data}, path: crm.csv, format: CSV}}
  recordKind: Profile
  load: Snapshot
  key: [id]
  fields:
  - {column: email, semantic: email}
  - {column: card, semantic: identifier, name: loyaltyCard}
  purposes: [analytics]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: stewardship}
spec:
  connector: {files: {volume: {claimName: data}, path: stewardship.csv, format: CSV}}
  recordKind: Override
  load: Snapshot
  key: [source_a, key_a, source_b, key_b]
  timestamp: {column: decided_at}
  fields:
  - {column: decision, semantic: decision}
  - {column: source_a, semantic: firstSource}
  - {column: key_a, semantic: firstKey}
  - {column: source_b, semantic: secondSource}
  - {column: key_b, semantic: secondKey}
  - {column: reason, semantic: reason}
  - {column: steward, semantic: steward}
  contract: {maxQuarantinePercent: 50}
  purposes: [analytics]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: customers}
spec:
  sources: [{name: crm}]
  deterministic: [{identifiers: [loyaltyCard]}, {identifiers: [email]}]
  guards: {separate: [loyaltyCard]}
  overrides: {sourceRef: {name: stewardship}}
`

// A steward merges, splits and takes back in a file; people follow, and say why.
func TestStewardship(t *testing.T) {
	kith, dir := kithtest.Build(t), t.TempDir()
	lake, file := filepath.Join(dir, "lake"), filepath.Join(dir, "tenant.yaml")
	write := func(name string, lines ...string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	decide := func(lines ...string) {
		t.Helper()
		write("stewardship.csv", append([]string{"decided_at,decision,source_a,key_a,source_b,key_b,reason,steward"}, lines...)...)
	}
	run := func() kithtest.Result {
		return kithtest.Command(t, kith, nil, "run", "-f", file, "--lake", lake, "--volume", "data="+dir, "--now", "2026-06-01T00:00:00Z")
	}
	people := func(want string, tells ...string) {
		t.Helper()
		r := run()
		for _, tell := range tells {
			if !strings.Contains(r.Out, tell) {
				t.Errorf("the run does not tell %q:\n%s", tell, r.Out)
			}
		}
		if r.Code != 0 {
			t.Fatalf("exit %d: %s%s", r.Code, r.Out, r.Err)
		}
		var got []string
		for _, row := range kithtest.Query(t, kith, lake, "SELECT string_agg(record_key, ' ' ORDER BY record_key) FROM customers.members GROUP BY profile_id ORDER BY 1") {
			got = append(got, row[0])
		}
		if all := strings.Join(got, ", "); all != want {
			t.Errorf("people are %s, want %s", all, want)
		}
	}
	explained := func(a, b string, wants ...string) {
		t.Helper()
		r := kithtest.Command(t, kith, nil, "explain", "pair", "customers", a, b, "-f", file, "--lake", lake)
		for _, want := range wants {
			if r.Code != 0 || !strings.Contains(r.Out, want) {
				t.Errorf("exit %d, without %q:\n%s%s", r.Code, want, r.Out, r.Err)
			}
		}
	}
	write("tenant.yaml", stewarded)
	write("crm.csv", "id,email,card", "1,ada@example.org,c1", "2,ada@example.org,c2", "3,lee@example.org,", "4,lee@example.org,", "5,lee@example.org,")
	decide()
	people("1, 2, 3 4 5")

	const merge = `2026-05-04,merge,crm,1,crm,2,"new card, by phone",kim`
	decide(merge, `2026-05-06,Split,crm,3,crm,4,father and son,`, `2026-05-06,Merge,crm,1,crm,77,moved here,kim`, `2026-05-07,Join,crm,1,crm,5,a typing mistake,kim`)
	people("1 2, 3 5, 4", "decided by hand: Merge 1, RecordMissing 1, Split 1")
	explained("crm/1", "crm/2", "are one person", "rule 2 connects them: email ada@example.org", "an override merges crm/1 and crm/2: new card, by phone (kim, 2026-05-04)")
	explained("crm/4", "crm/5", "are two people", "an override splits crm/3 and crm/4: father and son (2026-05-06)")
	if got := kithtest.Query(t, kith, lake, "SELECT rule, reason FROM quarantine.stewardship"); len(got) != 1 || got[0][0] != "decision" {
		t.Errorf("the quarantine has %v", got)
	}
	if got := kithtest.Query(t, kith, lake, "SELECT second_key FROM customers.overrides WHERE outcome = 'RecordMissing'"); len(got) != 1 || got[0][0] != "77" {
		t.Errorf("records that are missing: %v", got)
	}

	decide(`2026-05-06,Split,crm,3,crm,4,father and son,`)
	people("1, 2, 3 5, 4")
	if got := kithtest.Query(t, kith, lake, "SELECT event, cause FROM customers.lineage WHERE cause LIKE 'override%' ORDER BY ALL"); len(got) != 2 ||
		got[0][1] != "override: Merge of crm/1 and crm/2: new card, by phone" || got[1][1] != "override: Split of crm/3 and crm/4: father and son" {
		t.Errorf("lineage: %v", got)
	}

	write("stewardship.csv", "decided_at,source_a,key_a,source_b,key_b,reason,steward", "2026-05-06,crm,3,crm,4,father and son,")
	if r := run(); r.Code == 0 || !strings.Contains(r.Out+r.Err, "ColumnMissing") || !strings.Contains(r.Out+r.Err, `"decision"`) {
		t.Errorf("without the column: exit %d, %s%s", r.Code, r.Out, r.Err)
	}
	for _, secret := range []string{"father", "kim"} {
		if r := run(); strings.Contains(r.Out+r.Err, secret) {
			t.Errorf("what a steward wrote is told: %s%s", r.Out, r.Err)
		}
	}
}

// People who wait for a source that the rule has come to name are as they were, and the report shows them.
func TestPeopleStayWhileTheyWait(t *testing.T) {
	kith, dir := kithtest.Build(t), t.TempDir()
	file := filepath.Join(dir, "tenant.yaml")
	run := func(declared string) kithtest.Result {
		t.Helper()
		for name, text := range map[string]string{"tenant.yaml": declared, "crm.csv": "id,email,card\n1,ada@example.org,\n2,ada@example.org,\n3,lee@example.org,\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return kithtest.Command(t, kith, nil, "run", "-f", file, "--lake", filepath.Join(dir, "lake"), "--volume", "data="+dir, "--now", "2026-06-01T00:00:00Z")
	}
	source := strings.Index(stewarded, "---\napiVersion: cdp.kith.dev/v1alpha1\nkind: DataSource\nmetadata: {name: stewardship}")
	rule := strings.LastIndex(stewarded, "---\n")
	before := run(stewarded[:source] + strings.Replace(stewarded[rule:], "  overrides: {sourceRef: {name: stewardship}}\n", "", 1))
	after := run(stewarded)
	const people = "3 records became 2 people"
	if before.Code != 0 || !strings.Contains(before.Out, people) {
		t.Fatalf("exit %d: %s%s", before.Code, before.Out, before.Err)
	}
	for _, tell := range []string{people, "FileNotFound", "waits for DataSource stewardship, which has no revision yet"} {
		if after.Code == 0 || !strings.Contains(after.Out, tell) {
			t.Errorf("exit %d, and does not tell %q: %s%s", after.Code, tell, after.Out, after.Err)
		}
	}
}
