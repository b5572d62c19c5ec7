//go:build e2e

package chart

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/internal/jobs"
)

// mustApplyRights installs a variant's ServiceAccount, Roles and bindings.
func (s *server) mustApplyRights(t *testing.T, variant string) {
	t.Helper()
	for _, o := range render(t, variants[variant]) {
		if strings.HasPrefix(o.GroupVersionKind().Group, "rbac.") || o.GetKind() == "ServiceAccount" {
			s.mustApply(t, o)
		}
	}
}

// givesRights: with a variant installed, the manager may do its work in some namespaces, in others nothing, and nowhere more.
func (s *server) givesRights(t *testing.T, variant string, in, notIn []string) {
	s.mustApplyRights(t, variant)
	manager := rest.CopyConfig(s.config)
	manager.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":kith-manager",
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	clients, err := kubernetes.NewForConfig(manager)
	if err != nil {
		t.Fatal(err)
	}
	makes, err := client.New(manager, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	check := func(verb, resource, name, namespace string, want bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); may(t, clients, verb, resource, name, namespace) != want; time.Sleep(100 * time.Millisecond) {
			if !want || time.Now().After(deadline) { // what was granted a moment ago may not be known yet
				t.Errorf("may %s %s %q in %q: %t instead of %t", verb, resource, name, namespace, !want, want)
				return
			}
		}
	}
	work := []string{"list cdp.kith.dev/activations", "watch cdp.kith.dev/workspaces", "patch cdp.kith.dev/datasources", "create cdp.kith.dev/runs",
		"update cdp.kith.dev/runs/status", "patch cdp.kith.dev/segments/status", "update cdp.kith.dev/activations/finalizers", "update cdp.kith.dev/workspaces/finalizers", "update cdp.kith.dev/runs/finalizers",
		"create batch/jobs", "watch batch/jobs", "list pods", "create configmaps", "get configmaps", "create serviceaccounts", "create events.k8s.io/events",
		"create events", "get persistentvolumeclaims"}
	never := []string{"get secrets", "list secrets", "create secrets", "list configmaps", "watch configmaps", "delete configmaps", "create pods", "create pods/exec",
		"create serviceaccounts/token", "update cdp.kith.dev/segments", "delete cdp.kith.dev/activations", "patch cdp.kith.dev/runs",
		"delete serviceaccounts", "get namespaces", "list persistentvolumeclaims", "bind rbac.authorization.k8s.io/roles",
		"escalate rbac.authorization.k8s.io/roles", "update rbac.authorization.k8s.io/rolebindings", "delete rbac.authorization.k8s.io/roles", "update batch/jobs"}
	for _, ns := range in {
		for _, what := range work {
			verb, resource, _ := strings.Cut(what, " ")
			check(verb, resource, "x", ns, true)
		}
		for _, resource := range []string{"rbac.authorization.k8s.io/roles", "networking.k8s.io/networkpolicies"} {
			check("update", resource, "kith-worker", ns, true)
			check("update", resource, "another", ns, false)
		}
		for _, o := range []client.Object{
			jobs.ServiceAccount(ns), jobs.Role(ns), jobs.RoleBinding(ns, jobs.WorkerName), jobs.RoleBinding(ns, "with-cloud-identity"), jobs.NetworkPolicy(ns),
		} {
			if err := makes.Create(context.Background(), o); err != nil {
				t.Errorf("%T %s: %v", o, o.GetName(), err)
			}
		}
		if err := makes.Update(context.Background(), jobs.Role(ns)); err != nil {
			t.Error(err)
		}
		more := jobs.Role(ns)
		more.Rules = append(more.Rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}})
		if err := makes.Update(context.Background(), more); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "attempting to grant") {
			t.Errorf("a Role with more than the manager has: %v", err)
		}
	}
	for _, ns := range notIn {
		for _, what := range work {
			verb, resource, _ := strings.Cut(what, " ")
			ownEvents := ns == namespace && strings.HasSuffix(resource, "events")
			check(verb, resource, "x", ns, ownEvents)
		}
	}
	for _, ns := range append(append([]string{""}, in...), notIn...) {
		for _, what := range never {
			verb, resource, _ := strings.Cut(what, " ")
			check(verb, resource, "x", ns, false)
		}
		check("get", "coordination.k8s.io/leases", "kith-manager", ns, ns == namespace)
	}
	check("create", "coordination.k8s.io/leases", "", namespace, true)
	check("update", "coordination.k8s.io/leases", "kith-manager", namespace, true)
	check("update", "coordination.k8s.io/leases", "another", namespace, false)
}

// may asks the server whether the client may do something to [group/]resource[/subresource].
func may(t *testing.T, clients kubernetes.Interface, verb, resource, name, namespace string) bool {
	t.Helper()
	parts := strings.Split(resource, "/")
	group := ""
	if strings.Contains(parts[0], ".") || parts[0] == "batch" {
		group, parts = parts[0], parts[1:]
	}
	attributes := &authorizationv1.ResourceAttributes{Verb: verb, Group: group, Resource: parts[0], Name: name, Namespace: namespace}
	if len(parts) > 1 {
		attributes.Subresource = parts[1]
	}
	review, err := clients.AuthorizationV1().SelfSubjectAccessReviews().Create(context.Background(),
		&authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(fmt.Errorf("%s %s: %w", verb, resource, err))
	}
	return review.Status.Allowed
}
