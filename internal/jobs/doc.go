// Package jobs builds the Kubernetes objects that carry out one Run, and what a tenant's workers need around them: the plan's
// ConfigMaps, the Job, and the worker's ServiceAccount, Role, RoleBinding and NetworkPolicy. The functions are pure: a Run, its plan and
// the Workspace's settings in, objects out.
//
// What does not live here: deciding what runs (plan), creating the objects and reading how they end (controllers).
package jobs

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// ManagedBy is the value of the label app.kubernetes.io/managed-by on everything built here.
const ManagedBy = "kith"

// LabelManagedBy selects what Kith made.
const LabelManagedBy = "app.kubernetes.io/managed-by"

// labels of everything that belongs to a Run.
func labels(r *v1alpha1.Run) map[string]string {
	out := map[string]string{LabelManagedBy: ManagedBy, v1alpha1.LabelRun: r.Name}
	for _, k := range []string{v1alpha1.LabelLock, v1alpha1.LabelTask, v1alpha1.LabelDestination} {
		if v, ok := r.Labels[k]; ok {
			out[k] = v
		}
	}
	return out
}

// owned is the metadata of an object that goes with its Run.
func owned(r *v1alpha1.Run, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: r.Namespace, Labels: labels(r),
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(r, v1alpha1.GroupVersion.WithKind("Run"))},
	}
}
