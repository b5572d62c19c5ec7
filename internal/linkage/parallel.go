package linkage

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// atOnce calls f for 0 to n-1 on all processors.
func atOnce(n int, f func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	all.Wait()
}

// stretch is how many things of one kind are given to a processor at once.
const stretch = 1 << 14

// inParts calls f for stretches of 0 to n on all processors.
func inParts(n int, f func(from, to int)) {
	atOnce((n+stretch-1)/stretch, func(i int) { f(i*stretch, min(n, (i+1)*stretch)) })
}
