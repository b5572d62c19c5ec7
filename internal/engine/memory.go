package engine

import (
	"os"
	"strconv"
	"strings"
)

// defaultMemoryLimit is 60 % of the smallest limit that applies to this process. The engine's own default looks at the
// machine, which in a pod is more than the container may have.
func defaultMemoryLimit() string {
	const share = 0.6
	smallest := int64(0)
	for _, n := range []int64{
		readBytes("/sys/fs/cgroup/memory.max"),
		readBytes("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
		totalMemory(),
	} {
		if n > 0 && (smallest == 0 || n < smallest) {
			smallest = n
		}
	}
	if smallest == 0 {
		return "2GB"
	}
	return strconv.FormatInt(int64(float64(smallest)*share)>>20, 10) + "MiB"
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

func totalMemory() int64 {
	b, err := os.ReadFile("/proc/meminfo")
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
