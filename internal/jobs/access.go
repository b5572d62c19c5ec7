package jobs

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// WorkerName is the name of what a tenant's workers share.
const WorkerName = "kith-worker"

func shared(namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: WorkerName, Namespace: namespace, Labels: map[string]string{LabelManagedBy: ManagedBy}}
}

// ServiceAccountName of a tenant's workers.
func ServiceAccountName(w v1alpha1.Worker) string {
	if w.ServiceAccountName != "" {
		return w.ServiceAccountName
	}
	return WorkerName
}

// ServiceAccount of workers where the Workspace names none.
func ServiceAccount(namespace string) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: shared(namespace)}
}

// Role lets a worker report on Runs of its namespace, and nothing else.
func Role(namespace string) *rbacv1.Role {
	return &rbacv1.Role{
		ObjectMeta: shared(namespace),
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"runs/status"}, Verbs: []string{"get", "patch"}}},
	}
}

// RoleBinding gives the Role to the tenant's workers.
func RoleBinding(namespace, serviceAccount string) *rbacv1.RoleBinding {
	meta := shared(namespace)
	if serviceAccount != WorkerName {
		meta.Name += "-" + serviceAccount // what a binding refers to can't be changed, so each account has its own
	}
	return &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: WorkerName},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: serviceAccount, Namespace: namespace}},
	}
}

// NetworkPolicy keeps everybody from connecting to workers: nothing in them listens.
func NetworkPolicy(namespace string) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		ObjectMeta: shared(namespace),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{LabelManagedBy: ManagedBy}},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		},
	}
}
