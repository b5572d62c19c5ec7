package identity

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/linkage"
)

// kept are the models of the last revision, as versions and reasons.
func (w *world) kept() string {
	w.t.Helper()
	return strings.Join(w.rows("models", "SELECT [version::VARCHAR, run, reason] FROM {t}"), "; ")
}

func (w *world) models() []ModelVersion {
	w.t.Helper()
	return must[[]ModelVersion](w.t)(Models(w.t.Context(), Env{Lake: w.lake, DB: w.db}, "people", w.last["Resolvepeople"]))
}

// failing is the class with which a run fails, and what it says.
func (w *world) failing(class fault.Class, says string) {
	w.t.Helper()
	if _, err := w.try(); !fault.Is(err, class) || !strings.Contains(err.Error(), says) {
		w.t.Errorf("%s: %v, not %s: %s", fault.ClassOf(err), err, class, says)
	}
	w.serial["Resolvepeople"]--
}

// A pinned version stays in use when the records have doubled, and its people with it; where it is let go another is learned.
func TestPinnedVersion(t *testing.T) {
	rows := append(family(200), "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katarina|Lindqvist|1961-04-03|k.lindqvist@example.com||")
	w := probabilisticWorld(t)
	fields := w.cfg.Sources[0].Fields
	w.source("crm", Profile, 1, fields, rows...)
	w.run()
	first, people, groups := w.kept(), w.people(), w.groups()
	w.cfg.Probabilistic.Version = 2
	w.failing(fault.ReferenceNotFound, "pins version 2, and the last one in people.models is 1")

	w.cfg.Probabilistic.Version = 1
	var more []string
	for _, row := range family(400)[200:] {
		more = append(more, strings.ReplaceAll(row, "||", "||zz"))
	}
	w.source("crm", Profile, 1, fields, append(more, rows...)...)
	w.run()
	after := w.people()
	for key, id := range people {
		if after[key] != id {
			t.Errorf("%s was of %s and is of %s", key, id, after[key])
		}
	}
	if w.kept() != first || len(w.groups()) != len(groups)+200 {
		t.Errorf("models %s; %d groups, %d before", w.kept(), len(w.groups()), len(groups))
	}
	w.cfg.Probabilistic.Version = 0
	w.run()
	if w.kept() != first { // 402 records are not more than twice as many
		t.Errorf("models %s", w.kept())
	}
	w.source("crm", Profile, 1, fields, append(more, family(205)...)...)
	w.run()
	if got := w.kept(); got != first+"; 2|people-resolve-4|it was learned from 202 records, and there are 405" {
		t.Errorf("models %s", got)
	}
	// What is pinned is in use, though a later one is there, and stays so when it is let go again.
	w.cfg.Probabilistic.Version = 1
	w.run()
	w.cfg.Probabilistic.Version = 0
	w.source("crm", Profile, 1, fields, rows...)
	w.run()
	if m := w.models(); len(m) != 2 || !m[0].InUse || m[1].InUse {
		t.Errorf("models %+v", m)
	}
}

// A pinned model that does not fit what is declared is not replaced: the run says so, and nothing changes.
func TestPinnedModelMustFit(t *testing.T) {
	w := probabilisticWorld(t)
	w.run()
	w.cfg.Probabilistic = &Matching{Version: 1, Declaration: linkage.Declaration{Exclude: []string{"phone"}}}
	w.failing(fault.ModelMismatch, "it was made for other attributes")
	w.cfg.Probabilistic = &Matching{Version: 1, Declaration: linkage.Declaration{Blocking: [][]string{{"email"}}}}
	w.failing(fault.ModelMismatch, "it was made for other blocking rules")
	before := w.kept()
	w.cfg.Probabilistic.Version = 0
	w.run()
	if got := w.kept(); !strings.HasPrefix(got, before+"; 2|people-resolve-2|the model is outdated: it was made for other blocking rules") {
		t.Errorf("models %s", got)
	}
}

// A model that is exported and imported into another lake is the same, byte by byte, makes the same people of the same records, and is kept once.
func TestImportedModel(t *testing.T) {
	rows := []string{"a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katarina|Lindqvist|1961-04-03|k.lindqvist@example.com||"}
	from := probabilisticWorld(t, rows...)
	from.run()
	text := from.models()[0].Text

	to := probabilisticWorld(t, rows...)
	to.cfg.Probabilistic = &Matching{Import: append(slices.Clone(text), '\n'), From: "models:people.json"}
	to.run()
	m := to.models()
	if len(m) != 1 || string(m[0].Text) != string(text) || m[0].Reason != "it was imported from models:people.json" || !m[0].InUse {
		t.Errorf("%d models, the first %s, equal: %v", len(m), m[0].Reason, string(m[0].Text) == string(text))
	}
	equal(t, "people", to.groups(), from.groups())
	to.run()
	if m := to.models(); len(m) != 1 || !m[0].InUse {
		t.Errorf("imported again: %d models", len(m))
	}
	to.cfg.Probabilistic = &Matching{}
	to.run()
	if m := to.models(); len(m) != 1 || !m[0].InUse {
		t.Errorf("no longer pinned: %d models", len(m))
	}
	to.cfg.Probabilistic = &Matching{Import: fmt.Appendf(nil, `{"format":%d,"comparisons":[]}`, linkage.Format), From: "models:people.json"}
	to.failing(fault.InvalidManifest, "models:people.json is no model that kith model export wrote")
	to.cfg.Probabilistic = &Matching{Import: []byte(`{"format":99}`), From: "models:people.json"}
	to.failing(fault.ModelMismatch, "by another version of Kith")
}

// Profiles are joined from the threshold on.
func TestThreshold(t *testing.T) {
	w := probabilisticWorld(t, "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katharina|Lindqvist|1961-04-03|||")
	w.run()
	if p := w.people(); p["a"] != p["b"] {
		t.Fatal("they are two people at 0 bits")
	}
	w.cfg.Probabilistic.Threshold = 20
	w.run()
	if p := w.people(); p["a"] == p["b"] {
		t.Error("they are one person at 20 bits")
	}
}

// Declarations are checked, and a run with too many candidates ends before anything is written.
func TestDeclarationsOfMatching(t *testing.T) {
	w := probabilisticWorld(t, "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katharina|Lindqvist|1961-04-03|||")
	w.cfg.Probabilistic.Declaration = linkage.Declaration{Blocking: [][]string{{"surname.initial"}}, MaxPairs: 10}
	w.failing(fault.TooManyCandidates, "and the most is 10: ")
	w.cfg.Probabilistic.Declaration = linkage.Declaration{Exclude: []string{"city"}}
	w.failing(fault.ReferenceNotFound, `probabilistic.exclude[0]: no Profile source has an attribute "city"`)
	w.cfg.Probabilistic.Declaration = linkage.Declaration{Blocking: [][]string{{"email.year"}}}
	w.failing(fault.InvalidManifest, `blocking[0]: email has no part "year"; there are [value local]`)
}
