package activation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/fault"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
	// maxRetryAfter bounds what a receiver can ask for: a run that would sleep for hours is better started again.
	maxRetryAfter = 5 * time.Minute
	// givingUp is after how many batches in a row that exhausted their attempts the receiver counts as down.
	givingUp = 3
	// hopeless is how many people have to be rejected, and none taken, to say that the receiver refuses everybody.
	hopeless = 1000
)

// batch is some people who are sent together.
type batch struct {
	run       string
	ordinal   int64
	operation Operation
	people    []person
	// again is a batch of an earlier run that may have been taken: it keeps its run, ordinal and key.
	again bool
}

// delivery sends batches to a Sender, one at a time: people with a better rank are there before others are tried.
type delivery struct {
	*run
	sender  Sender
	log     *journal
	origin  string
	limiter *rate.Limiter
	ordinal int64 // the last that was given to a batch of this run

	requests, retries int64
	exhausted         int   // batches in a row that were not delivered
	taken, refusals   int   // people, in this run
	gaveUp            error // why the last batch that was not delivered was not
	stopped           error // why nothing more is sent
}

func newLimiter(r Rate) *rate.Limiter {
	if r.Requests <= 0 || r.Per <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	// A burst of one: a receiver that counts in windows of its own never sees more than it allows.
	return rate.NewLimiter(rate.Limit(float64(r.Requests)/r.Per.Seconds()), 1)
}

// deliver sends a batch and what it has to be split into. The error ends the run at once and leaves the rest to the
// next; whatever the receiver says is no error here but an outcome in the journal.
func (d *delivery) deliver(ctx context.Context, b batch) error {
	if !b.again {
		d.ordinal++
		b.run, b.ordinal = d.Plan.Run, d.ordinal
	}
	key := idempotencyKey(d.origin, d.name(), b.run, b.ordinal)
	e := &entry{Kind: entryBatch, Run: b.run, Batch: b.ordinal, Key: key, Operation: b.operation, People: b.people}
	if err := d.log.append(e, true); err != nil {
		return err
	}
	crash.At(crash.JournalBatch)
	records, err := d.records(b)
	if err != nil {
		return err
	}
	v, err := d.attempts(ctx, Batch{Activation: d.name(), Run: b.run, Ordinal: b.ordinal, Key: key, Operation: b.operation, Records: records}, b.again)
	if err != nil {
		return err
	}
	crash.At(crash.DeliverySent)
	v.Of, v.Kind, v.At = e.N, entryOutcome, now()
	if err := d.log.append(v, true); err != nil {
		return err
	}
	crash.At(crash.JournalOutcome)
	if v.Outcome == outcomeSplit {
		return d.split(ctx, b)
	}
	d.count(v, len(b.people))
	return nil
}

// count notices a receiver that rejects everybody, which is more likely a mistake in the declaration than in each person.
func (d *delivery) count(v *entry, people int) {
	if v.Outcome != outcomeSent {
		return
	}
	d.refusals += len(v.Rejected)
	d.taken += people - len(v.Rejected)
	if d.taken == 0 && d.refusals >= hopeless && d.stopped == nil {
		d.stopped = fault.New(fault.DestinationRefused, "activation %s: %s rejected the first %d people and took nobody; compare the fields with what it expects", d.name(), d.sender.Name(), d.refusals)
	}
}

// split sends the halves of a batch that the receiver does not accept as a whole.
func (d *delivery) split(ctx context.Context, b batch) error {
	half := len(b.people) / 2
	for _, part := range [][]person{b.people[:half], b.people[half:]} {
		if d.stopped != nil {
			return nil
		}
		if err := d.deliver(ctx, batch{operation: b.operation, people: part}); err != nil {
			return err
		}
	}
	return nil
}

// idempotencyKey is the same for a batch however often it is sent, and of no other batch: origin keeps lakes apart in
// which an activation and its runs have the same names.
func idempotencyKey(origin, activation, run string, ordinal int64) string {
	space := uuid.NewSHA1(uuid.NameSpaceOID, []byte(origin))
	return uuid.NewSHA1(space, fmt.Appendf(nil, "%s/%s/%d", activation, run, ordinal)).String()
}

// records are the people as they are sent.
func (d *delivery) records(b batch) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(b.people))
	for i, p := range b.people {
		record, err := d.record(b.operation, p)
		if err != nil {
			return nil, err
		}
		out[i] = record
	}
	return out, nil
}

// record of a removal holds the key alone, in the type that it was sent with.
func (c Config) record(op Operation, p person) (json.RawMessage, error) {
	if op == Upsert {
		return p.Payload, nil
	}
	key := c.key()
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(p.Payload, &sent); err != nil {
		return nil, fault.New(fault.LakeCorrupt, "activation %s: a payload in the ledger is no JSON object", c.name())
	}
	v, ok := sent[key.As]
	if !ok { // the key field had another name then
		v, _ = json.Marshal(p.Key)
	}
	name, _ := json.Marshal(key.As)
	return json.RawMessage(fmt.Sprintf("{%s:%s}", name, v)), nil
}

// attempts sends a batch until the receiver has decided or the attempts are used up. The entry has the outcome.
func (d *delivery) attempts(ctx context.Context, b Batch, doubted bool) (*entry, error) {
	var last *Failure
	for attempt := 1; attempt <= d.Delivery.MaxAttempts; attempt++ {
		if err := d.pause(ctx, attempt, last); err != nil {
			return nil, err
		}
		answer, err := d.attempt(ctx, b)
		if err == nil {
			d.exhausted = 0
			return sent(answer), nil
		}
		if ctx.Err() != nil {
			return nil, fault.New(fault.Cancelled, "activation %s: stopped while sending to %s: %w", d.name(), d.sender.Name(), ctx.Err())
		}
		if !errors.As(err, &last) {
			return nil, err
		}
		// A conflict after an attempt that may have arrived is that attempt still being worked on.
		if last.Kind == Reject && !(last.Conflict && doubted) {
			d.exhausted = 0
			return refused(b, last), nil
		}
		doubted = doubted || last.Maybe
		if last.Kind == Refuse {
			d.stopped = fault.New(fault.DestinationRefused, "activation %s: %s refuses what is sent to it: %w; check its address, credentials and rights", d.name(), d.sender.Name(), last)
			return undelivered(doubted), nil
		}
	}
	d.gaveUp = last
	if d.exhausted++; d.exhausted >= givingUp {
		d.stopped = fault.New(fault.DestinationDown, "activation %s: %s does not take %d batches in a row after %d attempts each: %w", d.name(), d.sender.Name(), givingUp, d.Delivery.MaxAttempts, last)
	}
	return undelivered(doubted), nil
}

func sent(a Answer) *entry {
	e := &entry{Outcome: outcomeSent}
	seen := map[int]bool{}
	for _, r := range a.Rejected {
		if !seen[r.Index] {
			seen[r.Index] = true
			e.Rejected = append(e.Rejected, rejected{Position: r.Index, Status: r.Status, Reason: r.Reason})
		}
	}
	return e
}

// refused is the outcome of a batch that the receiver does not accept: of one person, that is the person's.
func refused(b Batch, f *Failure) *entry {
	if len(b.Records) > 1 {
		return &entry{Outcome: outcomeSplit}
	}
	return &entry{Outcome: outcomeSent, Rejected: []rejected{{Status: f.Status, Reason: f.Reason}}}
}

func undelivered(doubted bool) *entry {
	if doubted {
		return &entry{Outcome: outcomeUncertain}
	}
	return &entry{Outcome: outcomeFailed}
}

func (d *delivery) attempt(ctx context.Context, b Batch) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Delivery.Timeout)
	defer cancel()
	d.requests++
	return d.sender.Send(ctx, b)
}

// pause waits for the rate, and before another attempt for the backoff or as long as the receiver asked.
func (d *delivery) pause(ctx context.Context, attempt int, last *Failure) error {
	if attempt > 1 {
		d.retries++
		backoff := min(maxBackoff, firstBackoff<<min(attempt-2, 10))
		backoff = backoff/2 + rand.N(backoff/2) // so that receivers of many runs are not hit in step
		if err := d.wait(ctx, max(backoff, min(last.RetryAfter, maxRetryAfter))); err != nil {
			return err
		}
	}
	if delay := d.limiter.Reserve().Delay(); delay > 0 {
		return d.wait(ctx, delay)
	}
	return d.cancelled(ctx.Err())
}

// cancelled is the error of a run that was stopped between two requests; nil where it was not.
func (r *run) cancelled(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Cancelled, "activation %s: stopped while waiting to send: %w", r.name(), err)
}

func (r *run) wait(ctx context.Context, d time.Duration) error {
	err := error(nil)
	if r.Wait != nil {
		err = r.Wait(ctx, d)
	} else {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-timer.C:
		}
	}
	return r.cancelled(err)
}
