package engine

import (
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// Memory is how many bytes this process may have: the smallest limit of its cgroups, which in a pod is that of the container, or
// what the machine has. It is 0 where nothing tells.
func Memory() int64 { return memoryOf("/") }

// What Go does with its part of the memory. At heapShare of all it begins to collect garbage in earnest; until then it does so seldom, when there is
// rareGarbage percent of what is in use: that takes less time and would otherwise take memory that nobody else wants.
const (
	heapShare   = 0.3
	rareGarbage = 200
)

// BoundHeap keeps Go and the engine, whose memory Go knows nothing of, together below what this process may have, unless GOMEMLIMIT and GOGC say otherwise.
func BoundHeap() {
	n := Memory()
	if n == 0 {
		return
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(float64(n) * heapShare))
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(rareGarbage)
	}
}

// defaultMemoryLimit is 60 % of what this process may have. The engine's own default looks at the
// machine, which in a pod is more than the container may have.
func defaultMemoryLimit() string {
	const share = 0.6
	n := Memory()
	if n == 0 {
		return "2GB"
	}
	return strconv.FormatInt(int64(float64(n)*share)>>20, 10) + "MiB"
}

// memoryOf looks below root, which is / but in tests.
func memoryOf(root string) int64 {
	smallest := totalMemory(root)
	for _, file := range limitFiles(root) {
		// What cgroup v1 calls no limit is a number larger than any machine's memory.
		if n := readBytes(file); n > 0 && (smallest == 0 || n < smallest) {
			smallest = n
		}
	}
	return smallest
}

// limitFiles are the files with limits that apply to this process. A container usually sees its own cgroup as the root of
// the mounted tree; where it sees the host's tree, /proc/self/cgroup tells which cgroup it is in. A limit of a parent binds too.
func limitFiles(root string) []string {
	v1, v2 := filepath.Join(root, "sys/fs/cgroup/memory"), filepath.Join(root, "sys/fs/cgroup")
	out := []string{filepath.Join(v2, "memory.max"), filepath.Join(v1, "memory.limit_in_bytes")}
	b, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(b)) {
		// hierarchy:controllers:path, where version 2 has hierarchy 0 and names no controllers.
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount, file := "", ""
		switch {
		case parts[0] == "0" && parts[1] == "":
			mount, file = v2, "memory.max"
		case strings.Contains(","+parts[1]+",", ",memory,"):
			mount, file = v1, "memory.limit_in_bytes"
		default:
			continue
		}
		for group := path.Clean("/" + parts[2]); group != "/"; group = path.Dir(group) {
			out = append(out, filepath.Join(mount, group, file))
		}
	}
	return out
}

// readBytes is the number in a cgroup file, or 0 where there is none ("max", no such file).
func readBytes(path string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func totalMemory(root string) int64 {
	b, err := os.ReadFile(filepath.Join(root, "proc/meminfo"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemTotal:" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}
