package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
)

const workspace = `apiVersion: cdp.kith.dev/v1alpha1
kind: Workspace
metadata:
  name: default
spec:
  lake: {volume: {claimName: lake}}
  currency: EUR
  purposes:
  - name: analytics
    lawfulBasis: Contract
  defaultPurpose: analytics
`

const segment = `apiVersion: cdp.kith.dev/v1alpha1
kind: Segment
metadata:
  name: loyal
spec:
  identityRef: {name: customers}
  where: |
    profile.revenue > 100.0
`

// folder writes files and returns where they are.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustLoad(t *testing.T, files map[string]string, o Options) *Set {
	t.Helper()
	s, err := Load([]string{folder(t, files)}, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// problemsOf loads what must be refused and returns the problems with file names relative to the folder.
func problemsOf(t *testing.T, files map[string]string, o Options) []string {
	t.Helper()
	dir := folder(t, files)
	_, err := Load([]string{dir}, o)
	var ps Problems
	if !errors.As(err, &ps) || !fault.Is(err, fault.InvalidManifest) {
		t.Fatalf("want problems of class InvalidManifest, got %v", err)
	}
	return strings.Split(strings.ReplaceAll(err.Error(), dir+"/", ""), "\n")
}

func TestLoadFindsDocumentsEverywhere(t *testing.T) {
	s := mustLoad(t, map[string]string{
		"a.yaml":             "# a comment\n---\n" + workspace + "---\n\n--- # empty\n---\n" + segment,
		"sub/b.yml":          strings.ReplaceAll(segment, "loyal", "bold"),
		"sub/c.json":         "{\n\t\"apiVersion\": \"cdp.kith.dev/v1alpha1\", \"kind\": \"Segment\",\n\t\"metadata\": {\"name\": \"coded\"},\n\t\"spec\": {\"identityRef\": {\"name\": \"customers\"}, \"where\": \"true\"}}",
		"list.yaml":          "apiVersion: v1\nkind: List\nitems:\n" + indented(strings.ReplaceAll(segment, "loyal", "listed")),
		"windows.yaml":       "\ufeff" + strings.ReplaceAll("---\n"+strings.ReplaceAll(segment, "loyal", "crlf"), "\n", "\r\n"),
		"kustomization.yaml": "resources: [a.yaml]\n",
		".git/x.yaml":        "a: [",
		"notes.txt":          "a: [",
		"secret.yaml":        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n",
		"run.yaml":           "apiVersion: cdp.kith.dev/v1alpha1\nkind: Run\nmetadata: {name: r}\nspec: {task: Ingest, subject: {kind: DataSource, name: d}, serial: 1, planHash: a, planRef: {name: r}, now: \"2026-06-01T00:00:00.000000Z\", cause: first run, attempt: 1, deadline: 6h}\n",
	}, Options{})
	var names []string
	for _, x := range s.Objects.Segments {
		names = append(names, x.Name)
		if x.Namespace != "default" {
			t.Errorf("%s is of namespace %q", x.Name, x.Namespace)
		}
	}
	if want := []string{"bold", "coded", "crlf", "listed", "loyal"}; !slices.Equal(names, want) {
		t.Errorf("segments %v, want %v", names, want)
	}
	var ignored []string
	for _, i := range s.Ignored {
		ignored = append(ignored, i.Kind+" "+i.Name)
	}
	if want := []string{"Secret db", "Run r"}; !slices.Equal(ignored, want) {
		t.Errorf("ignored %v, want %v", ignored, want)
	}
	w := s.Objects.Workspace
	if w == nil || w.Spec.TimeZone != "UTC" || w.Spec.Purposes[0].WhenUnknown != "Deny" {
		t.Errorf("no workspace or no defaults in it: %+v", w)
	}
}

// indented makes a document the first item of a list.
func indented(doc string) string {
	return "- " + strings.TrimSuffix(strings.ReplaceAll(doc, "\n", "\n  "), "  ")
}

func TestPos(t *testing.T) {
	s := mustLoad(t, map[string]string{"a.yaml": workspace + "---\n" + segment}, Options{})
	for field, line := range map[string]int{
		"": 13, "metadata.name": 16, "spec.where": 19, "spec.identityRef.name": 18, "spec.rank.by": 17,
	} {
		if got := s.Pos("Segment", "loyal", field); got.Line != line {
			t.Errorf("%q is at %v, want line %d", field, got, line)
		}
	}
	if got := s.Pos("Workspace", "default", "spec.purposes[0].lawfulBasis"); got.Line != 10 {
		t.Errorf("in a list: %v", got)
	}
	if got := s.Pos("Segment", "none", ""); got != (Pos{}) {
		t.Errorf("an object that is not there: %v", got)
	}
}

func TestAllProblemsAreReported(t *testing.T) {
	twice := segment + "  interval: daily\n  interval: 1h\n"
	got := problemsOf(t, map[string]string{
		"a.yaml": workspace + "---\n" + strings.Replace(segment, "  where: |\n    profile", "  wehre: |\n    profile", 1) + "  interval: daily\n",
		"b.yaml": twice,
		"c.yaml": segment + "---\n" + segment,
	}, Options{})
	want := []string{
		"a.yaml:17: Segment loyal: spec.where: must be given",
		"a.yaml:19: Segment loyal: spec.wehre: there is no such field; check its spelling and its indentation",
		"a.yaml:21: Segment loyal: spec.interval: should match '^([0-9]{1,5}(ms|s|m|h))+$'",
		"b.yaml:10: Segment loyal: spec.interval: is given twice, first on line 9",
		"c.yaml:13: Segment loyal: metadata.name: is already the name of the Segment at ",
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
			t.Errorf("no problem %q in\n%s", w, strings.Join(got, "\n"))
		}
	}
}

func TestProblemsHoldNoValues(t *testing.T) {
	const rule = `apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: customers}
spec:
  sources: [{name: crm}]
  deterministic: [{identifiers: [email]}]
  guards:
    blockedValues:
    - identifier: email
      values: [ann@example.com, ann@example.com, 7]
`
	got := strings.Join(problemsOf(t, map[string]string{"a.yaml": rule}, Options{}), "\n")
	if strings.Contains(got, "ann@") || !strings.Contains(got, "a.yaml:10: ") {
		t.Errorf("the value is in the message, or its line is not:\n%s", got)
	}
}

func TestMistakesOfForm(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"tab":              {"a:\n\tb: 1\n", "a.yaml:2: does not parse"},
		"second document":  {"---\n" + segment + "---\n" + "a: 1\nb: : 2\n", "a.yaml:12: does not parse"},
		"no kind":          {"a: 1\n", "a.yaml:1: apiVersion: must say what this object is"},
		"a list":           {"\n- a\n", "a.yaml:2: is not an object"},
		"unknown kind":     {strings.Replace(segment, "Segment", "Segement", 1), "a.yaml:2: Segement loyal: kind: there is no such kind; cdp.kith.dev has Activation, DataSource,"},
		"unknown version":  {strings.Replace(segment, "v1alpha1", "v2", 1), "a.yaml:1: Segment loyal: apiVersion: must be one of cdp.kith.dev/v1alpha1"},
		"dots in place":    {segment + "...\n" + segment, "a.yaml:1: more text follows"},
		"not UTF-8":        {"a: \xff\n", "a.yaml: is not UTF-8 text"},
		"no metadata":      {"apiVersion: cdp.kith.dev/v1alpha1\nkind: Segment\n", "a.yaml:1: Segment: metadata: must be there"},
		"made-up name":     {strings.Replace(segment, "name: loyal", "generateName: loyal-", 1), "a.yaml:3: Segment: metadata.name: must be given"},
		"anchor in itself": {"apiVersion: &a [*a]\nkind: x\n", "a.yaml:1: does not parse"},
		"list of text":     {"apiVersion: v1\nkind: List\nitems:\n- a\n", "a.yaml:4: is not an object"},
	} {
		t.Run(name, func(t *testing.T) {
			got := problemsOf(t, map[string]string{"a.yaml": c.text}, Options{})
			if !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("want %q, got\n%s", c.want, strings.Join(got, "\n"))
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	got := problemsOf(t, map[string]string{"a.json": strings.Repeat(" ", maxFile+1)}, Options{})
	if !strings.HasPrefix(got[0], "a.json: is larger than 16 MiB") {
		t.Errorf("got %v", got)
	}
}

func TestNamespaces(t *testing.T) {
	in := func(ns string) string {
		return strings.Replace(segment, "  name: loyal", "  name: in-"+ns+"\n  namespace: "+ns, 1)
	}
	files := map[string]string{"a.yaml": workspace, "b.yaml": in("acme"), "c.yaml": in("globex")}
	got := problemsOf(t, files, Options{})
	if len(got) != 1 || !strings.HasPrefix(got[0], "c.yaml:5: Segment in-globex: metadata.namespace: is globex, but the object at ") {
		t.Errorf("got %v", got)
	}
	s := mustLoad(t, files, Options{Namespace: "globex"})
	if len(s.Objects.Segments) != 1 || s.Objects.Segments[0].Name != "in-globex" || s.Objects.Workspace.Namespace != "globex" || len(s.Ignored) != 1 {
		t.Errorf("with a namespace: %+v", s)
	}
	delete(files, "c.yaml")
	if s := mustLoad(t, files, Options{}); s.Namespace != "acme" || s.Objects.Workspace.Namespace != "acme" {
		t.Errorf("the only namespace named is not taken: %q", s.Namespace)
	}
}

func TestMissingPath(t *testing.T) {
	if _, err := Load([]string{filepath.Join(t.TempDir(), "none")}, Options{}); !fault.Is(err, fault.FileNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestLinksAreFollowed(t *testing.T) {
	dir := folder(t, map[string]string{"..data/a.txt": workspace})
	if err := os.Symlink(filepath.Join("..data", "a.txt"), filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	s, err := Load([]string{dir}, Options{})
	if err != nil || s.Objects.Workspace == nil {
		t.Errorf("a mounted ConfigMap is not read: %v", err)
	}
}

func TestExamplesAreValid(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("..", "..", "examples", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, f := range folders {
		if strings.HasSuffix(f, "-cluster") {
			continue // what differs of another example in a cluster, for kubectl
		}
		s, err := Load([]string{f}, Options{})
		if err != nil {
			t.Error(err)
		} else if s.Objects.Workspace == nil || len(s.Ignored) > 0 {
			t.Errorf("%s has no Workspace, or something else than Kith's kinds: %v", f, s.Ignored)
		}
	}
}
