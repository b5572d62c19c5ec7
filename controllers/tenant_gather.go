package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/jobs"
	"github.com/kith-dev/kith/internal/plan"
)

// gather reads all that there is in a namespace.
func (r *Tenant) gather(ctx context.Context, namespace string) (*tenant, error) {
	t := &tenant{namespace: namespace, now: r.Clock.Now().UTC()}
	var (
		workspaces   v1alpha1.WorkspaceList
		sources      v1alpha1.DataSourceList
		rules        v1alpha1.IdentityRuleList
		traits       v1alpha1.TraitList
		segments     v1alpha1.SegmentList
		destinations v1alpha1.DestinationList
		activations  v1alpha1.ActivationList
		runs         v1alpha1.RunList
	)
	for _, l := range []client.ObjectList{&workspaces, &sources, &rules, &traits, &segments, &destinations, &activations, &runs} {
		if err := r.List(ctx, l, client.InNamespace(namespace)); err != nil {
			return nil, fmt.Errorf("listing %T in %s: %w", l, namespace, err)
		}
	}
	for i := range workspaces.Items {
		if workspaces.Items[i].DeletionTimestamp == nil {
			t.objects.Workspace = &workspaces.Items[i]
		}
	}
	t.objects.DataSources, t.sourcesGone = present(sources.Items)
	t.objects.Activations, t.activationsGone = present(activations.Items)
	t.objects.IdentityRules, _ = present(rules.Items)
	t.objects.Traits, _ = present(traits.Items)
	t.objects.Segments, _ = present(segments.Items)
	t.objects.Destinations, _ = present(destinations.Items)
	t.objects.Sort()
	t.sourcesGone = slices.DeleteFunc(t.sourcesGone, func(d *v1alpha1.DataSource) bool { return needsFinalizer(d, v1alpha1.FinalizerRetract, true) })
	t.activationsGone = slices.DeleteFunc(t.activationsGone, func(a *v1alpha1.Activation) bool { return needsFinalizer(a, v1alpha1.FinalizerRemoveMembers, true) })
	t.runs = runs.Items
	t.histories = plan.Histories(t.runs)
	t.revisions = plan.RevisionsOf(t.histories)
	r.memory.of(t)
	return t, r.gatherLastPlans(ctx, t)
}

// present are the objects that are not being deleted, and those that are.
func present[T any, P interface {
	*T
	client.Object
}](items []T) (here []T, gone []P) {
	for i := range items {
		if P(&items[i]).GetDeletionTimestamp() != nil {
			gone = append(gone, &items[i])
		} else {
			here = append(here, items[i])
		}
	}
	return here, gone
}

// gatherLastPlans reads the newest plans of objects that are being deleted, since what they refer to may be gone before them; and those
// that tell what the result of a suspended Segment was made of.
func (r *Tenant) gatherLastPlans(ctx context.Context, t *tenant) error {
	runs := map[plan.Subject][]string{}
	for _, a := range t.activationsGone {
		s := plan.SyncSubject(a.Name)
		runs[s] = t.history(s).Runs()
	}
	for _, d := range t.sourcesGone {
		s := plan.IngestSubject(d.Name)
		runs[s] = t.history(s).Runs()
	}
	for i := range t.objects.Segments {
		o := &t.objects.Segments[i]
		s := plan.EvaluateSubject(o.Spec.IdentityRef.Name)
		if latest := t.history(s).Latest; latest != nil && o.Spec.Suspend && !earned(o.Status.Conditions, o.Generation) {
			runs[s] = []string{latest.Run}
		}
	}
	t.lastPlans = map[plan.Subject]*plan.Plan{}
	for s, names := range runs {
		p, err := r.newestPlan(ctx, t, names)
		if err != nil {
			return err
		}
		t.lastPlans[s] = p
	}
	return nil
}

// newestPlan is the first one that is still there; nil for none.
func (r *Tenant) newestPlan(ctx context.Context, t *tenant, runs []string) (*plan.Plan, error) {
	for _, name := range runs {
		i := slices.IndexFunc(t.runs, func(r v1alpha1.Run) bool { return r.Name == name })
		if i < 0 {
			continue
		}
		if p, err := readPlan(ctx, r.Live, &t.runs[i]); p != nil || err != nil {
			return p, err
		}
	}
	return nil, nil
}

// readPlan puts a Run's plan together; nil where a part of it is missing, or where it was made by a version of Kith that is not understood.
func readPlan(ctx context.Context, c client.Reader, run *v1alpha1.Run) (*plan.Plan, error) {
	parts := []*corev1.ConfigMap{{}}
	if err := c.Get(ctx, types.NamespacedName{Namespace: run.Namespace, Name: run.Spec.PlanRef.Name}, parts[0]); err != nil {
		return nil, unlessNotFound(run.Name, err)
	}
	names, err := jobs.PlanParts(parts[0])
	if err != nil {
		return nil, nil //nolint:nilerr // the same as none
	}
	for _, name := range names[1:] {
		var part corev1.ConfigMap
		if err := c.Get(ctx, types.NamespacedName{Namespace: run.Namespace, Name: name}, &part); err != nil {
			return nil, unlessNotFound(run.Name, err)
		}
		parts = append(parts, &part)
	}
	p, err := jobs.Plan(parts)
	if err != nil {
		return nil, nil //nolint:nilerr // the same as none
	}
	return p, nil
}

func unlessNotFound(run string, err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("reading the plan of Run %s: %w", run, err)
}

// memory is what is kept of a namespace between passes: nothing that can't be lost.
type memory struct {
	mu          sync.Mutex
	byNamespace map[string]*remembered
}

type remembered struct {
	generations string // of the objects that were checked
	spaces      *plan.Spaces
	problems    map[string]plan.Problem
	holds       *holds
	written     written
}

// of adds to what was gathered what is remembered, and what is wrong with the objects together, which is found out anew when one of them
// has changed.
func (m *memory) of(t *tenant) {
	k := m.namespace(t.namespace) // which no other pass uses at the same time
	if g := generations(&t.objects); k.generations != g {
		k.generations, k.spaces, k.problems = g, &plan.Spaces{}, map[string]plan.Problem{}
		t.objects.Spaces = k.spaces
		if t.objects.Workspace != nil {
			for _, p := range plan.Check(&t.objects) {
				of := key(p.Kind, p.Name)
				if p.OfCanary() {
					of = key(canaryKind, p.Name)
				}
				if _, ok := k.problems[of]; !ok {
					k.problems[of] = p
				}
			}
		}
	}
	t.objects.Spaces = k.spaces
	t.problems, t.holds, t.written = k.problems, k.holds, k.written
}

// written are the versions of objects that passes have made and that the cache need not have seen yet. Who decided on an older one would
// take what it says for what the API has, and not write what he finds to be the same.
type written map[types.UID]uint64

func (w written) add(o client.Object) {
	if v, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64); err == nil {
		w[o.GetUID()] = v
	}
}

// behind says whether what was gathered is older than what was written, and forgets what is not waited for any more.
func (t *tenant) behind() bool {
	waits := written{}
	look := func(o client.Object) {
		wrote, ok := t.written[o.GetUID()]
		if v, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64); ok && err == nil && v < wrote {
			waits[o.GetUID()] = wrote
		}
	}
	t.each(look)
	maps.DeleteFunc(t.written, func(id types.UID, _ uint64) bool { return waits[id] == 0 })
	return len(waits) > 0
}

// each calls do with every object that was gathered, those that are being deleted and have something to undo included.
func (t *tenant) each(do func(client.Object)) {
	if t.objects.Workspace != nil {
		do(t.objects.Workspace)
	}
	each(&t.objects, do)
	for _, a := range t.activationsGone {
		do(a)
	}
	for _, d := range t.sourcesGone {
		do(d)
	}
}

func (m *memory) namespace(name string) *remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byNamespace == nil {
		m.byNamespace = map[string]*remembered{}
	}
	k := m.byNamespace[name]
	if k == nil {
		k = &remembered{holds: newHolds(), written: written{}}
		m.byNamespace[name] = k
	}
	return k
}

// done forgets a namespace in which there is nothing.
func (m *memory) done(t *tenant) {
	o := &t.objects
	if o.Workspace != nil || len(o.DataSources)+len(o.IdentityRules)+len(o.Segments)+len(o.Traits)+len(o.Destinations)+len(o.Activations) > 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byNamespace, t.namespace)
}

// generations tells two sets of declarations apart.
func generations(o *plan.Objects) string {
	var b strings.Builder
	add := func(obj client.Object) {
		b.WriteString(string(obj.GetUID()))
		b.WriteString(strconv.FormatInt(obj.GetGeneration(), 36))
		b.WriteByte(' ')
	}
	if o.Workspace != nil {
		add(o.Workspace)
	}
	each(o, add)
	return b.String()
}

// each calls do with every object but the Workspace.
func each(o *plan.Objects, do func(client.Object)) {
	for i := range o.DataSources {
		do(&o.DataSources[i])
	}
	for i := range o.IdentityRules {
		do(&o.IdentityRules[i])
	}
	for i := range o.Traits {
		do(&o.Traits[i])
	}
	for i := range o.Segments {
		do(&o.Segments[i])
	}
	for i := range o.Destinations {
		do(&o.Destinations[i])
	}
	for i := range o.Activations {
		do(&o.Activations[i])
	}
}
