package plan

import (
	"reflect"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// connected is the tenant with a lake, a webhook and a policy of what deletion undoes.
func connected() *Objects {
	o := tenant()
	o.Workspace.Spec.Lake.Volume = &v1alpha1.Volume{ClaimName: "lake"}
	o.Destinations[0].Spec.Connector.Webhook = &v1alpha1.WebhookDestination{URL: "http://esp", CredentialsSecretRef: &v1alpha1.SecretReference{Name: "esp"}}
	o.Destinations[0].Spec.Delivery.BatchSize = 500
	return o
}

func TestRemoveMembers(t *testing.T) {
	o := connected()
	a := o.Activations[0]
	revs := Revisions{
		EvaluateSubject("customers"): {Run: "customers-evaluate-1", Serial: 1}, SyncSubject("mail"): {Run: "mail-sync-4", Serial: 4},
	}
	last, wait := Sync(o, &a, revs, noon)
	if wait != nil {
		t.Fatal(wait)
	}
	o.Activations = nil // a deleted one is not among the declarations
	whole := RemoveMembers(o, &a, last, revs, noon)
	if whole == nil || !whole.Sync.RemoveMembers || whole.Run != "mail-sync-5" || whole.Base != "mail-sync-4" || whole.Inputs != nil || whole.Sync.Rule != "customers" {
		t.Fatalf("%+v", whole)
	}
	if whole.Hash() == last.Hash() {
		t.Error("taking people out looks like sending them")
	}
	bare := *o
	bare.Destinations = nil
	noLake := *o
	noLake.Workspace = nil
	nothing := Objects{}
	for name, c := range map[string]struct {
		o     *Objects
		last  *Plan
		plans bool
	}{
		"all is there":                        {o, last, true},
		"never run before":                    {o, nil, true},
		"no Destination":                      {&bare, last, true},
		"no Destination, never run":           {&bare, nil, false},
		"no Workspace":                        {&noLake, last, true},
		"no Workspace, never run":             {&noLake, nil, false},
		"nothing but the last plan":           {&nothing, last, true},
		"nothing":                             {&nothing, nil, false},
		"no Destination, a plan of elsewhere": {&bare, &Plan{Ingest: &IngestPlan{}, Lake: last.Lake}, false},
	} {
		p := RemoveMembers(c.o, &a, c.last, revs, noon.Add(time.Hour))
		if (p != nil) != c.plans {
			t.Errorf("%s: %+v", name, p)
			continue
		}
		if p == nil {
			continue
		}
		s := p.Sync
		if !reflect.DeepEqual(s.Connector, last.Sync.Connector) || s.Delivery != last.Sync.Delivery || s.Destination != "esp" || p.Lake.ClaimName != "lake" || p.Serial != 5 {
			t.Errorf("%s: %+v %+v", name, p, s)
		}
		if m := p.Mounts(); !reflect.DeepEqual(m.Secrets, []string{"esp"}) {
			t.Errorf("%s: mounts %+v", name, m)
		}
	}
}

func TestRetract(t *testing.T) {
	o := connected()
	d := o.DataSources[0]
	last := Ingest(o, &d, Revisions{}, noon)
	revs := Revisions{IngestSubject(d.Name): {Run: last.Run, Serial: 1, PlanHash: last.Hash()}}
	for name, c := range map[string]struct {
		o     *Objects
		last  *Plan
		plans bool
	}{
		"all is there":                    {o, last, true},
		"never run before":                {o, nil, true},
		"no Workspace":                    {&Objects{}, last, true},
		"no Workspace, never run":         {&Objects{}, nil, false},
		"no Workspace, plan of elsewhere": {&Objects{}, &Plan{Sync: &SyncPlan{}, Lake: last.Lake}, false},
	} {
		p := Retract(c.o, &d, c.last, revs, noon)
		if (p != nil) != c.plans {
			t.Errorf("%s: %+v", name, p)
			continue
		}
		if p == nil {
			continue
		}
		if !p.Ingest.Retract || p.Lake.ClaimName != "lake" || p.Base != last.Run || p.Serial != 2 || p.Hash() == last.Hash() {
			t.Errorf("%s: %+v", name, p)
		}
		if m := p.Mounts(); !reflect.DeepEqual(m, Mounts{}) {
			t.Errorf("%s: a source that is not read was mounted: %+v", name, m)
		}
	}
	if last.Ingest.Retract {
		t.Error("the last plan was changed")
	}
}

func TestMounts(t *testing.T) {
	volume := v1alpha1.Volume{ClaimName: "data"}
	for name, c := range map[string]struct {
		plan Plan
		want Mounts
	}{
		"files":    {Plan{Ingest: &IngestPlan{Source: v1alpha1.DataSourceSpec{Connector: v1alpha1.SourceConnector{Files: &v1alpha1.FilesSource{Volume: volume}}}}}, Mounts{Reads: []string{"data"}}},
		"postgres": {Plan{Ingest: &IngestPlan{Source: v1alpha1.DataSourceSpec{Connector: v1alpha1.SourceConnector{Postgres: &v1alpha1.PostgresSource{DSNSecretRef: v1alpha1.SecretKeyReference{Name: "crm"}}}}}}, Mounts{Secrets: []string{"crm"}}},
		"webhook": {Plan{Sync: &SyncPlan{Connector: v1alpha1.DestinationConnector{Webhook: &v1alpha1.WebhookDestination{CredentialsSecretRef: &v1alpha1.SecretReference{Name: "esp"}}}}},
			Mounts{Secrets: []string{"esp"}}},
		"open webhook": {Plan{Sync: &SyncPlan{Connector: v1alpha1.DestinationConnector{Webhook: &v1alpha1.WebhookDestination{}}}}, Mounts{}},
		"file sink":    {Plan{Sync: &SyncPlan{Connector: v1alpha1.DestinationConnector{Files: &v1alpha1.FilesDestination{Volume: volume}}}}, Mounts{Writes: []string{"data"}}},
		"people":       {Plan{Resolve: &ResolvePlan{}}, Mounts{}},
		"people by a model": {Plan{Resolve: &ResolvePlan{Rule: v1alpha1.IdentityRuleSpec{Probabilistic: &v1alpha1.Probabilistic{
			Model: &v1alpha1.MatchingModel{File: &v1alpha1.ModelFile{Volume: volume, Path: "people.json"}}}}}}, Mounts{Reads: []string{"data"}}},
		"people by a version": {Plan{Resolve: &ResolvePlan{Rule: v1alpha1.IdentityRuleSpec{Probabilistic: &v1alpha1.Probabilistic{
			Model: &v1alpha1.MatchingModel{Version: 3}}}}}, Mounts{}},
		"segments": {Plan{Evaluate: &EvaluatePlan{}}, Mounts{}},
		"cleaning": {Plan{Maintain: &MaintainPlan{}}, Mounts{}},
	} {
		if got := c.plan.Mounts(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestHashes: what is done differently has another hash, and what is not has the same, for every task.
func TestHashes(t *testing.T) {
	revs := Revisions{}
	for _, name := range []string{"crm", "shop", "cases", "consents"} {
		revs[IngestSubject(name)] = Revision{Run: name + "-ingest-1", Serial: 1}
	}
	revs[ResolveSubject("customers")] = Revision{Run: "customers-resolve-1", Serial: 1}
	revs[EvaluateSubject("customers")] = Revision{Run: "customers-evaluate-1", Serial: 1, Inputs: []Input{{Kind: "IdentityRule", Name: "customers", Run: "customers-resolve-1"}}}
	plans := func(o *Objects, now time.Time) map[v1alpha1.Task]*Plan {
		resolve, w1 := Resolve(o, &o.IdentityRules[0], revs, now)
		evaluate, w2 := Evaluate(o, &o.IdentityRules[0], revs, now)
		sync, w3 := Sync(o, &o.Activations[0], revs, now)
		if w1 != nil || w2 != nil || w3 != nil {
			t.Fatal(w1, w2, w3)
		}
		return map[v1alpha1.Task]*Plan{
			v1alpha1.TaskIngest: Ingest(o, o.DataSource("crm"), revs, now), v1alpha1.TaskResolve: resolve, v1alpha1.TaskEvaluate: evaluate,
			v1alpha1.TaskSync: sync, v1alpha1.TaskMaintain: Maintain(o, revs, now),
		}
	}
	all := []v1alpha1.Task{v1alpha1.TaskIngest, v1alpha1.TaskResolve, v1alpha1.TaskEvaluate, v1alpha1.TaskSync, v1alpha1.TaskMaintain}
	before := plans(connected(), noon)
	for name, c := range map[string]struct {
		change  func(o *Objects)
		changes []v1alpha1.Task
	}{
		"nothing": {func(*Objects) {}, nil},
		"texts, intervals, policies and suspension": {func(o *Objects) {
			common := v1alpha1.Common{DisplayName: "이름", Description: "text", Suspend: true}
			o.Workspace.Spec.Common, o.DataSources[0].Spec.Common = common, common
			o.IdentityRules[0].Spec.Common, o.Activations[0].Spec.Common, o.Destinations[0].Spec.Common = common, common, common
			o.Traits[0].Spec.Common = common
			o.Segments[0].Spec.Common = v1alpha1.Common{DisplayName: "이름", Description: "text"}
			o.IdentityRules[0].Spec.Interval, o.Activations[0].Spec.Interval, o.Segments[0].Spec.Interval = duration("3h"), duration("3h"), duration("3h")
			for i := range o.DataSources {
				o.DataSources[i].Spec.Interval, o.DataSources[i].Spec.DeletionPolicy = duration("3h"), "Retract"
			}
			o.Activations[0].Spec.DeletionPolicy = "Retain"
		}, nil},
		"where the lake is":   {func(o *Objects) { o.Workspace.Spec.Lake.Volume.ClaimName = "other" }, nil},
		"the worker's shape":  {func(o *Objects) { o.Workspace.Spec.Worker.NodeSelector = map[string]string{"disk": "fast"} }, nil},
		"time zone":           {func(o *Objects) { o.Workspace.Spec.TimeZone = "Asia/Seoul" }, []v1alpha1.Task{v1alpha1.TaskIngest, v1alpha1.TaskEvaluate, v1alpha1.TaskSync}},
		"currency":            {func(o *Objects) { o.Workspace.Spec.Currency = "KRW" }, []v1alpha1.Task{v1alpha1.TaskIngest}},
		"retention":           {func(o *Objects) { o.Workspace.Spec.Retention.Snapshots = duration("24h") }, []v1alpha1.Task{v1alpha1.TaskMaintain}},
		"a suspended segment": {func(o *Objects) { o.Segments[0].Spec.Suspend = true }, []v1alpha1.Task{v1alpha1.TaskEvaluate}},
		"a condition":         {func(o *Objects) { o.Segment("big").Spec.Where = "profile.spent > 5" }, []v1alpha1.Task{v1alpha1.TaskEvaluate}},
		"a source's column":   {func(o *Objects) { o.DataSource("crm").Spec.Fields[0].Column = "e_mail" }, []v1alpha1.Task{v1alpha1.TaskIngest}},
		"a source's new attribute": {func(o *Objects) {
			d := o.DataSource("crm")
			d.Spec.Fields = append(d.Spec.Fields, v1alpha1.Field{Column: "x", Name: "x", Type: "string"})
		}, []v1alpha1.Task{v1alpha1.TaskIngest, v1alpha1.TaskResolve, v1alpha1.TaskEvaluate, v1alpha1.TaskSync}},
		"a source's purposes":        {func(o *Objects) { o.DataSource("crm").Spec.Purposes = []string{"service"} }, []v1alpha1.Task{v1alpha1.TaskResolve, v1alpha1.TaskEvaluate}},
		"a key of the identity rule": {func(o *Objects) { o.IdentityRules[0].Spec.Guards.Separate = []string{"tier"} }, []v1alpha1.Task{v1alpha1.TaskResolve}},
		"how records are compared": {func(o *Objects) {
			o.IdentityRules[0].Spec.Probabilistic = &v1alpha1.Probabilistic{Exclude: []string{"tier"}}
		}, []v1alpha1.Task{v1alpha1.TaskResolve}},
		"a threshold": {func(o *Objects) { o.IdentityRules[0].Spec.Probabilistic = &v1alpha1.Probabilistic{Threshold: 0.5} }, []v1alpha1.Task{v1alpha1.TaskResolve}},
		"a model": {func(o *Objects) {
			o.IdentityRules[0].Spec.Probabilistic = &v1alpha1.Probabilistic{Model: &v1alpha1.MatchingModel{Version: 2}}
		}, []v1alpha1.Task{v1alpha1.TaskResolve}},
		"a field":                     {func(o *Objects) { o.Activations[0].Spec.Fields[0].As = "mail" }, []v1alpha1.Task{v1alpha1.TaskSync}},
		"a receiver":                  {func(o *Objects) { o.Destinations[0].Spec.Connector.Webhook.URL = "http://other" }, []v1alpha1.Task{v1alpha1.TaskSync}},
		"the lawfulness of a purpose": {func(o *Objects) { o.Purpose("marketing").WhenUnknown = "Allow" }, []v1alpha1.Task{v1alpha1.TaskSync}},
	} {
		o := connected()
		c.change(o)
		after := plans(o, noon.Add(time.Hour))
		var changed []v1alpha1.Task
		for _, task := range all {
			if before[task].Hash() != after[task].Hash() {
				changed = append(changed, task)
			}
		}
		if !reflect.DeepEqual(changed, c.changes) {
			t.Errorf("%s changes the work of %v, want %v", name, changed, c.changes)
		}
	}
	numbered := *before[v1alpha1.TaskSync]
	numbered.Approved, numbered.Base, numbered.Lake = []string{"mail"}, "x", nil
	if numbered.renumber(99).Hash() != before[v1alpha1.TaskSync].Hash() {
		t.Error("an approval, the base, the serial or where the lake is changed the hash")
	}
	if p := numbered; !p.InEffect(&Revision{PlanHash: p.Hash(), Inputs: p.Inputs}) || p.InEffect(nil) || p.InEffect(&Revision{PlanHash: "other"}) {
		t.Error("InEffect")
	}
}

func TestEvaluateInterval(t *testing.T) {
	o := tenant()
	for i, every := range []string{"2h", "30m", "1h"} {
		o.Segments[i].Spec.Interval = duration(every)
	}
	o.Traits[0].Spec.Interval = duration("3h")
	if got := o.EvaluateInterval("customers"); got != 30*time.Minute {
		t.Errorf("the shortest counts: %s", got)
	}
	o.Segments[1].Spec.Suspend = true
	if got := o.EvaluateInterval("customers"); got != time.Hour {
		t.Errorf("a suspended one does not count: %s", got)
	}
	if got := o.EvaluateInterval("others"); got != 0 {
		t.Errorf("another space: %s", got)
	}
}
