//go:build crashtest

package crash

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var passed atomic.Int64

// At kills the process with SIGKILL at the n-th passing of the point that KITH_CRASH_POINT names as "point" or "point:n".
func At(p Point) {
	name, nth, _ := strings.Cut(os.Getenv("KITH_CRASH_POINT"), ":")
	if Point(name) != p {
		return
	}
	n, err := strconv.ParseInt(nth, 10, 64)
	if err != nil {
		n = 1
	}
	if passed.Add(1) == n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
