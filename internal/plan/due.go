package plan

import "time"

// Cause says why a plan is due, or that it is not.
type Cause string

// The causes.
const (
	CauseFirst    Cause = "first run"
	CauseChanged  Cause = "declaration or input changed"
	CauseInterval Cause = "older than its interval"
	CauseNone     Cause = "up to date"
	CauseRetry    Cause = "the last run left work undone"
	// CausePoll: only a look at the source can tell; the run ends without a revision when nothing changed.
	CausePoll Cause = "looked for changes"
)

// Due says whether p has to run, given the latest revision of its subject (nil: there is none) and the most that
// its result may age (0: it does not age).
func (p *Plan) Due(last *Revision, interval time.Duration) Cause {
	switch {
	case last == nil:
		return CauseFirst
	case last.PlanHash != p.Hash():
		return CauseChanged
	case last.Incomplete:
		return CauseRetry
	case interval > 0 && p.Now.Sub(last.Now) >= interval:
		return CauseInterval
	default:
		return CauseNone
	}
}

func (r Revisions) last(s Subject) *Revision {
	if rev, ok := r[s]; ok {
		return &rev
	}
	return nil
}
