package plan

import (
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func duration(s string) *v1alpha1.Duration { d := v1alpha1.Duration(s); return &d }

func source(name string, kind v1alpha1.RecordKind, purposes []string, fields ...v1alpha1.Field) v1alpha1.DataSource {
	return v1alpha1.DataSource{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.DataSourceSpec{
		RecordKind: kind, Load: "Upsert", Key: []string{"id"}, Purposes: purposes, Fields: fields,
		Timestamp: &v1alpha1.TimestampColumn{Column: "at"},
		Connector: v1alpha1.SourceConnector{Files: &v1alpha1.FilesSource{Path: name + ".csv", Format: "CSV"}},
	}}
}

func refs(names ...string) []v1alpha1.ObjectReference {
	var out []v1alpha1.ObjectReference
	for _, n := range names {
		out = append(out, v1alpha1.ObjectReference{Name: n})
	}
	return out
}

func segment(name, where string) v1alpha1.Segment {
	return v1alpha1.Segment{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.SegmentSpec{IdentityRef: v1alpha1.ObjectReference{Name: "customers"}, Where: where, Interval: duration("1h")}}
}

// tenant is a small one: marketing may read crm and shop, service may read cases besides.
func tenant() *Objects {
	all := []string{"analytics", "marketing", "service"}
	o := &Objects{
		Workspace: &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: "default"}, Spec: v1alpha1.WorkspaceSpec{
			TimeZone: "UTC", Currency: "EUR", DefaultPurpose: "analytics",
			Purposes: []v1alpha1.Purpose{{Name: "analytics"}, {Name: "marketing"}, {Name: "service"}}}},
		DataSources: []v1alpha1.DataSource{
			source("crm", "Profile", all, v1alpha1.Field{Column: "mail", Semantic: "email"}, v1alpha1.Field{Column: "tier", Name: "tier", Type: "string"}),
			source("shop", "Transaction", all, v1alpha1.Field{Column: "mail", Semantic: "email"}, v1alpha1.Field{Column: "amt", Semantic: "amount"}),
			source("cases", "Event", []string{"analytics", "service"}, v1alpha1.Field{Column: "mail", Semantic: "email"}, v1alpha1.Field{Column: "s", Name: "status", Type: "string"}),
			source("consents", "Consent", []string{"service"}, v1alpha1.Field{Column: "mail", Semantic: "email"},
				v1alpha1.Field{Column: "purpose", Semantic: "purpose"}, v1alpha1.Field{Column: "status", Semantic: "consentStatus"}),
		},
		IdentityRules: []v1alpha1.IdentityRule{{ObjectMeta: metav1.ObjectMeta{Name: "customers"}, Spec: v1alpha1.IdentityRuleSpec{
			Sources:       []v1alpha1.IdentitySource{{Name: "crm"}, {Name: "shop"}, {Name: "cases"}, {Name: "consents"}},
			Deterministic: []v1alpha1.DeterministicRule{{Identifiers: []string{"email"}}}}}},
		Traits: []v1alpha1.Trait{{ObjectMeta: metav1.ObjectMeta{Name: "spent"}, Spec: v1alpha1.TraitSpec{
			IdentityRef: v1alpha1.ObjectReference{Name: "customers"}, Attribute: "spent", Expression: "transactions.filter(t, t.time > now - days(365)).sum(t, t.amount)"}}},
		Segments: []v1alpha1.Segment{
			segment("big", "profile.spent > 100"), segment("gold", `inSegment("big") && profile.tier == "gold"`),
			segment("complained", `events.exists(e, e.status == "OPEN")`),
		},
		Destinations: []v1alpha1.Destination{{ObjectMeta: metav1.ObjectMeta{Name: "esp"}, Spec: v1alpha1.DestinationSpec{Purposes: []string{"marketing"}}}},
		Activations: []v1alpha1.Activation{{ObjectMeta: metav1.ObjectMeta{Name: "mail"}, Spec: v1alpha1.ActivationSpec{
			Audience: v1alpha1.Audience{Include: refs("gold"), Exclude: refs("complained")}, Purpose: "marketing",
			DestinationRef: v1alpha1.ObjectReference{Name: "esp"},
			Fields:         []v1alpha1.ActivationField{{Value: "profile.email", As: "email", Key: true}}}}},
	}
	o.Sort()
	return o
}

func overridesOf(name string) *v1alpha1.Overrides {
	return &v1alpha1.Overrides{SourceRef: v1alpha1.ObjectReference{Name: name}}
}

func stewardship() v1alpha1.DataSource {
	var fields []v1alpha1.Field
	for _, s := range []v1alpha1.Semantic{"decision", "firstSource", "firstKey", "secondSource", "secondKey", "reason"} {
		fields = append(fields, v1alpha1.Field{Column: string(s), Semantic: s})
	}
	return source("stewardship", "Override", []string{"analytics"}, fields...)
}

// People wait for the decisions about them and follow them; expressions know nothing of these.
func TestOverridesAreAnInput(t *testing.T) {
	o := tenant()
	o.DataSources = append(o.DataSources, stewardship())
	o.IdentityRules[0].Spec.Overrides = overridesOf("stewardship")
	o.Sort()
	for _, p := range Check(o) {
		t.Errorf("%s %s %s: %v", p.Kind, p.Name, p.Field, p.Err)
	}
	revs := Revisions{}
	for _, name := range []string{"crm", "shop", "cases", "consents"} {
		revs[IngestSubject(name)] = Revision{Run: name + "-ingest-1", Serial: 1}
	}
	if p, wait := Resolve(o, &o.IdentityRules[0], revs, noon); p != nil || wait == nil || wait.Name != "stewardship" {
		t.Errorf("people were planned without the decisions: %+v %+v", p, wait)
	}
	revs[IngestSubject("stewardship")] = Revision{Run: "stewardship-ingest-1", Serial: 1}
	p, _ := Resolve(o, &o.IdentityRules[0], revs, noon)
	if in := p.Inputs[len(p.Inputs)-1]; len(p.Inputs) != 5 || in.Name != "stewardship" || p.Resolve.Overrides.Name != "stewardship" || len(p.Resolve.Sources) != 4 {
		t.Errorf("%+v", p.Resolve)
	}
	revs[IngestSubject("stewardship")] = Revision{Run: "stewardship-ingest-2", Serial: 2}
	if again, _ := Resolve(o, &o.IdentityRules[0], revs, noon); again.Hash() == p.Hash() {
		t.Error("the people do not follow new decisions")
	}
	space, err := o.Space(&o.IdentityRules[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range space.Schema.Profile {
		if a.Name == "reason" || a.Name == "decision" {
			t.Errorf("profiles have the attribute %s", a.Name)
		}
	}
}

func TestTenantIsClean(t *testing.T) {
	for _, p := range Check(tenant()) {
		t.Errorf("%s %s %s: %v", p.Kind, p.Name, p.Field, p.Err)
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		breaks func(*Objects)
		class  fault.Class
		field  string
		says   string
	}{
		"purpose of a source":    {func(o *Objects) { o.DataSources[0].Spec.Purposes = []string{"ads"} }, fault.ReferenceNotFound, "spec.purposes", `"ads"`},
		"expression of a source": {func(o *Objects) { o.DataSources[0].Spec.Deleted = "row.status ==" }, fault.InvalidExpression, "spec", "line 1, column 14"},
		"source of a rule":       {func(o *Objects) { o.IdentityRules[0].Spec.Sources[0].Name = "erp" }, fault.ReferenceNotFound, "spec.sources", `"erp"`},
		"overrides from nowhere": {func(o *Objects) { o.IdentityRules[0].Spec.Overrides = overridesOf("stewardship") }, fault.ReferenceNotFound, "spec.overrides.sourceRef", `"stewardship"`},
		"overrides of people":    {func(o *Objects) { o.IdentityRules[0].Spec.Overrides = overridesOf("crm") }, fault.InvalidManifest, "spec.overrides.sourceRef", "kind Profile"},
		"overrides as a source": {func(o *Objects) {
			o.DataSources = append(o.DataSources, stewardship())
			o.IdentityRules[0].Spec.Sources[0].Name = "stewardship"
		}, fault.InvalidManifest, "spec.sources", "spec.overrides.sourceRef"},
		"overrides without a reason": {func(o *Objects) {
			d := stewardship()
			d.Spec.Fields = d.Spec.Fields[:5]
			o.DataSources = append(o.DataSources, d)
		}, fault.InvalidManifest, "spec", "semantic reason"},
		"identifier of a rule": {func(o *Objects) { o.IdentityRules[0].Spec.Deterministic[0].Identifiers = []string{"card"} }, fault.ReferenceNotFound, "spec.deterministic", `"card"`},
		"separate identifier":  {func(o *Objects) { o.IdentityRules[0].Spec.Guards.Separate = []string{"card"} }, fault.ReferenceNotFound, "spec.guards.separate", `"card"`},
		"automatic guard per what events have": {func(o *Objects) {
			o.DataSources[0].Spec.Fields = append(o.DataSources[0].Spec.Fields, v1alpha1.Field{Column: "tel", Semantic: "phone"})
			o.IdentityRules[0].Spec.Guards.Automatic = []v1alpha1.AutomaticGuard{{Per: "phone", Distinct: "tier", Above: 20}}
		}, fault.ReferenceNotFound, "spec.guards.automatic", `"phone"`},
		"automatic guard over nothing": {func(o *Objects) {
			o.IdentityRules[0].Spec.Guards.Automatic = []v1alpha1.AutomaticGuard{{Per: "email", Distinct: "surname", Above: 20}}
		}, fault.ReferenceNotFound, "spec.guards.automatic", `"surname"`},
		"survivor twice": {func(o *Objects) {
			g := v1alpha1.Survivorship{Attributes: []string{"tier"}}
			o.IdentityRules[0].Spec.Survivorship = []v1alpha1.Survivorship{g, g}
		}, fault.InvalidManifest, "spec.survivorship", `"tier"`},
		"verified by nothing known": {func(o *Objects) {
			o.IdentityRules[0].Spec.Survivorship = []v1alpha1.Survivorship{{Attributes: []string{"tier"}, VerifiedBy: "tierVerified"}}
		}, fault.ReferenceNotFound, "spec.survivorship", `"tierVerified"`},
		"verified by a text": {func(o *Objects) {
			o.IdentityRules[0].Spec.Survivorship = []v1alpha1.Survivorship{{Attributes: []string{"email"}, VerifiedBy: "tier"}}
		}, fault.InvalidManifest, "spec.survivorship", `"tier" is string`},
		"compared attribute of events": {func(o *Objects) {
			o.IdentityRules[0].Spec.Probabilistic = &v1alpha1.Probabilistic{Comparisons: []v1alpha1.Comparison{{Attribute: "tier"}, {Attribute: "status"}}}
		}, fault.ReferenceNotFound, "spec.probabilistic.comparisons[1]", `no Profile source has an attribute "status" that can be compared; there are email, tier`},
		"part of another kind": {func(o *Objects) {
			o.IdentityRules[0].Spec.Probabilistic = &v1alpha1.Probabilistic{Blocking: []v1alpha1.BlockingRule{{"tier.sound"}, {"email.sound"}}}
		}, fault.InvalidManifest, "spec.probabilistic.blocking[1]", `email has no part "sound"; there are [value local]`},
		"labels of nobody":     {func(o *Objects) { labelledBy(o, "truth") }, fault.ReferenceNotFound, "spec.quality", `"truth"`},
		"labels that are none": {func(o *Objects) { labelledBy(o, "crm") }, fault.InvalidManifest, "spec.quality", "recordKind Label"},
		"labels among the sources": {func(o *Objects) {
			o.DataSources = append(o.DataSources, labelSource())
			o.IdentityRules[0].Spec.Sources = append(o.IdentityRules[0].Spec.Sources, v1alpha1.IdentitySource{Name: "truth"})
		}, fault.InvalidManifest, "spec.sources", "quality.labels.sourceRef"},
		"rule of a segment": {func(o *Objects) { o.Segments[1].Spec.IdentityRef.Name = "people" }, fault.ReferenceNotFound, "spec.identityRef", `"people"`},
		"unknown field":     {func(o *Objects) { o.Segments[0].Spec.Where = "profile.spend > 100" }, fault.InvalidExpression, "spec.where", "spent"},
		"type error":        {func(o *Objects) { o.Segments[0].Spec.Where = `profile.tier > 100` }, fault.InvalidExpression, "spec.where", "1:"},
		"unknown segment":   {func(o *Objects) { o.Segments[2].Spec.Where = `inSegment("bigger")` }, fault.ReferenceNotFound, "spec.where", "bigger"},
		"cycle":             {func(o *Objects) { o.Segments[0].Spec.Where = `inSegment("gold")` }, fault.CyclicReference, "spec.where", "Segment big -> Segment gold -> Segment big"},
		"trait":             {func(o *Objects) { o.Traits[0].Spec.Expression = "transactions.sum(t, t.price)" }, fault.InvalidExpression, "spec.expression", "price"},
		"traits in a circle": {func(o *Objects) {
			o.Traits[0].Spec.Expression = "profile.more - 1"
			more := *o.Traits[0].DeepCopy()
			more.Name, more.Spec.Attribute, more.Spec.Expression = "more", "more", "profile.spent + 1"
			o.Traits = append(o.Traits, more)
		}, fault.CyclicReference, "spec.expression", "Trait more -> Trait spent -> Trait more"},
		"trait over attribute":  {func(o *Objects) { o.Traits[0].Spec.Attribute = "tier" }, fault.InvalidManifest, "spec.expression", "attribute tier"},
		"included segment":      {func(o *Objects) { o.Activations[0].Spec.Audience.Include = refs("gold", "silver") }, fault.ReferenceNotFound, "spec.audience", `"silver"`},
		"purpose of activation": {func(o *Objects) { o.Activations[0].Spec.Purpose = "service" }, fault.InvalidManifest, "spec.purpose", "does not permit"},
		"destination":           {func(o *Objects) { o.Activations[0].Spec.DestinationRef.Name = "crm" }, fault.ReferenceNotFound, "spec.destinationRef", `"crm"`},
		"field":                 {func(o *Objects) { o.Activations[0].Spec.Fields[0].Value = "profile.mail" }, fault.InvalidExpression, "spec.fields[0].value", "email"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := tenant()
			c.breaks(o)
			for _, p := range Check(o) {
				if p.Field == c.field && fault.Is(p.Err, c.class) && strings.Contains(p.Err.Error(), c.says) {
					return
				}
			}
			t.Errorf("want %s at %s saying %q, got %+v", c.class, c.field, c.says, Check(o))
		})
	}
}

func TestClasses(t *testing.T) {
	o := tenant()
	got := o.classes(&o.IdentityRules[0])
	want := []Class{
		{Name: "*", Purposes: []string{"*", "analytics"}, Sources: []string{"cases", "consents", "crm", "shop"}},
		{Name: "marketing", Purposes: []string{"marketing"}, Sources: []string{"consents", "crm", "shop"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("classes:\n got %+v\nwant %+v", got, want)
	}
}

func TestSegmentPurposes(t *testing.T) {
	o := tenant()
	got := o.segmentPurposes("customers")
	want := map[string][]string{"big": {"analytics"}, "gold": {"analytics", "marketing"}, "complained": {"*", "analytics"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("purposes:\n got %+v\nwant %+v", got, want)
	}
}

func TestHashLeavesOutWhatDoesNotChangeTheWork(t *testing.T) {
	o := tenant()
	d := &o.DataSources[0]
	before := Ingest(o, d, Revisions{}, noon)
	d.Spec.DisplayName, d.Spec.Interval, d.Spec.Purposes = "CRM", duration("1h"), []string{"service"}
	last := Revisions{IngestSubject(d.Name): {Run: "x-ingest-7", Serial: 7}}
	after := Ingest(o, d, last, noon.Add(time.Hour))
	if before.Hash() != after.Hash() {
		t.Error("a display name, an interval, a purpose, the time or the serial changed the hash")
	}
	if after.Serial != 8 || after.Base != "x-ingest-7" || after.Run != d.Name+"-ingest-8" {
		t.Errorf("numbering: %+v", after)
	}
	d.Spec.Fields[0].Column = "other"
	if before.Hash() == Ingest(o, d, Revisions{}, noon).Hash() {
		t.Error("another column left the hash as it was")
	}
}

func TestDue(t *testing.T) {
	o := tenant()
	p := Ingest(o, &o.DataSources[0], Revisions{}, noon)
	same := Revision{PlanHash: p.Hash(), Now: noon.Add(-time.Hour)}
	other, undone := same, same
	other.PlanHash, undone.Incomplete = "other", true
	for name, c := range map[string]struct {
		last     *Revision
		interval time.Duration
		want     Cause
	}{
		"none yet":          {nil, 0, CauseFirst},
		"same":              {&same, 0, CauseNone},
		"young enough":      {&same, time.Hour + time.Second, CauseNone},
		"as old as allowed": {&same, time.Hour, CauseInterval},
		"other plan":        {&other, 0, CauseChanged},
		"work undone":       {&undone, 0, CauseRetry},
	} {
		if got := p.Due(c.last, c.interval); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWorkWaitsForItsInputs(t *testing.T) {
	o := tenant()
	revs := Revisions{}
	for _, name := range []string{"crm", "shop", "cases"} {
		revs[IngestSubject(name)] = Revision{Run: name + "-ingest-1", Serial: 1}
	}
	if p, wait := Resolve(o, &o.IdentityRules[0], revs, noon); p != nil || wait == nil || wait.Name != "consents" {
		t.Errorf("people were planned without the consents: %+v %+v", p, wait)
	}
	if p, wait := Evaluate(o, &o.IdentityRules[0], revs, noon); p != nil || wait == nil {
		t.Error("an evaluation was planned without people")
	}
	if p, wait := Sync(o, &o.Activations[0], revs, noon); p != nil || wait == nil {
		t.Error("a sync was planned without an evaluation")
	}
	revs[IngestSubject("consents")] = Revision{Run: "consents-ingest-1", Serial: 1}
	p, wait := Resolve(o, &o.IdentityRules[0], revs, noon)
	if wait != nil || len(p.Inputs) != 4 {
		t.Fatalf("resolve: %+v %+v", p, wait)
	}
	// The evaluation reads the rows that the people were made of, even when a source has newer ones by then.
	revs[ResolveSubject("customers")] = Revision{Run: p.Run, Serial: 1, Inputs: p.Inputs}
	revs[IngestSubject("shop")] = Revision{Run: "shop-ingest-2", Serial: 2}
	e, _ := Evaluate(o, &o.IdentityRules[0], revs, noon)
	if e.Inputs[0].Run != p.Run || !reflect.DeepEqual(e.Inputs[1:], p.Inputs) {
		t.Errorf("inputs of the evaluation: %+v", e.Inputs)
	}
}

func TestSuspendedSegmentKeepsItsMembers(t *testing.T) {
	o := tenant()
	for i := range o.Segments {
		o.Segments[i].Spec.Suspend = o.Segments[i].Name == "big"
	}
	revs := Revisions{ResolveSubject("customers"): {Run: "customers-resolve-1", Serial: 1}}
	p, _ := Evaluate(o, &o.IdentityRules[0], revs, noon)
	for _, s := range p.Evaluate.Segments {
		if s.Suspended != (s.Name == "big") {
			t.Errorf("Segment %s: suspended %v", s.Name, s.Suspended)
		}
	}
	if len(p.Evaluate.Segments) != 3 {
		t.Errorf("a suspended Segment is not in the plan: those who ask for it would find nothing")
	}
}

func TestEncodeDecode(t *testing.T) {
	o := tenant()
	p := Ingest(o, &o.DataSources[0], Revisions{}, noon)
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	q, err := Decode(b)
	if err != nil || q.Hash() != p.Hash() || !reflect.DeepEqual(p, q) {
		t.Errorf("a plan changed on its way: %v\n%+v\n%+v", err, p, q)
	}
	if _, err := Decode([]byte(strings.Replace(string(b), `"run"`, `"runs"`, 1))); !fault.Is(err, fault.InvalidManifest) {
		t.Errorf("a field of another version was taken: %v", err)
	}
}
