// Package api_test holds what the API of Kith promises against a real kube-apiserver: that the CRDs install within its limits,
// that every rule in them refuses what it should and nothing else, and that internal/manifest gives the same verdict on files.
package api_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/kith-dev/kith/config/crd"
	"github.com/kith-dev/kith/test/apitest"
	"github.com/kith-dev/kith/test/kithtest"
)

// maxCRD is the size in bytes beyond which `kubectl apply`, which copies an object into an annotation, comes close to failing.
const maxCRD = 200_000

func TestSizeOfCRDs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(kithtest.Root(), "config", "crd", "bases", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs: %v", err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxCRD {
			t.Errorf("%s has %d bytes; the limit is %d", filepath.Base(f), info.Size(), maxCRD)
		}
	}
}

// ruleCase is one rule of a CRD, with objects on both sides of it.
type ruleCase struct {
	Rule     string         `json:"rule"`
	Base     string         `json:"base"`
	Update   bool           `json:"update"` // the rule speaks of changes to an object that exists
	Broken   map[string]any `json:"broken"`
	Accepted map[string]any `json:"accepted"`
}

// message of the rule, which is what a user sees.
func (c ruleCase) message() string {
	_, m, _ := strings.Cut(c.Rule, ": ")
	return m
}

type verdictCase struct {
	Name    string         `json:"name"`
	Base    string         `json:"base"`
	Patch   map[string]any `json:"patch"`
	Refused bool           `json:"refused"`
}

func load(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// TestEveryRuleHasACase keeps testdata/rules.yaml equal to the rules that the CRDs hold.
func TestEveryRuleHasACase(t *testing.T) {
	var cases []ruleCase
	load(t, "rules.yaml", &cases)
	var have []string
	for _, c := range cases {
		have = append(have, c.Rule)
	}
	want := rules(t)
	for _, r := range want {
		if n := count(want, r); n > 1 {
			t.Errorf("%d rules are called %q; give them different messages", n, r)
		}
		if n := count(have, r); n != 1 {
			t.Errorf("%d cases for the rule %q; one is needed", n, r)
		}
	}
	for _, r := range have {
		if !slices.Contains(want, r) {
			t.Errorf("a case for %q, which is no rule", r)
		}
	}
}

func count(list []string, x string) int {
	n := 0
	for _, y := range list {
		if x == y {
			n++
		}
	}
	return n
}

// rules lists every CEL rule as "Kind path: message".
func rules(t *testing.T) []string {
	t.Helper()
	defs, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range defs {
		for _, v := range d.Spec.Versions {
			out = append(out, rulesOf(t, d.Spec.Names.Kind, "", v.Schema.OpenAPIV3Schema)...)
		}
	}
	return out
}

func rulesOf(t *testing.T, kind, path string, s *apiextensionsv1.JSONSchemaProps) []string {
	t.Helper()
	var out []string
	for _, r := range s.XValidations {
		if r.Message == "" {
			t.Errorf("%s %s: the rule %s has no message", kind, path, r.Rule)
		}
		out = append(out, strings.TrimSpace(kind+" "+path)+": "+r.Message)
	}
	for name := range s.Properties {
		p := s.Properties[name]
		out = append(out, rulesOf(t, kind, strings.TrimPrefix(path+"."+name, "."), &p)...)
	}
	if s.Items != nil {
		out = append(out, rulesOf(t, kind, path+"[]", s.Items.Schema)...)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		out = append(out, rulesOf(t, kind, path+".*", s.AdditionalProperties.Schema)...)
	}
	return out
}

// TestAPI asks one API server about every case. Starting it is the proof that the CRDs install: the server refuses a CRD whose
// rules could cost too much.
func TestAPI(t *testing.T) {
	s := newServer(t, apitest.Start(t))
	var bases map[string]map[string]any
	load(t, "bases.yaml", &bases)
	t.Run("rules", func(t *testing.T) {
		var cases []ruleCase
		load(t, "rules.yaml", &cases)
		for _, c := range cases {
			t.Run(c.Rule, func(t *testing.T) { s.testRule(t, c, bases[c.Base]) })
		}
	})
	t.Run("verdicts", func(t *testing.T) {
		var cases []verdictCase
		load(t, "verdicts.yaml", &cases)
		for name, base := range bases {
			cases = append(cases, verdictCase{Name: "base " + name, Base: name, Patch: base})
		}
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				object := patched(bases[c.Base], c.Patch)
				err := s.create(t, object)
				if (err != nil) != c.Refused {
					t.Errorf("refused: %v, want %v: %v", err != nil, c.Refused, err)
				}
				s.compare(t, object, err)
			})
		}
	})
}

// TestDefaultsReachObjectsThatAreLeftOut: the API server fills in the defaults inside an object only where the object is there.
// One that holds defaults must therefore be required, be one way of a union, or default to {} itself.
func TestDefaultsReachObjectsThatAreLeftOut(t *testing.T) {
	defs, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defs {
		for _, v := range d.Spec.Versions {
			spec := v.Schema.OpenAPIV3Schema.Properties["spec"]
			for name := range spec.Properties {
				p := spec.Properties[name]
				if holdsDefaults(&p) && p.Default == nil && !slices.Contains(spec.Required, name) {
					t.Errorf("%s: spec.%s holds defaults that do not apply where it is left out; mark it +kubebuilder:default={}", d.Spec.Names.Kind, name)
				}
			}
		}
	}
}

// holdsDefaults: objects with required fields are left out as a whole or written out.
func holdsDefaults(s *apiextensionsv1.JSONSchemaProps) bool {
	if len(s.Required) > 0 {
		return false
	}
	for name := range s.Properties {
		if s.Properties[name].Default != nil {
			return true
		}
	}
	return false
}
