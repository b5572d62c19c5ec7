package docs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/manifest"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/segment/lang"
)

// manifests are the shown documents of the API group, by where they stand.
func manifests(t *testing.T, page string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line, block := range blocks(read(t, page), "yaml") {
		if strings.Contains(block, "apiVersion: cdp.kith.dev") {
			out[fmt.Sprintf("%s:%d", page, line)] = block
		}
	}
	return out
}

func load(t *testing.T, texts ...string) (*manifest.Set, error) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.yaml", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return manifest.Load([]string{dir}, manifest.Options{})
}

func TestManifestsAreValid(t *testing.T) {
	for _, page := range pages(t) {
		for where, text := range manifests(t, page) {
			if _, err := load(t, text); err != nil {
				t.Errorf("%s: %v", where, err)
			}
		}
	}
}

// tenant is everything that the pages of the kinds show as examples: together they are one tenant.
func tenant(t *testing.T) *plan.Objects {
	t.Helper()
	var texts []string
	for _, kind := range []string{"workspace", "datasource", "identityrule", "trait", "segment", "destination", "activation"} {
		found := manifests(t, kind+".md")
		if len(found) == 0 {
			t.Errorf("%s.md shows no example", kind)
		}
		for _, where := range slices.Sorted(maps.Keys(found)) {
			texts = append(texts, found[where])
		}
	}
	set, err := load(t, texts...)
	if err != nil {
		t.Fatal(err)
	}
	return &set.Objects
}

func TestExamplesAreOneTenant(t *testing.T) {
	for _, p := range plan.Check(tenant(t)) {
		t.Errorf("%s %s: %s: %v", p.Kind, p.Name, p.Field, p.Err)
	}
}

func TestExpressions(t *testing.T) {
	o := tenant(t)
	space, err := o.Space(&o.IdentityRules[0])
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line, block := range blocks(read(t, "segment.md"), "cel") {
		for i, expression := range strings.Split(strings.TrimSpace(block), "\n") {
			found++
			c, err := lang.New(space.Schema, lang.Options{Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), TimeZone: o.Workspace.Spec.TimeZone})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Condition(expression); err != nil {
				t.Errorf("segment.md:%d: %s: %v", line+i, expression, err)
			}
		}
	}
	if found == 0 {
		t.Error("segment.md shows no expressions")
	}
}

// declared finds the functions that package lang declares to the checker: overloads, macros over lists, accessors of time.
var declared = regexp.MustCompile(`(?:fn: |over\()"([a-z][a-zA-Z]+)"|"(get[A-Z][a-zA-Z]+)":`)

func TestFunctions(t *testing.T) {
	language := strings.Join(code(withoutCode(section(t, read(t, "segment.md"), "## The language"))), " ")
	files, err := filepath.Glob(filepath.Join(root, "internal/segment/lang/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range []string{"has", "exists", "all", "filter", "map", "contains", "startsWith", "endsWith"} {
		found[name] = true
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for line := range strings.Lines(read(t, f)) {
			for _, m := range declared.FindAllStringSubmatch(line, -1) {
				found[m[1]+m[2]] = true
			}
		}
	}
	if len(found) < 30 {
		t.Fatalf("only %d functions were found in package lang: does it declare them in another way?", len(found))
	}
	for name := range found {
		if !regexp.MustCompile(`\b` + name + `\(`).MatchString(language) {
			t.Errorf("segment.md does not have the function %s", name)
		}
	}
}
