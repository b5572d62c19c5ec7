package plan

import (
	"slices"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// Situation is all that the decision about one subject depends on.
type Situation struct {
	// Plan that would run now. It is numbered after the latest revision; Decide numbers it anew.
	Plan    *Plan
	History *History // of the subject; nil when it never had a run
	// Interval is how old the result may be, 0 for any age.
	Interval time.Duration
	// Requests of run-now that no run that is over has answered.
	Requests []v1alpha1.RunRequest
	// Approve is the annotation of that name on the object, or on the Segments of an Evaluate, by name.
	Approve map[string]string
	Now     time.Time
}

// Decision is what follows from a Situation.
type Decision struct {
	// Plan to run now when Cause is not CauseNone, with its number and approvals.
	Plan    *Plan
	Cause   Cause
	Attempt int32
	// Next is when time alone can change the decision; zero for never.
	Next time.Time
	// InEffect: the latest revision was made by the declarations as they are, if perhaps from older data, and the run under way does not
	// replace it by that of others.
	InEffect bool
	// Fresh: it was made from the latest inputs and is no older than the interval, with some slack for the run that renews it.
	Fresh bool
	// Failure of the newest run; nil when it succeeded.
	Failure *Ended
	// Retries: a failure will be tried again without anybody doing anything.
	Retries bool
}

// The causes that only a controller knows.
const (
	CauseRequested Cause = "run-now"
	CauseApproved  Cause = "approved"
	CauseDeleted   Cause = "deleted"
)

// Decide says whether a subject's plan has to run now. It takes no notice of locks, of debouncing and of suspension, which
// can only put a run off.
func Decide(s Situation) Decision {
	h := s.History
	if h == nil {
		h = &History{}
	}
	hash := s.Plan.Hash()
	d := Decision{Plan: s.Plan, Cause: CauseNone, Attempt: 1, InEffect: s.Plan.InEffect(h.Latest)}
	s.Plan.After(h.Serial)
	d.Fresh, d.Next = fresh(s, h, hash)
	d.Cause = s.due(h, hash, &d)
	if h.Live != nil && !s.Plan.InEffect(intended(h.Live)) {
		d.InEffect = false
	}
	if e := h.Ended; failed(h) {
		d.Failure = e
		d.failed(s, h, hash)
	}
	if approved, refused := s.approved(h, hash); refused != nil {
		d.Plan.Approved, d.Plan.Now = approved, refused.Now
		if refused == h.Ended {
			d.Cause, d.Attempt = CauseApproved, 1
		}
	}
	if len(s.Requests) > 0 {
		d.Cause = CauseRequested
	}
	return d
}

// due is the cause to run, a failure left aside.
func (s Situation) due(h *History, hash string, d *Decision) Cause {
	if s.Plan.Maintain != nil {
		return s.cleaning(h, hash, d)
	}
	if s.Plan.Ingest != nil && h.Latest != nil && h.Latest.PlanHash == hash {
		// Only a look can tell whether a source has changed; looking counts, whatever it found.
		if h.Ended.Outcome == v1alpha1.OutcomeSuperseded {
			return CausePoll // it found that revision and did not look
		}
		if s.Interval <= 0 {
			return CauseNone
		}
		if next := h.Ended.At.Add(s.Interval); s.Now.Before(next) {
			d.Next = sooner(d.Next, next)
			return CauseNone
		}
		return CausePoll
	}
	last := h.Latest
	if last != nil && h.Ended.Run == last.Run && !h.Ended.Failed() {
		whole := *last
		whole.Incomplete = false // the run itself says that nothing is left to be done
		last = &whole
	}
	cause := s.Plan.Due(last, s.Interval)
	if cause == CauseNone && s.Interval > 0 {
		d.Next = sooner(d.Next, h.Latest.Now.Add(s.Interval))
	}
	if cause == CauseNone && s.Plan.Sync != nil && failed(h) && h.Ended.Serial > h.Latest.Serial {
		return CauseRetry // it may have sent something that no ledger tells of
	}
	return cause
}

// cleaning is due once, which shows that the lake can be reached, and then by the interval: it makes no revision.
func (s Situation) cleaning(h *History, hash string, d *Decision) Cause {
	e := h.Ended
	if e == nil {
		return CauseFirst
	}
	d.InEffect = h.Succeeded != nil && h.Succeeded.PlanHash == hash
	d.Fresh = d.InEffect
	if e.PlanHash != hash {
		return CauseChanged
	}
	next := e.At.Add(s.Interval)
	if s.Now.Before(next) {
		d.Next = sooner(d.Next, next)
		return CauseNone
	}
	return CauseInterval
}

// failed says whether the newest run failed. One that was overtaken by a revision that was known to it counts: it would be again.
func failed(h *History) bool {
	e := h.Ended
	if e == nil {
		return false
	}
	if e.Outcome == v1alpha1.OutcomeSuperseded {
		return !h.Learned()
	}
	return e.Failed() && e.Class != fault.RecordsRejected
}

// failed puts a run off whose plan has failed before.
func (d *Decision) failed(s Situation, h *History, hash string) {
	e := h.Ended
	if e.PlanHash != hash {
		return // what failed was another plan
	}
	delay, again := Backoff(e.Class, e.Attempt)
	if !again && s.Plan.Ingest != nil && s.Interval > 0 {
		delay, again = s.Interval, true // the source may have been mended
	}
	d.Retries = again
	if !again {
		d.Cause = CauseNone
		return
	}
	next := e.At.Add(delay)
	if s.Now.Before(next) {
		d.Cause, d.Next = CauseNone, sooner(d.Next, next)
		return
	}
	d.Cause, d.Attempt = CauseRetry, e.Attempt+1
}

// approved are the parts whose budget a run's refusal named and somebody has lifted for this very plan, and that run. An approved
// run that breaks before it has done its work does not use the approval up.
func (s Situation) approved(h *History, hash string) ([]string, *Ended) {
	for _, e := range slices.Backward(h.ended) {
		if e.PlanHash != hash {
			break
		}
		var out []string
		for name, run := range s.Approve {
			if run == e.Run && refused(h, e, name) {
				out = append(out, name)
			}
		}
		if len(out) > 0 {
			slices.Sort(out)
			return out, e
		}
		if !e.Failed() || e.Class == fault.BudgetExceeded || e.Class == fault.RecordsRejected {
			break
		}
	}
	return nil, nil
}

// refused says whether a run refused to exceed the budget of a part.
func refused(h *History, e *Ended, name string) bool {
	return e.Class == fault.BudgetExceeded || slices.ContainsFunc(h.Failures, func(f v1alpha1.RunFailure) bool {
		return f.Name == name && f.Class == string(fault.BudgetExceeded) && h.Latest.Run == e.Run
	})
}

// Slack is how much longer than its interval a result counts as fresh: the run that renews it takes its time.
const Slack = 2 * time.Minute

// fresh says whether the latest revision is, and until when.
func fresh(s Situation, h *History, hash string) (bool, time.Time) {
	if h.Latest == nil || h.Latest.PlanHash != hash {
		return false, time.Time{}
	}
	if s.Interval <= 0 {
		return true, time.Time{}
	}
	since := h.Latest.Now
	if s.Plan.Ingest != nil && h.Succeeded != nil && h.Succeeded.At.After(since) {
		since = h.Succeeded.At
	}
	until := since.Add(s.Interval + Slack + s.Interval/10)
	if !s.Now.Before(until) {
		return false, time.Time{}
	}
	return true, until
}

// sooner of two times; the zero time is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// InEffect says whether last was made by the declarations that p was made of, whatever the data: the plan with
// its inputs would have had its hash.
func (p *Plan) InEffect(last *Revision) bool {
	if last == nil {
		return false
	}
	q := *p
	q.Inputs = last.Inputs
	return q.Hash() == last.PlanHash
}

// intended is the revision that a run under way will make, as far as can be told.
func intended(r *v1alpha1.Run) *Revision {
	return &Revision{PlanHash: r.Spec.PlanHash, Inputs: inputsOf(r.Spec.Inputs)}
}

// elsewhere are the user's mistakes that are mended where no declaration changes, and so can't be seen to be mended.
var elsewhere = []fault.Class{
	fault.SecretMissing, fault.VolumeMissing, fault.FileNotFound, fault.FileUnreadable, fault.DatabaseError, fault.DestinationRefused,
}

const (
	firstBackoff = 10 * time.Second
	lastBackoff  = 15 * time.Minute
	slowBackoff  = time.Minute
)

// Backoff is how long after the attempt that failed with a class the next one is due. A user's mistake in a declaration waits for
// a change: again is false. One that is mended elsewhere (a Secret that appears late) is tried again from a minute on.
func Backoff(class fault.Class, attempt int32) (delay time.Duration, again bool) {
	delay = firstBackoff
	switch {
	case slices.Contains(elsewhere, class):
		delay = slowBackoff
	case class.Owner() == fault.User:
		return 0, false
	}
	for i := int32(1); i < attempt && delay < lastBackoff; i++ {
		delay *= 2
	}
	return min(delay, lastBackoff), true
}
