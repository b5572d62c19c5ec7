// Package docs checks that the documentation says what the code does: the fields of every kind, its columns and the reasons of its
// conditions, the classes of errors, the crash points, the packages, the relations of the lake, every manifest and expression that is
// shown, and every link.
package docs

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/kith-dev/kith/config/crd"
	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/fault"
)

const root = ".."

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section is the text below a heading, up to the next heading of its level or above.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, below, ok := strings.Cut("\n"+text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("there is no heading %q", heading)
	}
	level := len(heading) - len(strings.TrimLeft(heading, "#"))
	end := regexp.MustCompile(fmt.Sprintf(`(?m)^#{1,%d} `, level)).FindStringIndex(below)
	if end != nil {
		below = below[:end[0]]
	}
	return below
}

// rows are the cells of the tables in a text, without headers.
func rows(text string) [][]string {
	var out [][]string
	header := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			header = true
		case strings.HasPrefix(line, "|---"):
			header = false
		case !header:
			line = strings.ReplaceAll(line, `\|`, "\x00")
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i, c := range cells {
				cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
			}
			out = append(out, cells)
		}
	}
	return out
}

var quoted = regexp.MustCompile("`([^`]+)`")

// code is what stands in backquotes.
func code(cell string) []string {
	var out []string
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestErrorClasses(t *testing.T) {
	headings := map[string]bool{}
	for line := range strings.Lines(section(t, read(t, "troubleshooting.md"), "## Errors by class")) {
		if h, ok := strings.CutPrefix(strings.TrimSpace(line), "### "); ok {
			headings[h] = true
		}
	}
	for _, c := range fault.Classes() {
		if !headings[string(c)] {
			t.Errorf("troubleshooting.md has no entry for the error class %s", c)
			continue
		}
		entry := section(t, read(t, "troubleshooting.md"), "### "+string(c))
		if !strings.Contains(entry, "Owner: "+string(c.Owner())+".") {
			t.Errorf("the entry of %s does not say that the owner is %s", c, c.Owner())
		}
		delete(headings, string(c))
	}
	for h := range headings {
		t.Errorf("troubleshooting.md has an entry for %s, which is no error class", h)
	}
}

// field is a field of a kind's spec.
type field struct {
	schema   apiextensionsv1.JSONSchemaProps
	required bool
}

// specFields are the fields of a spec by their path; a list has its path without [], what is in its items has it with.
func specFields(schema apiextensionsv1.JSONSchemaProps, prefix string, out map[string]field) {
	for name, p := range schema.Properties {
		path := prefix + name
		out[path] = field{p, slices.Contains(schema.Required, name)}
		specFields(p, path+".", out)
		if p.Items != nil && p.Items.Schema != nil {
			specFields(*p.Items.Schema, path+"[].", out)
		}
	}
}

func TestFieldsOfEveryKind(t *testing.T) {
	defs, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defs {
		kind := d.Spec.Names.Kind
		t.Run(kind, func(t *testing.T) {
			fields := map[string]field{}
			specFields(d.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"], "", fields)
			text, _, _ := strings.Cut(section(t, read(t, strings.ToLower(kind)+".md"), "## Fields"), "\n### ")
			documented, like := map[string]bool{}, map[string]string{}
			for _, r := range rows(text) {
				path := code(r[0])
				if len(r) != 4 || len(path) != 1 {
					t.Errorf("a row of the table of fields is not `field` | type | default | meaning: %q", r)
					continue
				}
				f, ok := fields[path[0]]
				if !ok {
					t.Errorf("%s is documented and is not in the schema", path[0])
					continue
				}
				documented[path[0]] = true
				checkField(t, path[0], f, r)
				if m := sameAs.FindStringSubmatch(r[3]); m != nil {
					like[path[0]] = m[1]
				}
			}
			for path, f := range fields {
				if !documented[path] && !documentedAs(path, f, like, fields, documented) {
					t.Errorf("%s is not documented", path)
				}
			}
		})
	}
}

// sameAs is how a row says that what is below its field is what is below another.
var sameAs = regexp.MustCompile("^As `([^`]+)`")

// documentedAs says whether a field is below one that is as another, which has a field like it that is documented.
func documentedAs(path string, f field, like map[string]string, fields map[string]field, documented map[string]bool) bool {
	for own, other := range like {
		below, ok := strings.CutPrefix(path, own)
		if ok && documented[other+below] && reflect.DeepEqual(fields[other+below], f) {
			return true
		}
	}
	return false
}

func checkField(t *testing.T, path string, f field, row []string) {
	t.Helper()
	want := ""
	switch def := f.schema.Default; {
	case f.required && def == nil:
		want = "required"
	case def != nil && f.schema.Type != "object":
		want = "`" + strings.Trim(string(def.Raw), `"`) + "`"
	}
	if row[2] != want {
		t.Errorf("%s: the default is %q and is documented as %q", path, want, row[2])
	}
	if path == "fields[].semantic" {
		return // has a table of its own
	}
	for _, v := range f.schema.Enum {
		if value := strings.Trim(string(v.Raw), `"`); !slices.Contains(code(row[1]), value) {
			t.Errorf("%s: the value %s is not documented", path, value)
		}
	}
}

func TestSemantics(t *testing.T) {
	defs, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(defs, func(d *apiextensionsv1.CustomResourceDefinition) bool { return d.Spec.Names.Kind == "DataSource" })
	fields := map[string]field{}
	specFields(defs[i].Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"], "", fields)
	documented := map[string]bool{}
	for _, r := range rows(section(t, read(t, "datasource.md"), "### Semantics")) {
		for _, s := range code(r[0]) {
			documented[s] = true
		}
	}
	for _, v := range fields["fields[].semantic"].schema.Enum {
		s := strings.Trim(string(v.Raw), `"`)
		if !documented[s] {
			t.Errorf("the semantic %s is not documented", s)
		}
		delete(documented, s)
	}
	for s := range documented {
		t.Errorf("%s is documented and is no semantic", s)
	}
}

func TestCrashPoints(t *testing.T) {
	documented := map[string]bool{}
	for _, r := range rows(section(t, read(t, "architecture.md"), "### Crash points")) {
		documented[strings.Join(code(r[0]), "")] = true
	}
	for _, p := range crash.All {
		if !documented[string(p)] {
			t.Errorf("architecture.md does not have the crash point %s", p)
		}
		delete(documented, string(p))
	}
	for p := range documented {
		t.Errorf("architecture.md has %s, which is no crash point", p)
	}
}

func TestPackages(t *testing.T) {
	documented := map[string]bool{}
	for _, r := range rows(section(t, read(t, "architecture.md"), "## The packages")) {
		for _, p := range code(r[0]) {
			documented[p] = true
			if files, _ := filepath.Glob(filepath.Join(root, p, "*.go")); len(files) == 0 {
				t.Errorf("architecture.md has the package %s, which is not there", p)
			}
		}
	}
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.IsDir() || e.Name() == "testdata" {
			return err
		}
		p, _ := filepath.Rel(root, path)
		files, _ := filepath.Glob(filepath.Join(path, "*.go"))
		code := slices.ContainsFunc(files, func(f string) bool { return !strings.HasSuffix(f, "_test.go") })
		if code && !documented[filepath.ToSlash(p)] {
			t.Errorf("architecture.md does not have the package %s", p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pages are the files of documentation in the repository.
func pages(t *testing.T) []string {
	t.Helper()
	out := []string{filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")}
	for _, dir := range []string{"docs", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".md") {
				out = append(out, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(withoutCode(read(t, page)), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link %s leads nowhere", page, m[1])
				continue
			}
			if anchor != "" && strings.HasSuffix(file, ".md") && !slices.Contains(anchors(read(t, file)), anchor) {
				t.Errorf("%s: %s has no heading for the link %s", page, file, m[1])
			}
		}
	}
}

// withoutCode is a page without its fenced blocks.
func withoutCode(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			inside = !inside
		} else if !inside {
			b.WriteString(line)
		}
	}
	return b.String()
}

var notAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors are the names that headings have in links.
func anchors(text string) []string {
	var out []string
	for line := range strings.Lines(withoutCode(text)) {
		if strings.HasPrefix(line, "#") {
			h := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
			out = append(out, strings.ReplaceAll(notAnchor.ReplaceAllString(h, ""), " ", "-"))
		}
	}
	return out
}

// blocks are the fenced blocks of a language, with the lines that they begin on.
func blocks(text, language string) map[int]string {
	out := map[int]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	start, at, inside := 0, 0, ""
	for lines.Scan() {
		at++
		fence, ok := strings.CutPrefix(lines.Text(), "```")
		switch {
		case ok && inside == "":
			start, inside = at+1, "```"+fence
		case ok:
			inside = ""
		case inside == "```"+language:
			out[start] += lines.Text() + "\n"
		}
	}
	return out
}
