package chart

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/kith-dev/kith/config/crd"
	"github.com/kith-dev/kith/test/kithtest"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(kithtest.Root(), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// documents are the parts of a file of YAML.
func documents(text string) []string {
	var out []string
	for _, d := range strings.Split("\n"+text, "\n---\n") {
		if strings.TrimSpace(d) != "" {
			out = append(out, d)
		}
	}
	return out
}

// TestManagerAsksForLittle: no Secret, nothing by wildcard, no way around the rules of RBAC.
func TestManagerAsksForLittle(t *testing.T) {
	docs := documents(read(t, "config/rbac/role.yaml"))
	if len(docs) != 2 {
		t.Fatalf("role.yaml has %d documents instead of a ClusterRole and a Role", len(docs))
	}
	for _, doc := range docs {
		var role rbacv1.ClusterRole // a Role has the same rules
		if err := yaml.Unmarshal([]byte(doc), &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			for _, r := range append(append(slices.Clone(rule.Resources), rule.APIGroups...), rule.Verbs...) {
				if slices.Contains([]string{"*", "secrets", "pods/exec", "serviceaccounts/token", "escalate", "bind", "impersonate"}, r) {
					t.Errorf("the %s asks for %s: %v", role.Kind, r, rule)
				}
			}
		}
	}
}

// TestUsersHaveEveryKind: the roles for people name every kind and its status.
func TestUsersHaveEveryKind(t *testing.T) {
	defs, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"viewer", "editor"} {
		var role rbacv1.ClusterRole
		decode(t, "config/rbac/"+name+"_role.yaml", &role)
		may := map[string]bool{}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					may[verb+" "+resource] = true
				}
			}
		}
		for _, d := range defs {
			resource := d.Spec.Names.Plural
			for _, what := range []string{"get " + resource, "list " + resource, "watch " + resource, "get " + resource + "/status"} {
				if !may[what] {
					t.Errorf("a %s may not %s", name, what)
				}
			}
			for verb, want := range map[string]bool{
				"create": name == "editor" && resource != "runs",
				"patch":  name == "editor" && resource != "runs",
				"delete": name == "editor",
			} {
				if may[verb+" "+resource] != want {
					t.Errorf("a %s may %s %s: %t instead of %t", name, verb, resource, !want, want)
				}
			}
		}
	}
}

// TestKustomizationHasEveryCRD, because kustomize takes no patterns.
func TestKustomizationHasEveryCRD(t *testing.T) {
	var k struct{ Resources []string }
	decode(t, "config/crd/kustomization.yaml", &k)
	files, err := filepath.Glob(filepath.Join(kithtest.Root(), "config/crd/bases/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range files {
		want = append(want, "bases/"+filepath.Base(f))
	}
	if !slices.Equal(k.Resources, want) {
		t.Errorf("config/crd/kustomization.yaml lists %v instead of %v", k.Resources, want)
	}
}

// TestSchemaIsTheValues: every value has a place in the schema, and every place in the schema has a default among the values.
func TestSchemaIsTheValues(t *testing.T) {
	var values map[string]any
	decode(t, "charts/kith/values.yaml", &values)
	var schema map[string]any
	if err := json.Unmarshal([]byte(read(t, "charts/kith/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	definitions, _ := schema["definitions"].(map[string]any)
	delete(schema["properties"].(map[string]any), "global")
	var compare func(path string, schema map[string]any, value any)
	compare = func(path string, schema map[string]any, value any) {
		if ref, ok := schema["$ref"].(string); ok {
			schema, _ = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		}
		properties, _ := schema["properties"].(map[string]any)
		if properties == nil {
			return
		}
		if schema["additionalProperties"] != false {
			t.Errorf("the schema lets anything pass at %s", path)
		}
		object, _ := value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			v, ok := object[key]
			if !ok {
				t.Errorf("values.yaml has no %s.%s, which the schema knows", path, key)
				continue
			}
			compare(path+"."+key, properties[key].(map[string]any), v)
		}
		for key := range object {
			if properties[key] == nil {
				t.Errorf("the schema has no %s.%s", path, key)
			}
		}
	}
	compare("", schema, values)
}

// TestOneVersion: the kustomizations name the version of the chart.
func TestOneVersion(t *testing.T) {
	var c struct{ Version, AppVersion string }
	decode(t, "charts/kith/Chart.yaml", &c)
	if c.Version != c.AppVersion {
		t.Errorf("the chart has version %s and appVersion %s", c.Version, c.AppVersion)
	}
	for path, before := range map[string]string{
		"config/default/kustomization.yaml":    "app.kubernetes.io/version: ",
		"config/prometheus/kustomization.yaml": "app.kubernetes.io/version: ",
		"config/manager/manager.yaml":          "kith-(?:manager|worker):",
	} {
		found := regexp.MustCompile(before+`(\S+)\n`).FindAllStringSubmatch(read(t, path), -1)
		if len(found) == 0 {
			t.Errorf("%s names no version", path)
		}
		for _, f := range found {
			if f[1] != c.AppVersion {
				t.Errorf("%s has version %s instead of %s", path, f[1], c.AppVersion)
			}
		}
	}
}

type alert struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var rule struct {
		Spec struct{ Groups []struct{ Rules []alert } }
	}
	decode(t, "config/prometheus/rule.yaml", &rule)
	var out []alert
	for _, g := range rule.Spec.Groups {
		out = append(out, g.Rules...)
	}
	if len(out) == 0 {
		t.Fatal("there are no alerts")
	}
	return out
}

// TestAlertsAreDocumented: each one has what a reader needs, and a section that says what to do.
func TestAlertsAreDocumented(t *testing.T) {
	page := read(t, "docs/operations.md")
	metrics := regexp.MustCompile(`kith_[a-z_]+`)
	for _, a := range alerts(t) {
		if a.Expr == "" || a.Labels["severity"] == "" || a.Annotations["summary"] == "" || a.Annotations["description"] == "" {
			t.Errorf("%s is incomplete", a.Alert)
		}
		if !strings.Contains(page, fmt.Sprintf("\n| `%s` |", a.Alert)) {
			t.Errorf("docs/operations.md does not say what to do about %s", a.Alert)
		}
		for _, m := range metrics.FindAllString(a.Expr, -1) {
			if !strings.Contains(page, "\n| `"+m+"` |") {
				t.Errorf("docs/operations.md does not have the metric %s of %s", m, a.Alert)
			}
		}
	}
}
