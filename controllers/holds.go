package controllers

import (
	"time"

	"github.com/kith-dev/kith/internal/plan"
)

// How long a run waits for more changes: until nothing has changed for quiet, and at most longest where inputs are being made at that
// very moment, else longestQuiet.
const (
	quiet        = 2 * time.Second
	longestQuiet = 20 * time.Second
	longest      = 2 * time.Minute
)

// holds debounce: several changes that come together make one run. What they remember may be lost at any time; a run is then a
// little later.
type holds struct {
	bySubject map[plan.Subject]hold
}

type hold struct {
	hash           string
	first, changed time.Time
}

func newHolds() *holds { return &holds{bySubject: map[plan.Subject]hold{}} }

// until is when a plan may run; the zero time is now. Busy: an input is being made right now.
func (h *holds) until(s plan.Subject, hash string, busy bool, now time.Time) time.Time {
	e, ok := h.bySubject[s]
	if !ok {
		e = hold{first: now}
	}
	if e.hash != hash {
		e.hash, e.changed = hash, now
	}
	h.bySubject[s] = e
	last := e.first.Add(longestQuiet)
	at := e.changed.Add(quiet)
	if busy {
		last = e.first.Add(longest)
		at = last
	}
	if at.After(last) {
		at = last
	}
	if !now.Before(at) {
		return time.Time{}
	}
	return at
}

// forget what is known of a subject: its run starts, or nothing is due.
func (h *holds) forget(s plan.Subject) { delete(h.bySubject, s) }
