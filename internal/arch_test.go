// Package internal_test checks which way the arrows between the packages point (docs/architecture.md).
package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/kith-dev/kith/"

// controlPlane are the packages of internal/ that may know Kubernetes and plans. Every other one is data plane.
var controlPlane = map[string]bool{
	"local": true, "manifest": true, "plan": true, "report": true, "worker": true,
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
	for _, p := range deps(t, "./api/...", "./internal/plan", "./internal/segment/lang", "./internal/manifest") {
		if !p.Standard && len(p.CgoFiles) > 0 {
			t.Errorf("the manager would be linked with C code of %s", p.ImportPath)
		}
	}
}

// TestAPIImportsNothingOfKith: the API types are what others import.
func TestAPIImportsNothingOfKith(t *testing.T) {
	for _, p := range deps(t, "./api/...") {
		if strings.HasPrefix(p.ImportPath, module) && !strings.HasPrefix(p.ImportPath, module+"api/") {
			t.Errorf("api/ imports %s", p.ImportPath)
		}
	}
}
