package mistakes

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kith-dev/kith/test/kithtest"
)

// TestFullDisk: a lake on a full disk fails with its own class and keeps its last revision; with room again the run goes on.
func TestFullDisk(t *testing.T) {
	w := newTenant(t)
	lake := filepath.Join(w.dir, "lake")
	if err := os.MkdirAll(lake, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", lake, "tmpfs", 0, "size=1m"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount a small disk: %v", err)
		}
		t.Skipf("mount a small disk: %v (needs root)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(lake, syscall.MNT_DETACH) })
	if r := w.run(); r.Code != 0 {
		t.Fatalf("exit %d\n%s\n%s", r.Code, r.Out, r.Err)
	}
	if n := w.requests; n != 1 {
		t.Fatalf("%d requests", n)
	}

	var more strings.Builder
	more.WriteString(people)
	random := rand.NewChaCha8([32]byte{}) // what is random can't be compressed into what the disk holds
	for i := range 60000 {
		fmt.Fprintf(&more, "x%d,%016x%016x%016x-%d@example.com,City %d\n", i, random.Uint64(), random.Uint64(), random.Uint64(), i, i%9973)
	}
	w.write("data/crm.csv", more.String())
	r := w.run()
	if _, ok := problems(t, r)["DiskFull"]; r.Code != machine || !ok {
		t.Fatalf("exit %d, want %d: %v", r.Code, machine, problems(t, r))
	}
	got := kithtest.Query(t, kithtest.Build(t), lake, "SELECT count(*) FROM source.crm")
	if got[0][0] != "3" {
		t.Errorf("the last revision has %s rows, it had 3", got[0][0])
	}

	if err := syscall.Mount("tmpfs", lake, "tmpfs", syscall.MS_REMOUNT, "size=200m"); err != nil {
		t.Fatal(err)
	}
	if r := w.run(); r.Code != 0 {
		t.Fatalf("with room again: exit %d: %v", r.Code, problems(t, r))
	}
	got = kithtest.Query(t, kithtest.Build(t), lake, "SELECT count(*) FROM source.crm")
	if got[0][0] != "60003" || w.requests != 1 {
		t.Errorf("with room again: %s rows and %d requests, want 60003 and still 1", got[0][0], w.requests)
	}
}
