package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/kith-dev/kith/config/crd"
	"github.com/kith-dev/kith/internal/fault"
)

// eachKind calls check with the definition of every kind and its page.
func eachKind(t *testing.T, check func(t *testing.T, d *apiextensionsv1.CustomResourceDefinition, page string)) {
	t.Helper()
	defs, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defs {
		kind := d.Spec.Names.Kind
		t.Run(kind, func(t *testing.T) { check(t, d, read(t, strings.ToLower(kind)+".md")) })
	}
}

// constants of the API by the beginning of their names, such as Reason.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "api", "v1alpha1", "conditions.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			value, err := strconv.Unquote(spec.Values[i].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, group := range []string{"Condition", "Reason", "Event", "Annotation", "Finalizer", "Label"} {
				if strings.HasPrefix(name.Name, group) {
					out[group] = append(out[group], value)
				}
			}
		}
		return true
	})
	return out
}

// TestConditions: the table of each kind holds conditions and reasons that there are.
func TestConditions(t *testing.T) {
	known := constants(t)
	reasons := slices.Concat(known["Reason"], []string{"Committed", "Unchanged"})
	for _, c := range fault.Classes() {
		reasons = append(reasons, string(c))
	}
	documented := map[string]bool{}
	eachKind(t, func(t *testing.T, _ *apiextensionsv1.CustomResourceDefinition, page string) {
		table := rows(section(t, page, "### Conditions"))
		if len(table) == 0 {
			t.Fatal("there is no table of conditions")
		}
		for _, r := range table {
			if len(r) != 4 || len(code(r[0])) != 1 || len(code(r[1])) != 1 || r[3] == "" {
				t.Errorf("a row of the table of conditions is not `condition` | `status` | `reason`, ... | meaning: %q", r)
				continue
			}
			condition, status := code(r[0])[0], code(r[1])[0]
			documented[condition] = true
			if !slices.Contains(known["Condition"], condition) || status != "True" && status != "False" {
				t.Errorf("%s %s is no condition", condition, status)
			}
			for _, reason := range code(r[2]) {
				documented[reason] = true
				if condition != "Waiting" && !slices.Contains(reasons, reason) { // which is that of Kubernetes
					t.Errorf("%s is no reason of a condition", reason)
				}
			}
		}
	})
	for _, heading := range []string{"## Conditions", "## Events"} {
		for _, word := range code(section(t, read(t, "conditions.md"), heading)) {
			documented[word] = true
		}
	}
	for _, word := range slices.Concat(known["Condition"], known["Reason"], known["Event"]) {
		if !documented[word] {
			t.Errorf("%s is in no table of conditions, nor in conditions.md", word)
		}
	}
}

// TestColumns: the page of each kind has the columns that kubectl prints.
func TestColumns(t *testing.T) {
	eachKind(t, func(t *testing.T, d *apiextensionsv1.CustomResourceDefinition, page string) {
		words := code(section(t, page, "## In a cluster"))
		for _, c := range d.Spec.Versions[0].AdditionalPrinterColumns {
			if !slices.Contains(words, c.Name) {
				t.Errorf("the column %s is not documented", c.Name)
			}
		}
	})
}

// TestStatus: the fields of a Run's status are on its page, those of all others in conditions.md.
func TestStatus(t *testing.T) {
	eachKind(t, func(t *testing.T, d *apiextensionsv1.CustomResourceDefinition, page string) {
		text := section(t, read(t, "conditions.md"), "## Status")
		if d.Spec.Names.Kind == "Run" {
			text = section(t, page, "### Status")
		}
		fields := map[string]field{}
		specFields(d.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["status"], "", fields)
		words := code(text)
		for _, path := range slices.Sorted(maps.Keys(fields)) {
			if !slices.Contains(words, path) && !strings.HasPrefix(path, "conditions[]") {
				t.Errorf("status.%s is not documented", path)
			}
		}
	})
}

// TestWordsOfTheAPI: annotations, finalizers and labels are documented.
func TestWordsOfTheAPI(t *testing.T) {
	var all strings.Builder
	for _, page := range []string{"conditions.md", "run.md", "operations.md"} {
		all.WriteString(read(t, page))
	}
	known := constants(t)
	for _, word := range slices.Concat(known["Annotation"], known["Finalizer"], known["Label"]) {
		if !strings.Contains(all.String(), word) {
			t.Errorf("%s is not documented", word)
		}
	}
}
