// Package activation brings the people of an audience to a receiver. A run reads who is in the included segments, passes
// everybody through the gates (excluded, consent, key), compares who is left with the ledger of what was sent, and
// delivers the difference in batches that are written to a journal before they are sent, so that a run which dies
// at any moment is taken up where it stopped: nobody is lost and nobody who says no is sent again. The ledger that it commits
// has a row with an outcome and a reason for everybody in the audience.
//
//	config.go, run.go    the declaration and the course of a run
//	gates.go, diff.go    who may be sent, and what changes at the receiver (SQL)
//	journal.go           the log of one run, on disk
//	fold.go, ledger.go   journals and the ledger before a run make the ledger after it (SQL)
//	budget.go            changes that are too many to go on without being asked
//	deliver.go           batches, retries, bisection; publish.go: receivers that take a whole run at once
//	remove.go            taking everybody out of the receiver again
//	explain.go           every gate for one person; preview.go: what a run would do
//
// What does not live here: how a receiver is spoken to (connectors/webhook, connectors/filesink), the decision about
// consent (consent), the compiling of fields' expressions (segment/lang) and when a run is due (plan).
package activation

import (
	"context"
	"strings"
	"time"

	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Mode says what happens to people at the receiver over time.
type Mode string

// The modes.
const (
	// Mirror makes the receiver hold the eligible people, and takes out again whoever it sent before and is not eligible any more.
	Mirror Mode = "Mirror"
	// UpsertOnly sends and updates the eligible, and takes out only those who refused, are excluded or changed their key.
	UpsertOnly Mode = "Upsert"
	// Append sends each person under each key once, ever.
	Append Mode = "Append"
)

// SHA256 as a Field's Hash sends the lower-case hexadecimal SHA-256 of the value's text.
const SHA256 = "SHA256"

// Field is one value that leaves.
type Field struct {
	As   string      // its name at the receiver
	Expr sqlgen.Expr // over the columns of p: the attributes and traits of a profile, and rank
	Type sqlgen.Type
	Hash string // empty or SHA256
	Key  bool   // the value that names the person at the receiver; exactly one field is the key
}

// Rate is a token bucket: at most Requests in each Per. The zero value does not limit.
type Rate struct {
	Requests int
	Per      time.Duration
}

// Delivery says how a Sender is used. Zero values mean 500 people a batch, 30 s an attempt and 8 attempts.
type Delivery struct {
	BatchSize   int
	Rate        Rate
	Timeout     time.Duration // of one attempt
	MaxAttempts int           // at one batch
}

// Config is one run of one Activation.
type Config struct {
	Plan lake.Plan // Subject is the Activation's name, Run the run, Now the clock
	Rule string    // the IdentityRule, whose schema holds the people
	// Identity and Evaluated are the revisions of the people and of their traits and segments.
	Identity, Evaluated *lake.Revision
	Class               string // of profiles and traits that the purpose may use
	Purpose             consent.Policy
	Include, Exclude    []string // segments; the first included one gives the rank
	Fields              []Field
	Mode                Mode
	Delivery            Delivery
	Budget              Budget
	// RemoveMembers takes out everybody who is, or may be, at the receiver and sends nobody, whatever the mode: the Activation is
	// being deleted. Of the rest of a Config it needs Plan, Mode, Delivery and the names of Fields alone.
	RemoveMembers bool
}

// Progress is told how many of the total changes were delivered. It may be nil.
type Progress func(done, total int64, unit string)

// Env is what a run works with.
type Env struct {
	Lake     *lake.Lake
	LakeDir  string // where the lake is; the journals are beside its tables
	DB       *engine.DB
	Progress Progress
	// Wait sleeps before the next attempt or request; nil is a real timer. It returns early with the context's error.
	Wait func(ctx context.Context, d time.Duration) error
}

// AnyPurpose is the purpose under which segments that only take people out are evaluated.
const AnyPurpose = "*"

func (c Config) name() string { return c.Plan.Subject }

// key is the field that names a person.
func (c Config) key() Field {
	for _, f := range c.Fields {
		if f.Key {
			return f
		}
	}
	return Field{}
}

func (c Config) columns() []string {
	out := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		out[i] = f.As
	}
	return out
}

// withDefaults fills what was left open and refuses what makes no sense.
func (c Config) withDefaults() (Config, error) {
	d := &c.Delivery
	if d.BatchSize <= 0 {
		d.BatchSize = 500
	}
	if d.Timeout <= 0 {
		d.Timeout = 30 * time.Second
	}
	if d.MaxAttempts <= 0 {
		d.MaxAttempts = 8
	}
	if len(c.Include) == 0 && !c.RemoveMembers {
		return c, fault.New(fault.InvalidManifest, "activation %s: audience.include names no segment", c.name())
	}
	keys, seen := 0, map[string]bool{}
	for _, f := range c.Fields {
		if f.Key {
			keys++
		}
		if f.As == "" || seen[strings.ToLower(f.As)] {
			return c, fault.New(fault.InvalidManifest, "activation %s: two fields are sent as %q; give each its own name in `as`", c.name(), f.As)
		}
		seen[strings.ToLower(f.As)] = true
	}
	if keys != 1 {
		return c, fault.New(fault.InvalidManifest, "activation %s: %d fields have key: true; exactly one names the person at the destination", c.name(), keys)
	}
	if c.Plan.Run == "" || c.Plan.Subject == "" || !c.RemoveMembers && (c.Identity == nil || c.Evaluated == nil) {
		return c, fault.New(fault.Internal, "activation %q: the plan names no run, identity revision or evaluation", c.name())
	}
	return c, nil
}
