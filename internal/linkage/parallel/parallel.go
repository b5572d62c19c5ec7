// Package parallel does many things of one kind on all processors.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls f for 0 to n-1 on all processors.
func Each(n int, f func(i int)) {
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

// Stretch is how many things of one kind are given to a processor at once.
const Stretch = 1 << 14

// Stretches calls f for stretches of 0 to n on all processors.
func Stretches(n int, f func(from, to int)) {
	Each((n+Stretch-1)/Stretch, func(i int) { f(i*Stretch, min(n, (i+1)*Stretch)) })
}
