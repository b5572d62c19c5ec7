//go:build crashtest

package lake

import "time"

// grace is nothing in a binary that is made to be killed, so that a short test gets to the removal of old snapshots. Its runs have
// the lake to themselves.
const grace = time.Duration(0)
