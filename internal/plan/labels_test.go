package plan

import (
	"slices"
	"testing"

	"github.com/kith-dev/kith/api/v1alpha1"
)

func labelSource() v1alpha1.DataSource {
	return source("truth", v1alpha1.RecordLabel, []string{"analytics"}, v1alpha1.Field{Column: "source", Semantic: "recordSource"},
		v1alpha1.Field{Column: "id", Semantic: "recordKey"}, v1alpha1.Field{Column: "who", Semantic: "personId"})
}

func labelledBy(o *Objects, name string) {
	o.IdentityRules[0].Spec.Quality = &v1alpha1.Quality{Labels: &v1alpha1.Labels{SourceRef: v1alpha1.ObjectReference{Name: name}}}
}

// People are made without waiting for labels, are made anew when there are some, and are by the same declaration either way.
func TestPeopleDoNotWaitForLabels(t *testing.T) {
	o := tenant()
	o.DataSources = append(o.DataSources, labelSource())
	labelledBy(o, "truth")
	for _, p := range Check(o) {
		t.Errorf("%s %s %s: %v", p.Kind, p.Name, p.Field, p.Err)
	}
	r := &o.IdentityRules[0]
	revs := Revisions{}
	for _, name := range []string{"crm", "shop", "cases", "consents"} {
		revs[IngestSubject(name)] = Revision{Run: name + "-ingest-1", Serial: 1}
	}
	without, wait := Resolve(o, r, revs, noon)
	if wait != nil || len(without.Inputs) != 4 || without.Resolve.Labels == nil {
		t.Fatalf("%+v, waits for %+v", without, wait)
	}
	made := Revision{Run: without.Run, Serial: 1, PlanHash: without.Hash(), Inputs: without.Inputs}
	revs[ResolveSubject(r.Name)], revs[IngestSubject("truth")] = made, Revision{Run: "truth-ingest-1", Serial: 1}
	with, _ := Resolve(o, r, revs, noon)
	if !slices.Contains(with.Inputs, Input{"DataSource", "truth", "truth-ingest-1"}) || with.Due(&made, 0) != CauseChanged || !with.InEffect(&made) {
		t.Errorf("with labels: %+v, due %s, in effect %v", with.Inputs, with.Due(&made, 0), with.InEffect(&made))
	}
	for _, s := range with.Resolve.Sources {
		if s.Name == "truth" {
			t.Error("labels are among what is matched")
		}
	}
	if got := InputsOf(r); !slices.Equal(got, []string{"crm", "shop", "cases", "consents", "truth"}) {
		t.Errorf("%v", got)
	}
}
