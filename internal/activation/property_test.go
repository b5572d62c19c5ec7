package activation_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/fault"
)

// TestAnyFaults runs activations through random changes of people, answers, lost answers, kills and torn journals. Whoever is
// sent must be eligible with that very payload at that moment, and once the faults end the receiver holds what it should.
func TestAnyFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		mode := []activation.Mode{activation.Mirror, activation.Mirror, activation.UpsertOnly}[seed%3]
		t.Run(fmt.Sprint(mode, seed), func(t *testing.T) {
			t.Parallel()
			newChaos(t, seed, mode).play(7)
		})
	}
}

type chaos struct {
	*world
	t    testing.TB
	rand *rand.Rand
	mode activation.Mode
	r    *receiver
	kill context.CancelFunc
	// owner is whom a key was last sent for.
	owner map[string]*human
	next  int
}

func newChaos(t testing.TB, seed uint64, mode activation.Mode) *chaos {
	c := &chaos{world: newWorld(t), t: t, rand: rand.New(rand.NewPCG(seed, 7)), mode: mode, r: newReceiver(t), owner: map[string]*human{}}
	for range 14 {
		c.add()
	}
	c.r.check = c.onlyEligible
	return c
}

func (c *chaos) add() {
	c.next++
	id := fmt.Sprintf("p%03d", c.next)
	c.people[id] = &human{email: fmt.Sprintf("m%d@x", c.rand.IntN(30)), name: id, rank: int64(c.rand.IntN(4)), segments: []string{"vip"}, consent: granted()}
}

func (c *chaos) onlyEligible(q request) {
	if q.Operation != "upsert" {
		return
	}
	want := c.eligible()
	for i, key := range q.keys() {
		for _, h := range c.people {
			if want[key] == payloadOf(h) {
				c.owner[key] = h
			}
		}
		if want[key] != string(q.Records[i]) {
			c.t.Errorf("run %s batch %d sends %s as %s, which should be %q", q.Run, q.Batch, key, q.Records[i], want[key])
		}
	}
}

// change makes people say no, yes, move, merge, leave and come.
func (c *chaos) change() {
	for _, id := range slices.Sorted(maps.Keys(c.people)) {
		h := c.people[id]
		switch c.rand.IntN(16) {
		case 0:
			h.consent = withdrawn()
		case 1:
			h.consent, h.segments, h.excluded = granted(), []string{"vip"}, nil
		case 2:
			h.email = fmt.Sprintf("m%d@x", c.rand.IntN(30))
		case 3:
			h.name += "'"
		case 4:
			h.segments = nil
		case 5:
			h.excluded = []string{"staff"}
		case 6:
			h.rank = int64(c.rand.IntN(4))
		case 7: // merged into a new profile that keeps what it was
			c.next++
			to := fmt.Sprintf("p%03d", c.next)
			c.people[to] = h
			c.merges = append(c.merges, [2]string{id, to})
			delete(c.people, id)
		}
	}
	c.add()
	c.settle()
}

// fault picks what happens to a request.
func (c *chaos) fault(w http.ResponseWriter, _ request, work func()) bool {
	n := c.rand.IntN(20)
	if n < 10 {
		return false
	}
	if n%2 == 0 && n < 18 { // the request arrived and its answer gets lost
		work()
	}
	switch n {
	case 10, 11:
		w.WriteHeader(500)
	case 12, 13:
		reset(c.t, w)
	case 14, 15:
		c.kill()
		reset(c.t, w)
	case 16, 17:
		c.r.hang()
	case 18:
		w.WriteHeader(401)
	default:
		w.WriteHeader([]int{429, 503, 400}[c.rand.IntN(3)])
	}
	return true
}

func (c *chaos) play(runs int) {
	for range runs {
		c.change()
		c.r.fault = c.fault
		ctx, kill := context.WithCancel(c.ctx)
		c.kill = kill
		config := c.config(c.mode)
		config.Delivery.Timeout = 60 * time.Millisecond
		_, err := activation.Run(ctx, c.env(), config, c.r.destination())
		kill()
		switch {
		case err == nil:
			c.noJournals()
		case fault.Is(err, fault.Cancelled):
			c.damage(c.journal(config.Plan.Run))
		case !fault.Is(err, fault.DestinationDown) && !fault.Is(err, fault.DestinationRefused) && !fault.Is(err, fault.RecordsRejected):
			c.t.Fatal(err)
		}
	}
	c.r.fault = nil
	c.recover()
	c.judge()
}

// damage may tear off the end of the last entry if that is an outcome: the process died before it was written.
func (c *chaos) damage(path string) {
	b, err := os.ReadFile(path)
	c.must(err)
	last := bytes.LastIndexByte(b[:len(b)-1], '\n') + 1
	if bytes.Contains(b[last:], []byte(`"kind":"outcome"`)) && c.rand.IntN(2) == 0 {
		c.must(os.WriteFile(path, b[:last+c.rand.IntN(len(b)-last)], 0o600))
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.log")); len(files) != 1 {
		c.t.Errorf("journals after a kill: %v", files)
	}
}

// recover runs without faults. People whom a 400 had rejected are renamed, because they are not offered again as they were.
func (c *chaos) recover() {
	for _, h := range c.people {
		h.name += "!"
	}
	c.settle()
	// A run that was killed may have left rejections that this one is the first to report.
	res, err := activation.Run(c.ctx, c.env(), c.config(c.mode), c.r.destination())
	if err != nil && !fault.Is(err, fault.RecordsRejected) {
		c.t.Fatal(err)
	}
	if res.Failed+res.Uncertain+res.Rejected != 0 || res.Sent != res.Eligible {
		c.t.Errorf("after the faults: %+v", res)
	}
	before := len(c.r.requests)
	if res := c.world.run(c.mode, c.r.destination()); len(c.r.requests) != before {
		c.t.Errorf("a run with nothing to do sends: %+v", res)
	}
	c.noJournals()
}

func (c *chaos) judge() {
	want := c.eligible()
	if c.mode == activation.Mirror {
		c.r.holds(c.t, want)
		return
	}
	// Upsert leaves people who left the audience; nobody who says no may be among them.
	for key, payload := range want {
		if c.r.state[key] != payload {
			c.t.Errorf("%s is %q, want %q", key, c.r.state[key], payload)
		}
	}
	for key := range c.r.state {
		owner := c.owner[key]
		refuses := len(owner.excluded) > 0 || owner.consent[0].Status != consent.Granted
		if want[key] == "" && (refuses || want[owner.email] == payloadOf(owner)) {
			c.t.Errorf("%s is still at the receiver, for %+v", key, *owner)
		}
	}
}
