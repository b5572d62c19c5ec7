package controllers

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// world is a namespace in memory. A pass over it is what Reconcile does, without the API; its Runs end as the test says.
type world struct {
	t       *testing.T
	objects plan.Objects
	gone    plan.Objects // being deleted
	runs    []v1alpha1.Run
	plans   map[string]*plan.Plan
	lake    map[plan.Subject]*v1alpha1.RunRevision
	now     time.Time
	memory  memory
	// answer is how a run ends; nil commits.
	answer func(p *plan.Plan) *v1alpha1.RunResult
	last   *tenant
}

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "acme", UID: types.UID(name), Generation: 1}
}

func aSource(name string) v1alpha1.DataSource {
	every := v1alpha1.Duration("1h")
	return v1alpha1.DataSource{ObjectMeta: named(name), Spec: v1alpha1.DataSourceSpec{
		Connector:  v1alpha1.SourceConnector{Files: &v1alpha1.FilesSource{Volume: v1alpha1.Volume{ClaimName: "data"}, Path: name + ".csv", Format: "CSV"}},
		RecordKind: v1alpha1.RecordProfile, Load: v1alpha1.LoadUpsert, Key: []string{"id"}, Interval: &every, DeletionPolicy: "Retain",
		Fields:   []v1alpha1.Field{{Column: "email", Semantic: "email"}, {Column: "tier", Name: "tier", Type: "string"}},
		Purposes: []string{"analytics", "marketing"},
	}}
}

func aRule(name string, sources ...string) v1alpha1.IdentityRule {
	r := v1alpha1.IdentityRule{ObjectMeta: named(name), Spec: v1alpha1.IdentityRuleSpec{
		Deterministic: []v1alpha1.DeterministicRule{{Identifiers: []string{"email"}}},
	}}
	for _, s := range sources {
		r.Spec.Sources = append(r.Spec.Sources, v1alpha1.IdentitySource{Name: s})
	}
	return r
}

func aSegment(name, rule string) v1alpha1.Segment {
	return v1alpha1.Segment{ObjectMeta: named(name), Spec: v1alpha1.SegmentSpec{
		IdentityRef: v1alpha1.ObjectReference{Name: rule}, Where: `profile.tier == "gold"`,
	}}
}

func aTrait(name, rule string) v1alpha1.Trait {
	return v1alpha1.Trait{ObjectMeta: named(name), Spec: v1alpha1.TraitSpec{
		IdentityRef: v1alpha1.ObjectReference{Name: rule}, Attribute: name, Expression: `profile.tier + "!"`,
	}}
}

func aDestination(name string, concurrency int32) v1alpha1.Destination {
	return v1alpha1.Destination{ObjectMeta: named(name), Spec: v1alpha1.DestinationSpec{
		Connector: v1alpha1.DestinationConnector{Webhook: &v1alpha1.WebhookDestination{URL: "http://receiver"}},
		Purposes:  []string{"marketing"}, Delivery: v1alpha1.Delivery{Concurrency: concurrency},
	}}
}

func anActivation(name, segment, destination string) v1alpha1.Activation {
	every := v1alpha1.Duration("1h")
	return v1alpha1.Activation{ObjectMeta: named(name), Spec: v1alpha1.ActivationSpec{
		Audience: v1alpha1.Audience{Include: []v1alpha1.ObjectReference{{Name: segment}}}, Purpose: "marketing", Interval: &every, DeletionPolicy: "RemoveMembers",
		DestinationRef: v1alpha1.ObjectReference{Name: destination}, Fields: []v1alpha1.ActivationField{{Value: "profile.email", As: "email", Key: true}},
	}}
}

// newWorld is a tenant with two sources, one space with a Segment and a Trait, and two Activations to one Destination.
func newWorld(t *testing.T) *world {
	return &world{
		t: t, now: noon, plans: map[string]*plan.Plan{}, lake: map[plan.Subject]*v1alpha1.RunRevision{},
		objects: plan.Objects{
			Workspace: &v1alpha1.Workspace{ObjectMeta: named("default"), Spec: v1alpha1.WorkspaceSpec{
				Lake: v1alpha1.Lake{Volume: &v1alpha1.Volume{ClaimName: "lake"}}, TimeZone: "UTC", Currency: "KRW", DefaultPurpose: "analytics",
				Purposes: []v1alpha1.Purpose{{Name: "analytics"}, {Name: "marketing"}},
			}},
			DataSources: []v1alpha1.DataSource{aSource("crm"), aSource("shop")}, IdentityRules: []v1alpha1.IdentityRule{aRule("people", "crm", "shop")},
			Segments: []v1alpha1.Segment{aSegment("vip", "people")}, Traits: []v1alpha1.Trait{aTrait("grade", "people")},
			Destinations: []v1alpha1.Destination{aDestination("esp", 2)},
			Activations:  []v1alpha1.Activation{anActivation("letter", "vip", "esp"), anActivation("mail", "vip", "esp")},
		},
	}
}

// stored is what the API gives back of what it was given.
func stored[T any](t *testing.T, in T) T {
	t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// gather is a tenant as the loop gathers it.
func (w *world) gather() *tenant {
	t := &tenant{namespace: "acme", now: w.now, objects: w.objects, runs: w.runs, lastPlans: map[plan.Subject]*plan.Plan{}}
	t.objects.Sort()
	for i := range w.gone.Activations {
		t.activationsGone = append(t.activationsGone, &w.gone.Activations[i])
	}
	for i := range w.gone.DataSources {
		t.sourcesGone = append(t.sourcesGone, &w.gone.DataSources[i])
	}
	t.histories = plan.Histories(t.runs)
	t.revisions = plan.RevisionsOf(t.histories)
	for s, h := range t.histories {
		if h.Ended != nil {
			t.lastPlans[s] = w.plans[h.Ended.Run]
		}
	}
	w.memory.of(t)
	return t
}

// pass over the namespace: it decides, makes the Runs and writes the statuses, and says what was started.
func (w *world) pass() []string {
	w.t.Helper()
	t := w.gather()
	w.last = t
	t.decide()
	for _, o := range t.adds {
		finalizer := v1alpha1.FinalizerRetract
		if _, ok := o.(*v1alpha1.Activation); ok {
			finalizer = v1alpha1.FinalizerRemoveMembers
		}
		o.SetFinalizers(append(o.GetFinalizers(), finalizer))
	}
	var started []string
	for _, s := range t.starts {
		if !t.current(s, w.runs) {
			w.t.Fatalf("the decision to start %s does not hold against what it was made on", s.plan.Run)
		}
		r := runOf("acme", s)
		r.UID = types.UID(r.Name)
		if w.run(r.Name) != nil {
			w.t.Fatalf("there is a Run %s already", r.Name)
		}
		w.plans[r.Name] = s.plan
		w.runs = append(w.runs, stored(w.t, *r))
		started = append(started, r.Name)
	}
	for _, d := range t.drops {
		d.object.SetFinalizers(slices.DeleteFunc(d.object.GetFinalizers(), func(f string) bool { return f == d.finalizer }))
	}
	w.tell(t)
	w.locked()
	return started
}

func (w *world) tell(t *tenant) {
	if o := w.objects.Workspace; o != nil {
		t.setStatus(o)
		o.Status = stored(w.t, o.Status)
	}
	for _, set := range []*plan.Objects{&w.objects, &w.gone} {
		each(set, func(o client.Object) { t.setStatus(o) })
		for i := range set.DataSources {
			set.DataSources[i] = stored(w.t, set.DataSources[i])
		}
		for i := range set.IdentityRules {
			set.IdentityRules[i] = stored(w.t, set.IdentityRules[i])
		}
		for i := range set.Segments {
			set.Segments[i] = stored(w.t, set.Segments[i])
		}
		for i := range set.Traits {
			set.Traits[i] = stored(w.t, set.Traits[i])
		}
		for i := range set.Activations {
			set.Activations[i] = stored(w.t, set.Activations[i])
		}
		for i := range set.Destinations {
			set.Destinations[i] = stored(w.t, set.Destinations[i])
		}
	}
}

// locked: there is one Run under a lock, and no more Syncs than a Destination takes.
func (w *world) locked() {
	w.t.Helper()
	locks, syncs := map[string]string{}, map[string]int32{}
	for _, r := range w.live() {
		lock := r.Labels[v1alpha1.LabelLock]
		if other := locks[lock]; other != "" {
			w.t.Fatalf("%s and %s are under way under lock %s", other, r.Name, lock)
		}
		locks[lock] = r.Name
		if d := r.Spec.Destination; d != "" {
			if syncs[d]++; w.objects.Destination(d) != nil && syncs[d] > w.objects.Destination(d).Spec.Delivery.Concurrency {
				w.t.Fatalf("%d Syncs to %s at once", syncs[d], d)
			}
		}
	}
}

func (w *world) live() []*v1alpha1.Run {
	var out []*v1alpha1.Run
	for i := range w.runs {
		if !plan.Over(&w.runs[i]) {
			out = append(out, &w.runs[i])
		}
	}
	return out
}

func (w *world) run(name string) *v1alpha1.Run {
	for i := range w.runs {
		if w.runs[i].Name == name {
			return &w.runs[i]
		}
	}
	return nil
}

// finish the Runs that are under way, all of them without names, and say which they were.
func (w *world) finish(names ...string) []string {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	var out []string
	for _, r := range w.live() {
		if len(names) == 0 || slices.Contains(names, r.Name) {
			w.end(r)
			out = append(out, r.Name)
		}
	}
	return out
}

// end a Run as worker and manager do.
func (w *world) end(r *v1alpha1.Run) {
	p := w.plans[r.Name]
	latest := w.lake[p.Subject]
	res := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted}
	if w.answer != nil {
		if answer := w.answer(p); answer != nil {
			res = answer
		}
	}
	switch {
	case latest == nil && p.Base != "", latest != nil && latest.Run != p.Base:
		res = &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeSuperseded, Class: string(fault.Superseded)}
	case p.Maintain != nil && res.Outcome == v1alpha1.OutcomeCommitted:
		res.Outcome = v1alpha1.OutcomeUnchanged
	case p.Ingest != nil && latest != nil && latest.PlanHash == p.Hash() && res.Outcome == v1alpha1.OutcomeCommitted && res.Message == "":
		res.Outcome = v1alpha1.OutcomeUnchanged
	}
	if res.Outcome == v1alpha1.OutcomeCommitted {
		rev := &v1alpha1.RunRevision{Run: p.Run, Serial: p.Serial, PlanHash: p.Hash(), Now: metav1.NewMicroTime(p.Now), CommittedAt: metav1.NewMicroTime(w.now)}
		if res.Revision != nil {
			rev.Failures, rev.Incomplete = res.Revision.Failures, res.Revision.Incomplete
		}
		for _, in := range p.Inputs {
			rev.Inputs = append(rev.Inputs, v1alpha1.RunInput{Kind: in.Kind, Name: in.Name, Revision: in.Run})
		}
		w.lake[p.Subject] = rev
	}
	res.Revision = w.lake[p.Subject]
	r.Status.Result, r.Status.Outputs = res, outputsOf(p)
	s := &runState{run: r, now: w.now}
	runStep{end: s.said(res)}.apply(r, w.now)
	*r = stored(w.t, *r)
}

func outputsOf(p *plan.Plan) []v1alpha1.RunOutput {
	switch {
	case p.Ingest != nil:
		return []v1alpha1.RunOutput{{Name: "rows", Rows: 100}, {Name: "quarantined", Rows: 1}}
	case p.Resolve != nil:
		return []v1alpha1.RunOutput{{Name: "records", Rows: 100}, {Name: "known", Rows: 80}, {Name: "quality/largestProfile", Rows: 9}}
	case p.Evaluate != nil:
		var out []v1alpha1.RunOutput
		for _, s := range p.Evaluate.Segments {
			out = append(out, v1alpha1.RunOutput{Name: "segment/" + s.Name + "/analytics", Rows: 10})
		}
		for _, tr := range p.Evaluate.Traits {
			out = append(out, v1alpha1.RunOutput{Name: "trait/" + tr.Name + "/analytics", Rows: 80})
		}
		return out
	case p.Canary != nil && p.Canary.Candidate != nil:
		return []v1alpha1.RunOutput{{Name: "records", Rows: 50}, {Name: "allRecords", Rows: 1000}, {Name: "people", Rows: 40}, {Name: "changed", Rows: 7}}
	case p.Sync != nil:
		return []v1alpha1.RunOutput{{Name: "audience", Rows: 10}, {Name: "sent", Rows: 7}}
	}
	return nil
}

// settle until nothing is under way or about to be, and say which Runs were made. A further pass then changes nothing.
func (w *world) settle() []string {
	w.t.Helper()
	var out []string
	for range 200 {
		started := w.pass()
		out = append(out, started...)
		switch {
		case len(started) > 0 || len(w.live()) > 0:
			w.finish()
		case w.held():
			w.now = w.last.next
		default:
			w.quiet()
			return out
		}
	}
	w.t.Fatalf("it never settles: %v", out)
	return nil
}

// held says whether something waits for its debounce.
func (w *world) held() bool {
	for _, v := range w.last.verdicts {
		if v.wanted() {
			return true
		}
	}
	return false
}

// quiet: a pass over a namespace in which nothing has happened writes nothing.
func (w *world) quiet() {
	w.t.Helper()
	var before, after []client.Object
	collect := func(to *[]client.Object) {
		if w.objects.Workspace != nil {
			*to = append(*to, w.objects.Workspace.DeepCopy())
		}
		for _, set := range []*plan.Objects{&w.objects, &w.gone} {
			each(set, func(o client.Object) { *to = append(*to, o.DeepCopyObject().(client.Object)) })
		}
	}
	collect(&before)
	if started := w.pass(); len(started)+len(w.last.adds)+len(w.last.drops) > 0 {
		w.t.Errorf("nothing has happened, and this was done: %v, %d finalizers added, %d removed", started, len(w.last.adds), len(w.last.drops))
	}
	collect(&after)
	for i := range before {
		if !equality.Semantic.DeepEqual(before[i], after[i]) {
			w.t.Errorf("nothing has happened, and a status was written:\n%+v\n%+v", before[i], after[i])
		}
	}
}

// states of all objects: Ready, NotReady and so on, with the reason.
func (w *world) states() map[string]string {
	out := map[string]string{}
	add := func(o client.Object) {
		c := meta.FindStatusCondition(conditionsOf(o), v1alpha1.ConditionReady)
		if c == nil {
			out[o.GetName()] = "no condition"
			return
		}
		out[o.GetName()] = stateOf(o) + " " + c.Reason
	}
	if w.objects.Workspace != nil {
		add(w.objects.Workspace)
	}
	each(&w.objects, add)
	return out
}

// changed tells the API's counter of a spec's change.
func changed(o client.Object) { o.SetGeneration(o.GetGeneration() + 1) }
