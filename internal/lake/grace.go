//go:build !crashtest

package lake

import "time"

// grace protects what a run that is still working may need: no file and no snapshot younger than this is removed, and no
// revision that was overtaken within it. A run must not last longer.
const grace = 24 * time.Hour
