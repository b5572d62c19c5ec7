package worker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/plan"
)

const matchingRule = "deterministic: [{identifiers: [customerId]}]"

// models that the last run of the people left.
func (w *tenant) models() []identity.ModelVersion {
	w.t.Helper()
	db, err := engine.Open(w.ctx, engine.Options{Scratch: w.t.TempDir(), MemoryLimit: "1GB", Allowed: []string{w.env.LakeDir}})
	w.must(err)
	defer func() { w.must(db.Close()) }()
	s := plan.ResolveSubject("people")
	rev, err := w.env.Lake.Latest(w.ctx, string(s.Task), s.Kind, s.Name)
	w.must(err)
	out, err := identity.Models(w.ctx, identity.Env{Lake: w.env.Lake, DB: db}, "people", rev)
	w.must(err)
	return out
}

// TestMatching goes the whole way from the manifest to the model: what is declared is what is compared, and by what candidates are found.
func TestMatching(t *testing.T) {
	t.Parallel()
	w := newTenant(t, matchingRule, `probabilistic:
    threshold: 2.5
    comparisons:
    - {attribute: city, levels: [{editDistance: 1}, {jaroWinkler: 0.85}, {part: initial}], termFrequency: false}
    - {attribute: email}
    blocking: [[city.first3], [email.local, customerId]]
    candidates: {maxPairs: 100}`)
	w.run(w.ingest())
	parts, err := plan.Pack(w.resolve())
	w.must(err)
	p, err := plan.Unpack(parts...)
	w.must(err)
	w.run(p)
	m := w.models()[0].Model
	if len(m.Comparisons) != 2 || m.Comparisons[1].Name != "city" || !m.Comparisons[1].IgnoresFrequency || m.Comparisons[0].IgnoresFrequency ||
		len(m.Comparisons[1].Levels) != 6 || m.Comparisons[1].Levels[3] != "Jaro-Winkler 0.85 or more" {
		t.Errorf("comparisons %+v", m.Comparisons)
	}
	if len(m.Rules) != 2 || m.Rules[0] != "city.first3" || m.Rules[1] != "email.local+customerId.value" {
		t.Errorf("rules %v", m.Rules)
	}
	rule := &w.objects.IdentityRules[0].Spec
	rule.Probabilistic.Candidates.MaxPairs = 1
	w.file(three + "4,dora@example.com,Bernau\n5,emil@example.com,Bernau\n6,frida@example.com,Bernau\n")
	w.run(w.ingest())
	w.outcome("too many pairs", w.resolve(), "", "people-resolve-1", fault.TooManyCandidates)
}

// TestModelFile: a model on a volume is what records are matched by; where it is not there, or leads out of the volume, the run says so.
func TestModelFile(t *testing.T) {
	t.Parallel()
	learned := newTenant(t, matchingRule, "probabilistic: {}")
	learned.run(learned.ingest())
	learned.run(learned.resolve())
	text := learned.models()[0].Text

	w := newTenant(t, matchingRule, "probabilistic: {model: {file: {volume: {claimName: models}, path: v1/people.json}}}")
	w.run(w.ingest())
	w.outcome("no volume", w.resolve(), "", "", fault.VolumeMissing)
	dir := t.TempDir()
	w.env.Volumes["models"] = dir
	w.outcome("no file", w.resolve(), "", "", fault.FileNotFound)
	outside := filepath.Join(t.TempDir(), "people.json")
	w.must(os.WriteFile(outside, text, 0o600))
	w.must(os.Mkdir(filepath.Join(dir, "v1"), 0o700))
	inside := filepath.Join(dir, "v1", "people.json")
	w.must(os.Symlink(outside, inside))
	w.outcome("a link out", w.resolve(), "", "", fault.PathOutsideVolume)
	w.must(os.Remove(inside))
	w.must(os.WriteFile(inside, text[:len(text)/2], 0o600))
	w.outcome("half a file", w.resolve(), "", "", fault.InvalidManifest)
	w.must(os.WriteFile(inside, text, 0o600))
	w.run(w.resolve())
	if m := w.models(); len(m) != 1 || string(m[0].Text) != string(text) || m[0].Reason != "it was imported from models:v1/people.json" {
		t.Errorf("%d models, %s", len(m), m[0].Reason)
	}
}
