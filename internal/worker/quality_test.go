package worker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
)

const truth = `---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: truth}
spec:
  connector: {files: {volume: {claimName: data}, path: "truth.csv", format: CSV}}
  recordKind: Label
  load: Upsert
  key: [record]
  fields:
  - {expression: "'crm'", semantic: recordSource}
  - {column: record, semantic: recordKey}
  - {column: person, semantic: personId}
  purposes: [mail]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
`

// TestLabels goes the whole way from the manifest to the figures: people are made without labels, and judged when there are some.
func TestLabels(t *testing.T) {
	w := newTenant(t, "---\napiVersion: cdp.kith.dev/v1alpha1\nkind: IdentityRule\n", truth,
		"deterministic: [{identifiers: [customerId]}]", "deterministic: [{identifiers: [email]}]\n  quality: {labels: {sourceRef: {name: truth}}}")
	w.file(header + "1,anna@example.com,Berlin\n2,anna@example.com,Bonn\n3,carl@example.com,Berlin\n4,carl@example.com,Berlin\n")
	w.run(w.ingest())
	if got := figuresOf(w.run(w.resolve()).Revision); got.Text(figures.PairF1) != "" || got.Count(figures.Profiles) != 2 {
		t.Errorf("before there are labels: %v", got)
	}
	// 1 and 2 are one person, 3 and 4 are two: of two pairs that were found one is right, and none is missing.
	w.must(os.WriteFile(filepath.Join(w.dir, "data", "truth.csv"), []byte("record,person\n1,a\n2,a\n3,b\n4,c\n9,c\n"), 0o600))
	w.run(plan.Ingest(w.objects, w.objects.DataSource("truth"), w.revisions(), w.now))
	parts, err := plan.Pack(w.resolve())
	w.must(err)
	p, err := plan.Unpack(parts...)
	w.must(err)
	got := figuresOf(w.run(p).Revision)
	texts := [4]string{got.Text(figures.PairPrecision), got.Text(figures.PairRecall), got.Text(figures.PairF1), got.Text(figures.BCubedPrecision)}
	if texts != [4]string{"0.5000", "1.0000", "0.6667", "0.7500"} || got.Count(figures.LabelledRecords) != 4 || got.Count(figures.LabelsOfNoRecord) != 1 {
		t.Errorf("%v", got)
	}
	if got.Text(figures.Jitter) != "0.0000" {
		t.Errorf("labels moved people: %v", got)
	}
}

func figuresOf(r *lake.Revision) (all figures.All) {
	for _, o := range r.Outputs {
		if f, ok := figures.FromOutput(o.Name, o.Rows); ok {
			all = append(all, f)
		}
	}
	return all
}
