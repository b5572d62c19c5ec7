package activation

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// Operation is what is to be done with people at the receiver.
type Operation string

// The operations. An addition and an update are the same to a receiver.
const (
	Upsert Operation = "upsert"
	Remove Operation = "remove"
)

// Destination is a place that people are sent to: a Sender or a Publisher.
type Destination interface {
	// Name says in errors which receiver it is; it holds no secret.
	Name() string
}

// Sender takes people in batches.
type Sender interface {
	Destination
	// Send makes one attempt at one batch. A nil error means that everybody but the rejected was taken; a *Failure
	// says what went wrong. Any other error ends the run and leaves open whether the batch was taken.
	Send(ctx context.Context, b Batch) (Answer, error)
}

// Batch is a request to a Sender. The same Key always comes with the same content.
type Batch struct {
	Activation string
	Run        string
	Ordinal    int64 // of the batch in its run, from 1
	Key        string
	Operation  Operation
	Records    []json.RawMessage // one JSON object for each person; for Remove it holds only the key field
}

// Answer is what a receiver said to a batch that it took.
type Answer struct {
	Rejected []Rejection
}

// Rejection is one person that a receiver refused in a batch that it otherwise took.
type Rejection struct {
	Index  int
	Reason string // a short machine-readable code, never text that may hold personal data; may be empty
	Status int    // the receiver's status
}

// FailureKind says what to do about a Failure.
type FailureKind string

// The kinds.
const (
	// Retry later: the receiver is down, busy or can't be reached.
	Retry FailureKind = "Retry"
	// Reject: something in this batch is not acceptable; others may be.
	Reject FailureKind = "Reject"
	// Refuse: the receiver refuses whatever is sent, as it stands.
	Refuse FailureKind = "Refuse"
)

// Failure is why a batch was not taken.
type Failure struct {
	Kind   FailureKind
	Status int // the receiver's status, 0 where there was no answer
	// Maybe says that the receiver may have taken the batch all the same, as after a timeout.
	Maybe bool
	// Conflict says that the receiver may still be working on an earlier attempt with the same key.
	Conflict   bool
	RetryAfter time.Duration // the least wait that the receiver asks for; 0 is none
	Reason     string        // as in Rejection
	Err        error
}

func (f *Failure) Error() string {
	if f.Status != 0 {
		return fmt.Sprintf("status %d", f.Status)
	}
	return f.Err.Error()
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Publisher takes a whole run's people as one stream, all or nothing.
type Publisher interface {
	Destination
	// Publish makes the people visible at once when the stream has ended without an error, under p.ID. Publishing the
	// same ID again replaces what it published before.
	Publish(ctx context.Context, p Publication, people iter.Seq2[Change, error]) error
	// Published says whether something was published under that ID and is still there.
	Published(ctx context.Context, id string) (bool, error)
}

// Publication describes what a Publisher is given.
type Publication struct {
	// ID names what is published: a run, or empty for the snapshot of the whole audience that each Mirror run replaces.
	ID      string
	Columns []string // the fields, in order
	// Operations says that removals may be among the people, so that each one's operation has to be told.
	Operations bool
}

// Change is one person in a publication.
type Change struct {
	Operation Operation
	Record    json.RawMessage // a JSON object, as in a Batch
}
