// Package internal_test checks which way the arrows between the packages point (docs/architecture.md).
package internal_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kith-dev/kith/"

// controlPlane are the packages of internal/ that may know Kubernetes and plans. Every other one is data plane.
var controlPlane = map[string]bool{
	"conditions": true, "jobs": true, "local": true, "manifest": true, "plan": true, "report": true, "runreport": true, "simulate": true, "worker": true,
}

// manager are the packages of Kith that the manager is linked with: the control plane, and of the data plane what checks declarations.
var manager = []string{
	"", "api/v1alpha1", "controllers", "internal/conditions", "internal/fault", "internal/identity/figures", "internal/ingest/record", "internal/jobs", "internal/linkage", "internal/linkage/parallel", "internal/normalise",
	"internal/normalise/person", "internal/plan",
	"internal/segment/lang", "internal/sqlgen",
}

// control are the manager's packages that may import each other in this way only, apart from plan, whose imports are in manager.
var control = map[string][]string{
	"controllers":         {"api/v1alpha1", "internal/conditions", "internal/fault", "internal/identity/figures", "internal/jobs", "internal/plan"},
	"internal/jobs":       {"api/v1alpha1", "internal/plan"},
	"internal/conditions": {"api/v1alpha1"},
}

type listed struct {
	ImportPath string
	Standard   bool
	CgoFiles   []string
}

// deps are the packages that the given ones are linked with.
func deps(t *testing.T, patterns ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Standard,CgoFiles"}, patterns...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // without it cgo files are not listed and nothing would be found
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	dec := json.NewDecoder(out)
	for {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(all) < len(patterns) {
		t.Fatalf("go list found %d packages for %v", len(all), patterns)
	}
	return all
}

func TestDataPlaneKnowsNoKubernetes(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	forbidden := []string{"k8s.io/", "sigs.k8s.io/", module + "api/", module + "config/", module + "internal/plan"}
	checked := 0
	for _, e := range entries {
		if !e.IsDir() || controlPlane[e.Name()] {
			continue
		}
		checked++
		for _, p := range deps(t, "./"+filepath.Join("internal", e.Name())+"/...") {
			for _, f := range forbidden {
				if strings.HasPrefix(p.ImportPath+"/", f) {
					t.Errorf("internal/%s is linked with %s", e.Name(), p.ImportPath)
				}
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d packages checked: are they still here?", checked)
	}
}

// TestManagerNeedsNoCgo: what the manager uses must link into a static binary.
func TestManagerNeedsNoCgo(t *testing.T) {
	for _, p := range deps(t, ".", "./api/...", "./internal/plan", "./internal/segment/lang", "./internal/manifest") {
		if !p.Standard && len(p.CgoFiles) > 0 {
			t.Errorf("the manager would be linked with C code of %s", p.ImportPath)
		}
	}
}

// TestManagerIsSmall: it reads no lake and runs no engine.
func TestManagerIsSmall(t *testing.T) {
	for _, p := range deps(t, ".") {
		if name, ok := strings.CutPrefix(p.ImportPath+"/", module); ok && !slices.Contains(manager, strings.TrimSuffix(name, "/")) {
			t.Errorf("the manager is linked with %s", p.ImportPath)
		}
	}
}

func TestControlPlanePointsOneWay(t *testing.T) {
	for dir, allowed := range control {
		for file, f := range parsed(t, dir, parser.ImportsOnly) {
			for _, i := range f.Imports {
				path, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if name, ok := strings.CutPrefix(path, module); ok && !slices.Contains(allowed, name) {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}

// TestManagerReadsNoSecret: neither its code nor its rights know the kind. Workers mount Secrets by name.
func TestManagerReadsNoSecret(t *testing.T) {
	for _, dir := range manager {
		for file, f := range parsed(t, dir, parser.SkipObjectResolution) {
			core := ""
			for _, i := range f.Imports {
				if i.Path.Value == `"k8s.io/api/core/v1"` {
					core = "v1"
					if i.Name != nil {
						core = i.Name.Name
					}
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == core && (n.Sel.Name == "Secret" || n.Sel.Name == "SecretList") {
						t.Errorf("%s knows %s.%s", file, core, n.Sel.Name)
					}
				case *ast.CallExpr:
					if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Secrets" {
						t.Errorf("%s calls Secrets()", file)
					}
				case *ast.BasicLit:
					if n.Value == `"secrets"` || n.Value == `"Secret"` {
						t.Errorf("%s names the kind: %s", file, n.Value)
					}
				}
				return true
			})
		}
	}
	rights, err := os.ReadFile("../controllers/rbac.go")
	if err != nil {
		t.Fatal(err)
	}
	markers := 0
	for line := range strings.Lines(string(rights)) {
		if !strings.Contains(line, "+kubebuilder:rbac:") {
			continue
		}
		markers++
		if strings.Contains(line, "secret") || strings.Contains(line, "*") {
			t.Errorf("too wide a right: %s", line)
		}
	}
	if markers < 5 {
		t.Errorf("%d rights: are they still there?", markers)
	}
}

// parsed are the files of a package, without its tests.
func parsed(t *testing.T, dir string, mode parser.Mode) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, mode)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = f
	}
	if len(out) == 0 {
		t.Fatalf("no package at %q", dir)
	}
	return out
}

// TestAPIImportsNothingOfKith: the API types are what others import.
func TestAPIImportsNothingOfKith(t *testing.T) {
	for _, p := range deps(t, "./api/...") {
		if strings.HasPrefix(p.ImportPath, module) && !strings.HasPrefix(p.ImportPath, module+"api/") {
			t.Errorf("api/ imports %s", p.ImportPath)
		}
	}
}
