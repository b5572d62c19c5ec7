package operator_test

import (
	"errors"
	"slices"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// sight is what the API has in the world's namespace.
type sight struct {
	objects []client.Object
	runs    []*v1alpha1.Run
	jobs    []*batchv1.Job
}

// lists of all kinds that the manager watches.
func lists() []client.ObjectList {
	return []client.ObjectList{
		&v1alpha1.WorkspaceList{}, &v1alpha1.DataSourceList{}, &v1alpha1.IdentityRuleList{}, &v1alpha1.TraitList{}, &v1alpha1.SegmentList{},
		&v1alpha1.DestinationList{}, &v1alpha1.ActivationList{}, &v1alpha1.RunList{}, &batchv1.JobList{}, &corev1.PodList{},
	}
}

func (w *world) look() *sight {
	w.t.Helper()
	all := lists()
	errs := make([]error, len(all))
	var done sync.WaitGroup
	for i, l := range all {
		done.Go(func() { errs[i] = w.List(w.ctx, l, client.InNamespace(w.namespace)) })
	}
	done.Wait()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
	s := &sight{}
	for _, l := range all {
		s.add(l)
	}
	return s
}

func (s *sight) add(l client.ObjectList) {
	_ = meta.EachListItem(l, func(item runtime.Object) error {
		o := item.(client.Object)
		s.objects = append(s.objects, o)
		switch o := o.(type) {
		case *v1alpha1.Run:
			s.runs = append(s.runs, o)
		case *batchv1.Job:
			s.jobs = append(s.jobs, o)
		}
		return nil
	})
}

// versions by kind and name.
func (w *world) versions(s *sight) map[string]string {
	out := map[string]string{}
	for _, o := range s.objects {
		out[w.ref(o)] = o.GetResourceVersion()
	}
	return out
}

// ref is an object's kind and name, such as Segment/vip.
func (w *world) ref(o client.Object) string {
	gvk, err := apiutil.GVKForObject(o, w.Scheme())
	if err != nil {
		w.t.Fatal(err)
	}
	return gvk.Kind + "/" + o.GetName()
}

// known says whether the manager's cache has what the API has.
func (w *world) known(now *sight) bool {
	cached := &sight{}
	for _, l := range lists() {
		if err := w.manager.cached.List(w.ctx, l, client.InNamespace(w.namespace)); err != nil {
			w.t.Fatal(err)
		}
		cached.add(l)
	}
	a, b := w.versions(now), w.versions(cached)
	if len(a) != len(b) && w.times.frozen == nil {
		return false
	}
	for _, o := range now.objects {
		if ref := w.ref(o); b[ref] != a[ref] && w.times.isFrozen(o) == nil {
			return false
		}
	}
	return true
}

// collect does what Kubernetes' garbage collector does: what belongs to nobody any more goes, and what is deleted in the foreground
// goes after what belongs to it. It says whether there was anything to do.
func (w *world) collect(now *sight) bool {
	w.t.Helper()
	there := map[string]bool{}
	for _, o := range now.objects {
		there[string(o.GetUID())] = true
	}
	did := false
	for _, o := range now.objects {
		owner := metav1.GetControllerOf(o)
		orphaned := owner != nil && !there[string(owner.UID)] && w.ownerIsGone(owner)
		if owner != nil && (orphaned || w.deletesInForeground(now, string(owner.UID))) && o.GetDeletionTimestamp() == nil {
			w.remove(o)
			did = true
		}
	}
	for _, o := range now.objects {
		if o.GetDeletionTimestamp() != nil && slices.Contains(o.GetFinalizers(), metav1.FinalizerDeleteDependents) && !owns(now, o) {
			w.dropFinalizer(o, metav1.FinalizerDeleteDependents)
			did = true
		}
	}
	return w.collectPlans(now) || did
}

// ownerIsGone makes sure of it: one list may be older than another.
func (w *world) ownerIsGone(owner *metav1.OwnerReference) bool {
	w.t.Helper()
	o := &metav1.PartialObjectMetadata{}
	o.SetGroupVersionKind(schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind))
	err := w.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: owner.Name}, o)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	return err != nil || o.UID != owner.UID
}

func (w *world) deletesInForeground(now *sight, uid string) bool {
	return slices.ContainsFunc(now.objects, func(o client.Object) bool {
		return string(o.GetUID()) == uid && o.GetDeletionTimestamp() != nil && slices.Contains(o.GetFinalizers(), metav1.FinalizerDeleteDependents)
	})
}

func owns(now *sight, owner client.Object) bool {
	return slices.ContainsFunc(now.objects, func(o client.Object) bool { return metav1.IsControlledBy(o, owner) })
}

func (w *world) remove(o client.Object) {
	w.t.Helper()
	if err := client.IgnoreNotFound(w.Delete(w.ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground))); err != nil {
		w.t.Fatal(err)
	}
}

// collectPlans removes the ConfigMaps of Runs that are gone.
func (w *world) collectPlans(now *sight) bool {
	w.t.Helper()
	seen := map[string]bool{}
	for _, r := range now.runs {
		seen[string(r.UID)] = true
	}
	gone := false
	for uid := range w.runsSeen {
		gone = gone || !seen[uid]
	}
	w.runsSeen = seen
	if !gone {
		return false
	}
	var l corev1.ConfigMapList
	if err := w.List(w.ctx, &l, client.InNamespace(w.namespace)); err != nil {
		w.t.Fatal(err)
	}
	for i := range l.Items {
		if owner := metav1.GetControllerOf(&l.Items[i]); owner != nil && !seen[string(owner.UID)] && w.ownerIsGone(owner) {
			w.remove(&l.Items[i])
		}
	}
	return true
}

func (w *world) dropFinalizer(o client.Object, finalizer string) {
	w.t.Helper()
	before := o.DeepCopyObject().(client.Object)
	o.SetFinalizers(slices.DeleteFunc(slices.Clone(o.GetFinalizers()), func(f string) bool { return f == finalizer }))
	err := w.Patch(w.ctx, o, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) {
		w.t.Fatal(err)
	}
}
