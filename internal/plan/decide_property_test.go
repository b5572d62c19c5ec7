package plan

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// life is one subject with its Runs, its lake and whoever changes its declaration, in memory.
type life struct {
	t        *testing.T
	rng      *rand.Rand
	seed     uint64
	subject  Subject
	interval time.Duration
	now      time.Time
	variant  string
	input    string
	lake     *v1alpha1.RunRevision
	serial   int64 // the highest the lake has ever had
	runs     []v1alpha1.Run
	requests []v1alpha1.RunRequest
	approve  string
	log      []string
}

func (l *life) tell(format string, args ...any) {
	l.log = append(l.log, l.now.Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

func (l *life) fail(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf("seed %d, %s, interval %s: %s\n%v", l.seed, l.subject.Task, l.interval, fmt.Sprintf(format, args...), l.log)
}

func (l *life) situation(runs []v1alpha1.Run) Situation {
	h := Histories(runs)[l.subject]
	var last *Revision
	if h != nil {
		last = h.Latest
	}
	p := work(l.subject, l.variant, l.input)
	if l.subject.Task == v1alpha1.TaskIngest || l.subject.Task == v1alpha1.TaskMaintain {
		p.Inputs = nil
	}
	s := Situation{Plan: p.number(last, l.now), History: h, Interval: l.interval, Now: l.now}
	for _, r := range l.requests {
		if !h.Handled(r) {
			s.Requests = append(s.Requests, r)
		}
	}
	if l.approve != "" {
		s.Approve = map[string]string{l.subject.Name: l.approve}
	}
	return s
}

// pauses are the shortest between the end of an attempt and the next, as people are promised; written down a second time on purpose.
var pauses = []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 320 * time.Second, 640 * time.Second, 900 * time.Second}

// earliest is when a plan that has failed may be tried again; zero for at once, and false for never.
func (l *life) earliest(hash string) (time.Time, bool) {
	var ended *v1alpha1.Run
	for i := range l.runs {
		if Over(&l.runs[i]) {
			ended = &l.runs[i]
		}
	}
	if ended == nil || ended.Spec.PlanHash != hash {
		return time.Time{}, true
	}
	e := EndOf(ended)
	switch {
	case e.Outcome == v1alpha1.OutcomeSuperseded:
		told := ""
		if rev := ended.Status.Result.Revision; rev != nil {
			told = rev.Run
		}
		if told != e.Base {
			return time.Time{}, true
		}
	case !e.Failed(), e.Class == fault.RecordsRejected:
		return time.Time{}, true
	case slices.Contains(elsewhere, e.Class):
		n := min(int(e.Attempt), 5)
		return e.At.Add([]time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute}[n-1]), true
	case e.Class.Owner() == fault.User:
		if l.subject.Task == v1alpha1.TaskIngest && l.interval > 0 {
			return e.At.Add(l.interval), true
		}
		return time.Time{}, false
	}
	return e.At.Add(pauses[min(int(e.Attempt), len(pauses))-1]), true
}

// decide, and check all that holds of every decision.
func (l *life) decide() Decision {
	s := l.situation(l.runs)
	hash, base := s.Plan.Hash(), s.Plan.Base
	d := Decide(s)
	if again := Decide(l.situation(l.runs)); !reflect.DeepEqual(d, again) {
		l.fail("the same situation was decided twice: %+v and %+v", d, again)
	}
	if kept := l.prunedRuns(); l.approve == "" {
		if again := Decide(l.situation(kept)); len(l.requests) == 0 && !reflect.DeepEqual(d, again) {
			l.fail("without the Runs that nothing needs it is decided otherwise: %+v and %+v", d, again)
		}
	}
	if d.Plan.Hash() != hash || d.Plan.Base != base || d.Attempt < 1 {
		l.fail("the decision changed the work: %+v", d)
	}
	for i := range l.runs {
		if d.Plan.Serial <= l.runs[i].Spec.Serial {
			l.fail("serial %d was used before", d.Plan.Serial)
		}
	}
	if !d.Next.IsZero() && !d.Next.After(l.now) && d.Cause == CauseNone {
		l.fail("it looks again at %s, which is not later", d.Next)
	}
	if d.Cause == CauseNone || d.Cause == CauseRequested || d.Cause == CauseApproved {
		return d
	}
	if at, ever := l.earliest(hash); !ever || l.now.Before(at) {
		l.fail("started (%s) while waiting until %s (ever: %v)", d.Cause, at, ever)
	}
	return d
}

func (l *life) prunedRuns() []v1alpha1.Run {
	surplus := Surplus(l.runs, 1+l.rng.IntN(3))
	return slices.DeleteFunc(slices.Clone(l.runs), func(r v1alpha1.Run) bool { return slices.Contains(surplus, r.Name) })
}

// carryOut a run as worker and manager do. It commits onto its base only.
func (l *life) carryOut(d Decision, class fault.Class) {
	p := d.Plan
	r := runOf(p, d.Attempt)
	r.Spec.Requests = l.situation(l.runs).Requests
	l.now = l.now.Add(time.Duration(1+l.rng.IntN(90)) * time.Second)
	base := ""
	if l.lake != nil {
		base = l.lake.Run
	}
	commits := class == "" || class == fault.RecordsRejected || class == v1alpha1.ReasonWorkerLost && l.rng.IntN(2) == 0 ||
		class == fault.DestinationDown && l.subject.Task == v1alpha1.TaskSync
	res := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted}
	kind, reason := v1alpha1.ConditionComplete, "Committed"
	switch {
	case base != p.Base:
		res.Outcome, kind, reason, commits = v1alpha1.OutcomeSuperseded, v1alpha1.ConditionFailed, string(fault.Superseded), false
	case class != "":
		res.Outcome, res.Class, kind, reason = v1alpha1.OutcomeFailed, string(class), v1alpha1.ConditionFailed, string(class)
	case p.Maintain != nil, p.Ingest != nil && l.lake != nil && l.lake.PlanHash == p.Hash() && l.rng.IntN(2) == 0:
		res.Outcome, reason, commits = v1alpha1.OutcomeUnchanged, "Unchanged", false
	}
	if commits && p.Maintain == nil {
		l.lake = revision(p, l.now)
		l.lake.Incomplete = class == fault.DestinationDown
		l.serial = p.Serial
	}
	res.Revision = l.lake.DeepCopy()
	if class == v1alpha1.ReasonWorkerLost && base == p.Base {
		res = nil
	}
	l.tell("%s (%s, attempt %d): %s", p.Run, d.Cause, d.Attempt, reason)
	l.runs = append(l.runs, end(r, l.now, res, kind, reason))
}

func (l *life) step() {
	classes := []fault.Class{
		"", "", "", fault.OutOfMemory, fault.DestinationDown, fault.InvalidExpression, fault.SecretMissing, fault.BudgetExceeded, fault.RecordsRejected,
		v1alpha1.ReasonWorkerLost,
	}
	switch l.rng.IntN(12) {
	case 0:
		l.variant = string(rune('a' + l.rng.IntN(3)))
		l.tell("declaration %s", l.variant)
	case 1:
		l.input = fmt.Sprintf("crm-ingest-%d", l.rng.IntN(3))
		l.tell("input %s", l.input)
	case 2:
		l.requests = append(l.requests, v1alpha1.RunRequest{Kind: l.subject.Kind, Name: l.subject.Name, Value: fmt.Sprint(l.now.UnixNano())})
		l.tell("run-now")
	case 3:
		if len(l.runs) > 0 {
			l.approve = l.runs[len(l.runs)-1-l.rng.IntN(min(2, len(l.runs)))].Name
			l.tell("approve %s", l.approve)
		}
	case 4:
		if l.rng.IntN(4) == 0 && l.subject.Task != v1alpha1.TaskMaintain { // kith run on the same lake, or another claim
			l.lake = nil
			if l.rng.IntN(2) == 0 {
				l.serial++
				l.lake = revision(work(l.subject, l.variant, l.input).at(l.now, nil).renumber(l.serial+100), l.now)
			}
			l.tell("another lake")
		}
	case 5, 6, 7:
		l.now = l.now.Add([]time.Duration{time.Second, 9 * time.Second, time.Minute, 16 * time.Minute, 2 * time.Hour}[l.rng.IntN(5)])
	default:
		if d := l.decide(); d.Cause != CauseNone {
			l.carryOut(d, classes[l.rng.IntN(len(classes))])
		}
	}
}

// settle lets every run succeed and time pass: after a few runs nothing is left to do.
func (l *life) settle() {
	l.tell("all is well from here on")
	started := 0
	for range 40 {
		d := l.decide()
		switch {
		case d.Cause != CauseNone:
			if started++; started > 5 {
				l.fail("it goes on and on")
			}
			l.carryOut(d, "")
		case d.Failure != nil && d.Failure.PlanHash == d.Plan.Hash() && !d.Retries:
			l.variant += "'" // the user mends what was wrong
		case !d.InEffect, d.Failure != nil && d.Retries:
			if d.Next.IsZero() {
				l.fail("nothing is in effect and nothing will be done: %+v", d)
			}
			l.now = d.Next
		default:
			if l.interval == 0 && !d.Fresh && l.subject.Task != v1alpha1.TaskMaintain {
				l.fail("nothing is due and yet it is not fresh: %+v", d)
			}
			if l.interval > 0 && d.Next.IsZero() {
				l.fail("its interval was forgotten: %+v", d)
			}
			return
		}
	}
	l.fail("it never settles")
}

func TestDecisionsWaitAndConverge(t *testing.T) {
	for seed := range uint64(600) {
		rng := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test
		l := &life{
			t: t, rng: rng, seed: seed, now: noon, variant: "a", input: "crm-ingest-0",
			subject:  []Subject{ingest, resolve, evaluate, sync, maintain}[seed%5],
			interval: []time.Duration{0, time.Hour, 24 * time.Hour}[rng.IntN(3)],
		}
		if l.subject == maintain {
			l.interval = 24 * time.Hour
		}
		for range 60 {
			l.step()
		}
		l.settle()
	}
}
