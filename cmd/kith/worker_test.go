package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/worker"
)

// reading is the plan of a source with one file.
func reading() *plan.Plan {
	o := &plan.Objects{
		Workspace: &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Name: "default"}},
		DataSources: []v1alpha1.DataSource{{ObjectMeta: metav1.ObjectMeta{Name: "crm"}, Spec: v1alpha1.DataSourceSpec{
			Connector:  v1alpha1.SourceConnector{Files: &v1alpha1.FilesSource{Volume: v1alpha1.Volume{ClaimName: "data"}, Path: "crm.csv", Format: "CSV"}},
			RecordKind: v1alpha1.RecordProfile, Load: "Upsert", Key: []string{"id"},
			Fields: []v1alpha1.Field{{Column: "id", Semantic: "identifier", Name: "customerId"}},
		}}},
	}
	return plan.Ingest(o, &o.DataSources[0], plan.Revisions{}, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mount puts parts of a plan into a folder as a kubelet does: behind links, beside folders of its own.
func mount(t *testing.T, parts ...[]byte) string {
	t.Helper()
	dir := t.TempDir()
	for i, p := range parts {
		write(t, filepath.Join(dir, "..2026_06_01", plan.PartName(i)), p)
		if err := os.Symlink(filepath.Join("..data", plan.PartName(i)), filepath.Join(dir, plan.PartName(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("..2026_06_01", filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReadPlan(t *testing.T) {
	p := reading()
	document, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := plan.Pack(p)
	if err != nil {
		t.Fatal(err)
	}
	parts := [][]byte{packed[0][:100], packed[0][100:200], packed[0][200:]}
	file := filepath.Join(t.TempDir(), "plan.json")
	write(t, file, document)
	for name, path := range map[string]string{"a file": file, "one part": mount(t, packed...), "three parts": mount(t, parts...)} {
		got, err := readPlan(path)
		if err != nil || got.Hash() != p.Hash() || got.Run != p.Run {
			t.Errorf("%s: %v", name, err)
		}
	}
	gap := mount(t, parts...)
	if err := os.Remove(filepath.Join(gap, plan.PartName(1))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path  string
		class fault.Class
	}{
		"nothing":               {filepath.Join(t.TempDir(), "plan.json"), fault.VolumeMissing},
		"an empty folder":       {t.TempDir(), fault.VolumeMissing},
		"without the last part": {mount(t, parts[:2]...), fault.InvalidManifest},
		"without the second":    {gap, fault.InvalidManifest},
	} {
		if _, err := readPlan(c.path); !fault.Is(err, c.class) {
			t.Errorf("%s: %v, want %s", name, err, c.class)
		}
	}
}

// recorder keeps what a worker reports.
type recorder struct {
	progress int
	finished int
	out      worker.Outcome
	err      error
}

func (r *recorder) Progress(int64, int64, string) { r.progress++ }

func (r *recorder) Finish(out worker.Outcome, err error) {
	r.finished++
	r.out, r.err = out, err
}

// TestEveryEndIsReported, also of a run that could not begin.
func TestEveryEndIsReported(t *testing.T) {
	packed, err := plan.Pack(reading())
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "volumes", "data", "crm.csv"), []byte("id\n1\n2\n"))
	write(t, filepath.Join(dir, "file"), nil)
	whole := workerOptions{plan: mount(t, packed...), volumes: filepath.Join(dir, "volumes")}
	for name, c := range map[string]struct {
		ctx    context.Context
		change func(*workerOptions)
		class  fault.Class
		code   int
	}{
		"no plan":     {t.Context(), func(o *workerOptions) { o.plan = dir + "/none" }, fault.VolumeMissing, exitUser},
		"no volumes":  {t.Context(), func(o *workerOptions) { o.volumes = dir + "/none" }, fault.VolumeMissing, exitUser},
		"no lake":     {t.Context(), func(o *workerOptions) { o.env.LakeDir = dir + "/file/lake" }, fault.Internal, exitMachine},
		"told to end": {stopped, func(*workerOptions) {}, fault.Cancelled, exitOutside},
		"done":        {t.Context(), func(*workerOptions) {}, "", 0},
	} {
		o := whole
		o.env.LakeDir = filepath.Join(t.TempDir(), "lake")
		c.change(&o)
		var r recorder
		err := o.reported(c.ctx, io.Discard, &r)
		if (err == nil) != (c.class == "") || err != nil && (!fault.Is(err, c.class) || exitCode(err) != c.code) {
			t.Errorf("%s: %v", name, err)
		}
		if r.finished != 1 || (r.err == nil) != (err == nil) || (r.out.Revision != nil) != (c.code == 0) || (r.progress > 0) != (c.code == 0) {
			t.Errorf("%s: reported %+v", name, r)
		}
	}
}

// TestReportNeedsACluster: the command line is wrong, and nothing is done.
func TestReportNeedsACluster(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	var log strings.Builder
	err := workerOptions{run: "crm-ingest-1"}.work(t.Context(), io.Discard, &log)
	if err == nil || exitCode(err) != exitUsage {
		t.Errorf("%v", err)
	}
}

// TestMounted: a pod whose plan mounts no claim but the lake's has no folder of volumes.
func TestMounted(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "data", "a.csv"), nil)
	for path, want := range map[string]string{dir: filepath.Join(dir, "data"), filepath.Join(dir, "none"): ""} {
		got, err := mounted(path)
		if err != nil || got["data"] != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
}
