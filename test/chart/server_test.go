//go:build e2e

package chart

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/kith-dev/kith/test/apitest"
)

// server is a real kube-apiserver, without controllers, with the namespaces of testdata.
type server struct {
	config  *rest.Config
	clients kubernetes.Interface
	mapper  meta.RESTMapper
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{config: apitest.Start(t)}
	var err error
	if s.clients, err = kubernetes.NewForConfig(s.config); err != nil {
		t.Fatal(err)
	}
	s.discover(t)
	s.mustApply(t, objects(t, read(t, "test/chart/testdata/namespaces.yaml"))...)
	return s
}

func (s *server) discover(t *testing.T) {
	t.Helper()
	groups, err := restmapper.GetAPIGroupResources(s.clients.Discovery())
	if err != nil {
		t.Fatal(err)
	}
	s.mapper = restmapper.NewDiscoveryRESTMapper(groups)
}

// apply an object by server-side apply; only for show where dryRun is true. A field that the kind does not have is an error.
func (s *server) apply(o *unstructured.Unstructured, config *rest.Config, dryRun bool) error {
	kind := o.GroupVersionKind()
	mapping, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	text, err := json.Marshal(o.Object)
	if err != nil {
		return err
	}
	force := true
	options := metav1.PatchOptions{FieldManager: "test", FieldValidation: metav1.FieldValidationStrict, Force: &force}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	var resource dynamic.ResourceInterface = client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		resource = client.Resource(mapping.Resource).Namespace(o.GetNamespace())
	}
	_, err = resource.Patch(context.Background(), o.GetName(), types.ApplyPatchType, text, options)
	return err
}

func (s *server) mustApply(t *testing.T, all ...*unstructured.Unstructured) {
	t.Helper()
	for _, o := range all {
		if err := s.apply(o, s.config, false); err != nil {
			t.Fatalf("%s: %v", id(o), err)
		}
	}
}

// installMonitoring makes the API serve the kinds of the Prometheus operator.
func (s *server) installMonitoring(t *testing.T) {
	t.Helper()
	s.mustApply(t, objects(t, read(t, "test/chart/testdata/monitoring.yaml"))...)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		s.discover(t)
		_, a := s.mapper.RESTMapping(schema.GroupKind{Group: "monitoring.coreos.com", Kind: "PodMonitor"}, "v1")
		_, b := s.mapper.RESTMapping(schema.GroupKind{Group: "monitoring.coreos.com", Kind: "PrometheusRule"}, "v1")
		if a == nil && b == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(a, b)
		}
	}
}

func TestAPIServer(t *testing.T) {
	s := start(t)
	s.installMonitoring(t)
	for _, name := range slices.Sorted(maps.Keys(variants)) {
		t.Run("accepts "+name, func(t *testing.T) { s.acceptsVariant(t, variants[name]) })
	}
	t.Run("restricted", s.letsPodsInto)
	t.Run("user roles are aggregated", s.aggregatesUserRoles)
	t.Run("rights", func(t *testing.T) { s.givesRights(t, "defaults", []string{"acme", "globex"}, nil) })
}

// TestNamespacedRights needs a server of its own: rights add up.
func TestNamespacedRights(t *testing.T) {
	start(t).givesRights(t, "namespaced", []string{"acme", "globex"}, []string{"restricted", namespace})
}

// acceptsVariant: the server knows every field of every object, and would know of one too many.
func (s *server) acceptsVariant(t *testing.T, variant string) {
	for _, o := range render(t, variant) {
		if err := s.apply(o, s.config, true); err != nil {
			t.Errorf("%s: %v", id(o), err)
		}
		o.Object["oneTooMany"] = "x"
		if err := s.apply(o, s.config, true); err == nil || !strings.Contains(err.Error(), "oneTooMany") {
			t.Errorf("%s with a field that it does not have: %v", id(o), err)
		}
	}
}

// letsPodsInto a namespace of the Pod Security level restricted: the manager's of every variant, but not one without its
// security context.
func (s *server) letsPodsInto(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(variants)) {
		for _, d := range find(render(t, variants[name]), "Deployment") {
			template, _, err := unstructured.NestedMap(d.Object, "spec", "template")
			if err != nil {
				t.Fatal(err)
			}
			pod := &corev1.Pod{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, pod); err != nil {
				t.Fatal(err)
			}
			pod.Name = "manager"
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: pod.Spec.ServiceAccountName}}
			_, _ = s.clients.CoreV1().ServiceAccounts("restricted").Create(context.Background(), account, metav1.CreateOptions{}) // or it is there
			dryRun := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
			if _, err := s.clients.CoreV1().Pods("restricted").Create(context.Background(), pod, dryRun); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			pod.Spec.SecurityContext = nil
			if _, err := s.clients.CoreV1().Pods("restricted").Create(context.Background(), pod, dryRun); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
				t.Errorf("%s: a pod without a security context: %v", name, err)
			}
		}
	}
}

// aggregatesUserRoles: the labels are those that Kubernetes' own roles ask for.
func (s *server) aggregatesUserRoles(t *testing.T) {
	for ours, builtIn := range map[string]string{"kith-viewer": "view", "kith-editor": "edit"} {
		role, err := s.clients.RbacV1().ClusterRoles().Get(context.Background(), builtIn, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range find(render(t, variants["defaults"]), "ClusterRole") {
			if o.GetName() != ours {
				continue
			}
			matches := slices.ContainsFunc(role.AggregationRule.ClusterRoleSelectors, func(selector metav1.LabelSelector) bool {
				parsed, err := metav1.LabelSelectorAsSelector(&selector)
				return err == nil && parsed.Matches(labels.Set(o.GetLabels()))
			})
			if !matches {
				t.Errorf("%s does not aggregate %s", builtIn, ours)
			}
		}
	}
}
