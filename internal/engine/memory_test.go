package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestMemory looks at the files as a machine, and containers of each version of cgroups, have them.
func TestMemory(t *testing.T) {
	const gib = 1 << 30
	machine := map[string]string{"proc/meminfo": "MemTotal:       16777216 kB\nMemFree: 1 kB\n"}
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing tells": {map[string]string{"proc/meminfo": ""}, 0},
		"a machine":     {map[string]string{"proc/self/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/memory.max": "max\n"}, 16 * gib},
		"version 2, the container's own tree": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2147483648\n"}, 2 * gib},
		"version 2, the host's tree": {map[string]string{
			"proc/self/cgroup": "0::/kubepods.slice/pod1/c1\n",
			"sys/fs/cgroup/kubepods.slice/pod1/c1/memory.max": "4294967296\n"}, 4 * gib},
		"a parent's limit": {map[string]string{
			"proc/self/cgroup": "0::/kubepods.slice/pod1/c1\n",
			"sys/fs/cgroup/kubepods.slice/pod1/memory.max": "1073741824\n", "sys/fs/cgroup/kubepods.slice/pod1/c1/memory.max": "max\n"}, gib},
		"a namespace whose root is below the process": {map[string]string{
			"proc/self/cgroup": "0::/../../elsewhere\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, gib},
		"version 1, the container's own tree": {map[string]string{
			"proc/self/cgroup": "4:memory:/kubepods/pod1/c1\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "3221225472\n"}, 3 * gib},
		"version 1, the host's tree": {map[string]string{
			"proc/self/cgroup":                                               "9:name=systemd:/x\n4:cpu,memory:/kubepods/pod1/c1\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":                     "9223372036854771712\n",
			"sys/fs/cgroup/memory/kubepods/pod1/c1/memory.limit_in_bytes":    "5368709120\n",
			"sys/fs/cgroup/memory/kubepods/pod1/c1/c2/memory.limit_in_bytes": "1\n"}, 5 * gib},
		"version 1 without a limit": {map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 16 * gib},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, files := range []map[string]string{machine, c.files} {
				for path, text := range files {
					path = filepath.Join(root, path)
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := memoryOf(root); got != c.want {
				t.Errorf("%d bytes, want %d", got, c.want)
			}
		})
	}
	if Memory() < 64<<20 {
		t.Errorf("this process may have %d bytes", Memory())
	}
}
