//go:build e2e

package chart

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kith-dev/kith/test/kithtest"
)

const (
	release   = "kith"
	namespace = "kith-system"
	oldest    = "1.31.0" // the oldest Kubernetes that the chart accepts
)

// variants are sets of values that between them use every template and every branch.
var variants = map[string]string{
	"defaults":   "{}",
	"namespaced": "{namespaces: [acme, globex], crds: {install: false}, rbac: {userRoles: false}}",
	"two":        "{replicas: 2, crds: {keep: false}}",
	"everything": `
image: {repository: example/manager, digest: "sha256:` + strings.Repeat("0", 64) + `", pullPolicy: Always, pullSecrets: [pull]}
worker: {image: {repository: example/worker, tag: v1, pullPolicy: Never, pullSecrets: [pull, pull-too]}}
namespaces: [acme, ` + namespace + `]
concurrency: 8
keepRuns: 50
logLevel: 2
replicas: 3
resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 2, memory: 1Gi}}
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: dedicated, operator: Equal, value: kith, effect: NoSchedule}]
priorityClassName: system-cluster-critical
podLabels: {team: data}
podAnnotations: {note: "yes"}
fullnameOverride: people
metrics:
  port: 9090
  podMonitor: {enabled: true, interval: 1m, labels: {release: prometheus}}
  prometheusRule: {enabled: true, labels: {release: prometheus}}
networkPolicy:
  enabled: true
  metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  apiServerPorts: [443]`,
	"closed": "{replicas: 0, metrics: {enabled: false}, networkPolicy: {enabled: true}, resources: {}}",
}

// tool finds a program that hack/cluster/build.sh builds, or else one that the machine has. Without it the test is skipped, and
// fails when CI=true.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.Command(filepath.Join(kithtest.Root(), "hack/cluster/build.sh"), "--print").Output()
	if err != nil {
		t.Fatalf("hack/cluster/build.sh: %v", err)
	}
	for _, dir := range filepath.SplitList(strings.TrimSpace(string(path))) {
		if file := filepath.Join(dir, name); exec.Command(file, "--help").Run() == nil {
			return file
		}
	}
	file, err := exec.LookPath(name)
	switch {
	case err == nil:
		return file
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	}
	t.Skipf("%v: run hack/cluster/build.sh once", err)
	return ""
}

// run a program in the repository, with a home of its own, and return what it prints.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = kithtest.Root()
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w: %s%s", filepath.Base(name), args[0], err, stderr.String(), stdout.String())
	}
	return stdout.String(), nil
}

// values writes a file of values.
func values(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// render is `helm template` with the given values.
func render(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	out, err := run(t, tool(t, "helm"), "template", release, "charts/kith", "--namespace", namespace, "--kube-version", oldest, "--values", values(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return objects(t, out)
}

// kustomize is `kubectl kustomize` of a folder.
func kustomize(t *testing.T, dir string) []*unstructured.Unstructured {
	t.Helper()
	out, err := run(t, tool(t, "kubectl"), "kustomize", dir)
	if err != nil {
		t.Fatal(err)
	}
	return objects(t, out)
}

// objects decodes YAML, strictly: a key that stands twice is an error.
func objects(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for _, doc := range documents(text) {
		js, err := yaml.YAMLToJSONStrict([]byte(doc))
		if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		if string(js) == "null" {
			continue
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(js); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int { return cmp.Compare(id(a), id(b)) })
	for i := 1; i < len(out); i++ {
		if id(out[i]) == id(out[i-1]) {
			t.Errorf("%s is there twice", id(out[i]))
		}
	}
	return out
}

func id(o *unstructured.Unstructured) string {
	return strings.TrimSuffix(fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetName(), o.GetNamespace()), "/")
}

// find the objects of a kind.
func find(all []*unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(all), func(o *unstructured.Unstructured) bool { return o.GetKind() != kind })
}

func TestLint(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(variants)) {
		if _, err := run(t, tool(t, "helm"), "lint", "--strict", "charts/kith", "--namespace", namespace, "--kube-version", oldest, "--values", values(t, variants[name])); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrongValuesAreRefused: each by the place where it stands.
func TestWrongValuesAreRefused(t *testing.T) {
	for text, where := range map[string]string{
		"{replica: 2}":                                 "replica",
		"{image: {tags: v1}}":                          "/image",
		"{image: {pullPolicy: Sometimes}}":             "/image/pullPolicy",
		"{image: {digest: abc}}":                       "/image/digest",
		"{worker: {images: {}}}":                       "/worker",
		"{namespaces: acme}":                           "/namespaces",
		"{namespaces: [Acme]}":                         "/namespaces/0",
		"{concurrency: 0}":                             "/concurrency",
		"{keepRuns: many}":                             "/keepRuns",
		"{logLevel: verbose}":                          "/logLevel",
		"{resources: {limit: {memory: 1Gi}}}":          "/resources",
		"{crds: {keeps: true}}":                        "/crds",
		"{rbac: {create: false}}":                      "/rbac",
		"{metrics: {port: 8081}}":                      "/metrics/port",
		"{metrics: {podMonitor: {interval: often}}}":   "/metrics/podMonitor/interval",
		"{tolerations: [{keys: a}]}":                   "/tolerations/0",
		"{networkPolicy: {metricsFrom: [{pods: {}}]}}": "/networkPolicy/metricsFrom/0",
		"{networkPolicy: {apiServerPorts: []}}":        "/networkPolicy/apiServerPorts",
	} {
		_, err := run(t, tool(t, "helm"), "template", release, "charts/kith", "--kube-version", oldest, "--values", values(t, text))
		if err == nil || !strings.Contains(err.Error(), where) || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: want an error of the schema at %s, got %v", text, where, err)
		}
	}
}

// TestChartAndKustomizationsAreTheSame but for what only Helm has, and the namespace, which Helm makes with --create-namespace.
func TestChartAndKustomizationsAreTheSame(t *testing.T) {
	chart := render(t, "{metrics: {podMonitor: {enabled: true}, prometheusRule: {enabled: true}}}")
	var kustomized []*unstructured.Unstructured
	for _, o := range append(kustomize(t, "config/default"), kustomize(t, "config/prometheus")...) {
		if o.GetKind() != "Namespace" {
			kustomized = append(kustomized, o)
		}
	}
	text := func(all []*unstructured.Unstructured) map[string]string {
		out := map[string]string{}
		for _, o := range all {
			unstructured.RemoveNestedField(o.Object, "metadata", "labels", "helm.sh/chart")
			unstructured.RemoveNestedField(o.Object, "metadata", "labels", "app.kubernetes.io/managed-by")
			unstructured.RemoveNestedField(o.Object, "metadata", "annotations", "helm.sh/resource-policy")
			js, err := json.MarshalIndent(o.Object, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			out[id(o)] = string(js)
		}
		return out
	}
	a, b := text(chart), text(kustomized)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		switch {
		case b[name] == "":
			t.Errorf("the kustomizations have no %s", name)
		case a[name] != b[name]:
			t.Errorf("%s differs: %s", name, firstDifference(a[name], b[name]))
		}
		delete(b, name)
	}
	for name := range b {
		t.Errorf("the chart has no %s", name)
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("the chart has %q, the kustomization %q, after %q", x[i], y[i], x[max(0, i-3):i])
		}
	}
	return "one is longer"
}

// TestVariants: what must be there, and what must not, with each set of values.
func TestVariants(t *testing.T) {
	for _, v := range []struct {
		values string
		want   map[string]int
	}{
		{"defaults", map[string]int{"CustomResourceDefinition": 8, "ClusterRole": 3, "ClusterRoleBinding": 1, "Role": 1, "RoleBinding": 1,
			"Service": 1, "PodDisruptionBudget": 0, "NetworkPolicy": 0, "PodMonitor": 0, "PrometheusRule": 0, "Secret": 0}},
		{"namespaced", map[string]int{"CustomResourceDefinition": 0, "ClusterRole": 0, "ClusterRoleBinding": 0, "Role": 3, "RoleBinding": 3}},
		{"two", map[string]int{"PodDisruptionBudget": 1}},
		{"everything", map[string]int{"ClusterRole": 2, "ClusterRoleBinding": 0, "Role": 3, "PodDisruptionBudget": 1, "NetworkPolicy": 1, "PodMonitor": 1, "PrometheusRule": 1}},
		{"closed", map[string]int{"Service": 0, "NetworkPolicy": 1}},
	} {
		all := render(t, variants[v.values])
		for kind, want := range v.want {
			if got := len(find(all, kind)); got != want {
				t.Errorf("%s: %d of kind %s instead of %d", v.values, got, kind, want)
			}
		}
	}
}

func TestCRDsAreKept(t *testing.T) {
	for variant, want := range map[string]string{"defaults": "keep", "two": ""} {
		for _, d := range find(render(t, variants[variant]), "CustomResourceDefinition") {
			if got := d.GetAnnotations()["helm.sh/resource-policy"]; got != want {
				t.Errorf("%s: the policy of %s is %q instead of %q", variant, d.GetName(), got, want)
			}
		}
	}
}

// TestReleaseFitsASecret: Helm keeps a release in one Secret, of at most 1 MiB; so the chart must stay far below.
func TestReleaseFitsASecret(t *testing.T) {
	dir := t.TempDir()
	if _, err := run(t, tool(t, "helm"), "package", "charts/kith", "--destination", dir); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "kith-*.tgz"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	// The Secret holds the chart and what it was rendered to, in base64 twice.
	if size := info.Size(); size*2*16/9 > 700<<10 {
		t.Errorf("the chart has %d bytes", size)
	}
}
