package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/sqlgen"
	"github.com/kith-dev/kith/internal/worker"
)

const twoSpaces = `
apiVersion: cdp.kith.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  lake: {volume: {claimName: lake}}
  currency: EUR
  purposes: [{name: mail, lawfulBasis: LegitimateInterest, whenUnknown: Allow}]
  defaultPurpose: mail
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: crm}
spec:
  connector: {files: {volume: {claimName: data}, path: "crm.csv", format: CSV}}
  recordKind: Profile
  load: Snapshot
  key: [id]
  fields:
  - {column: mail, semantic: email}
  - {column: work, semantic: email, name: workEmail}
  - {column: note, name: note, type: string}
  purposes: [mail]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: customers}
spec: {sources: [{name: crm}], deterministic: [{identifiers: [email]}]}
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: others}
spec: {sources: [{name: crm}], deterministic: [{identifiers: [email]}]}
`

// explained is a lake with people of two rules, in which more of the source has been read since.
func explained(t *testing.T) (o runOptions, ids map[string]string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	o = runOptions{manifests: []string{filepath.Join(dir, "t.yaml")}, lake: filepath.Join(dir, "lake"), volumes: []string{"data=" + dir}, output: "text", memory: "1GB"}
	must(os.WriteFile(o.manifests[0], []byte(twoSpaces), 0o600))
	rows := func(text string) {
		must(os.WriteFile(filepath.Join(dir, "crm.csv"), []byte("id,mail,work,note\n"+text), 0o600))
	}
	rows("1,anna@example.com,,\x1b[31mred\x1b[0m\n2,anna@example.com,noreply@example.com,\n3,bert@example.com,,\n")
	must(run(t.Context(), &bytes.Buffer{}, o))

	l, err := lake.Open(t.Context(), o.lake)
	must(err)
	db, err := engine.Open(t.Context(), engine.Options{Scratch: t.TempDir(), MemoryLimit: "1GB", Allowed: []string{o.lake}})
	must(err)
	defer func() { must(db.Close()) }()
	ids = map[string]string{}
	for _, rule := range []string{"customers", "others"} {
		rev, err := l.Latest(t.Context(), "Resolve", "IdentityRule", rule)
		must(err)
		must(l.View(t.Context(), db, sqlgen.Name(rule), rev, lake.Table{Schema: rule, Name: "members"}))
		var id string
		must(db.Row(t.Context(), sqlgen.Format("SELECT profile_id FROM {t} WHERE record_key = '1'", sqlgen.Args{"t": sqlgen.Name(rule)}), &id))
		ids[rule] = id
	}
	rows("1,anna@example.com,,after\n")
	objects, err := loadObjects(o.manifests)
	must(err)
	_, revs, _, err := o.known(t.Context(), plan.ResolveSubject("customers"))
	must(err)
	env, err := localEnv(o)
	must(err)
	env.Lake = l
	_, err = worker.Run(t.Context(), env, plan.Ingest(objects, objects.DataSource("crm"), revs, time.Now()))
	must(err)
	return o, ids
}

// A profile is explained by the rows that it was made from, without what a terminal would take for a command; what is asked for wrongly is told.
func TestExplainProfile(t *testing.T) {
	o, ids := explained(t)
	var out bytes.Buffer
	if err := explainProfile(t.Context(), &out, o, "json", "customers", ids["customers"]); err != nil {
		t.Fatal(err)
	}
	var x identity.ProfileExplanation
	if err := json.Unmarshal(out.Bytes(), &x); err != nil {
		t.Fatal(err)
	}
	// Record 2 and its row are gone from the source, and the profile still has them, and so what a guard did to a value of that row.
	if x.Guards.Total != 1 || x.Guards.Shown[0].Value != "noreply@example.com" || !strings.Contains(out.String(), `\u001b[31m`) {
		t.Errorf("%s", out.String())
	}
	if x.Records.Total != 2 || x.Weakest == nil || x.Weakest.Tie.Value != "anna@example.com" || x.Weakest.Others != 0 || x.Groups != 1 {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	if err := explainProfile(t.Context(), &out, o, "text", "customers", ids["customers"]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"of 2 records and 1 identifier\n", "rule 1", "anna@example.com, in 2 records", "without it, they are not one person", "Values, as mail sees them"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("a value reached the terminal as a command: %q", out.String())
	}
	for _, c := range []struct {
		rule, id, says string
	}{
		{"customers", ids["others"], "it is a profile of IdentityRule others"}, {"customers", "00000000-0000-5000-8000-000000000000", "never had a profile"},
		{"people", ids["customers"], "there is: customers, others"},
	} {
		err := explainProfile(t.Context(), &out, o, "text", c.rule, c.id)
		if !fault.Is(err, fault.ReferenceNotFound) || !strings.Contains(err.Error(), c.says) || exitCode(err) != exitUser {
			t.Errorf("%s %s: %v", c.rule, c.id, err)
		}
	}
	if err := explainProfile(t.Context(), &out, o, "text", "customers", "anna"); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "no id of a profile") {
		t.Errorf("%v", err)
	}
}
