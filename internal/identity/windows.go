package identity

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// sighting is a guarded value in a node, and when: in microseconds, or always for a node without a time.
type sighting struct {
	value int32
	at    int64
}

const always = math.MinInt64

// watch gives the nodes of a graph that has joined nothing yet their times. Without, the values of guards with a window always count.
func (g *graph) watch(times []int64) {
	g.sightings = make([][]sighting, len(g.sets))
	for node, set := range g.sets {
		for _, v := range set {
			if slices.ContainsFunc(g.guards, func(x guard) bool { return x.window > 0 && x.has(v) }) {
				g.sightings[node] = append(g.sightings[node], sighting{v, times[node]})
			}
		}
	}
}

func (x guard) has(value int32) bool { return value >= x.values.lo && value < x.values.hi }

// timeframe says, for a refusal, in which time values are counted: " within 168h", or nothing.
func (x guard) timeframe() string {
	if x.window == 0 {
		return ""
	}
	text := x.window.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return " within " + text
}

// joinSightings gives the root of joined clusters what all of them saw.
func (g *graph) joinSightings(root int32, joined []int32) {
	if g.sightings == nil {
		return
	}
	for _, r := range joined {
		if r != root {
			g.sightings[root] = append(g.sightings[root], g.sightings[r]...)
			g.sightings[r] = nil
		}
	}
}

// busiest is the most different values of a guard that clusters together have in one of its windows.
func (g *graph) busiest(roots []int32, x guard) int {
	var timed []sighting
	timeless := map[int32]bool{}
	for _, r := range roots {
		for _, s := range g.sightings[r] {
			switch {
			case !x.has(s.value):
			case s.at == always:
				timeless[s.value] = true
			default:
				timed = append(timed, s)
			}
		}
	}
	timed = slices.DeleteFunc(timed, func(s sighting) bool { return timeless[s.value] })
	slices.SortFunc(timed, func(a, b sighting) int { return cmp.Compare(a.at, b.at) })
	most, window := 0, x.window.Microseconds()
	inside := map[int32]int{} // value -> how often it is seen in the window that ends with s
	first := 0
	for _, s := range timed {
		inside[s.value]++
		for ; s.at-timed[first].at > window; first++ {
			if old := timed[first].value; inside[old] > 1 {
				inside[old]--
			} else {
				delete(inside, old)
			}
		}
		most = max(most, len(inside))
	}
	return len(timeless) + most
}

// watch reads the times of records, where a guard needs them.
func (r *run) watch(ctx context.Context, g *graph) error {
	if !slices.ContainsFunc(g.guards, func(x guard) bool { return x.window > 0 }) {
		return nil
	}
	times := make([]int64, r.records)
	q := sqlgen.Format("SELECT rec, epoch_us(happened) FROM {records}", sqlgen.Args{"records": table("records")})
	err := r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var rec int32
		var at *int64
		if err := scan(&rec, &at); err != nil {
			return err
		}
		if times[rec] = always; at != nil {
			times[rec] = *at
		}
		return nil
	})
	if err != nil {
		return err
	}
	g.watch(times)
	return nil
}
