package plan

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// Ended is a run that is over.
type Ended struct {
	Run      string
	Serial   int64
	PlanHash string
	Now      time.Time // that counted in it
	At       time.Time // when it ended
	Base     string
	Outcome  v1alpha1.RunOutcome
	Class    fault.Class // of a failure
	Message  string
	Attempt  int32
	Requests []v1alpha1.RunRequest
	Undo     bool
	Inputs   []Input
}

// Of says whether the run was of the declarations that p is made of, whatever the data.
func (e *Ended) Of(p *Plan) bool {
	return e.PlanHash == p.Hash() || p.InEffect(&Revision{PlanHash: e.PlanHash, Inputs: e.Inputs})
}

// Failed says whether the run did not do what it was made for. One that was overtaken has not failed.
func (e *Ended) Failed() bool { return e != nil && e.Outcome == v1alpha1.OutcomeFailed }

// History is what the Runs of one subject tell, and all that a decision knows of the lake.
type History struct {
	// Latest revision in the lake, as the newest Run that could say so reported it; nil when none did, or the lake has none.
	Latest *Revision
	// Failures of parts of that revision, and its Outputs.
	Failures []v1alpha1.RunFailure
	Outputs  []v1alpha1.RunOutput
	// CommittedAt is when that revision became visible.
	CommittedAt time.Time
	// Ended is the newest run that is over, Succeeded the newest that did its work.
	Ended, Succeeded *Ended
	// Live is the run under way, nil for none.
	Live *v1alpha1.Run
	// Serial is the highest one in use.
	Serial int64

	ended []*Ended
}

// Histories sorts a namespace's Runs by subject.
func Histories(runs []v1alpha1.Run) map[Subject]*History {
	sorted := make([]*v1alpha1.Run, len(runs))
	for i := range runs {
		sorted[i] = &runs[i]
	}
	slices.SortFunc(sorted, func(a, b *v1alpha1.Run) int { return cmp.Compare(a.Spec.Serial, b.Spec.Serial) })
	out := map[Subject]*History{}
	for _, r := range sorted {
		s := SubjectOf(r)
		h := out[s]
		if h == nil {
			h = &History{}
			out[s] = h
		}
		h.add(r)
	}
	return out
}

// SubjectOf a Run.
func SubjectOf(r *v1alpha1.Run) Subject {
	return Subject{Task: r.Spec.Task, Kind: r.Spec.Subject.Kind, Name: r.Spec.Subject.Name}
}

func (h *History) add(r *v1alpha1.Run) {
	h.Serial = max(h.Serial, r.Spec.Serial)
	if !Over(r) {
		h.Live = r
		return
	}
	e := EndOf(r)
	h.Ended, h.ended = e, append(h.ended, e)
	if e.Outcome == v1alpha1.OutcomeCommitted || e.Outcome == v1alpha1.OutcomeUnchanged {
		h.Succeeded = e
	}
	if !tells(r) {
		return
	}
	h.Latest, h.Failures, h.Outputs, h.CommittedAt = nil, nil, nil, time.Time{}
	if rev := r.Status.Result.Revision; rev != nil {
		h.Latest, h.Failures, h.Outputs, h.CommittedAt = revisionOf(rev), rev.Failures, r.Status.Outputs, rev.CommittedAt.Time
		h.Serial = max(h.Serial, h.Latest.Serial)
	}
}

// tells says whether a Run knows what the lake has: a revision, or none, where it was overtaken by an empty lake.
func tells(r *v1alpha1.Run) bool {
	res := r.Status.Result
	return res != nil && (res.Revision != nil || res.Outcome == v1alpha1.OutcomeSuperseded)
}

// Learned says whether the lake has another revision than the newest run was to build on, which is what Superseded tells.
func (h *History) Learned() bool {
	latest := ""
	if h.Latest != nil {
		latest = h.Latest.Run
	}
	return latest != h.Ended.Base
}

// Over says whether a Run has ended.
func Over(r *v1alpha1.Run) bool {
	return meta.IsStatusConditionTrue(r.Status.Conditions, v1alpha1.ConditionComplete) ||
		meta.IsStatusConditionTrue(r.Status.Conditions, v1alpha1.ConditionFailed)
}

// EndOf a Run that is over.
func EndOf(r *v1alpha1.Run) *Ended {
	e := &Ended{
		Run: r.Name, Serial: r.Spec.Serial, PlanHash: r.Spec.PlanHash, Now: r.Spec.Now.Time, Base: r.Spec.Base, Attempt: r.Spec.Attempt,
		Requests: r.Spec.Requests, Undo: r.Spec.Undo, Inputs: inputsOf(r.Spec.Inputs),
	}
	if t := r.Status.CompletionTime; t != nil {
		e.At = t.Time
	}
	failed := meta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionFailed)
	switch {
	case failed == nil:
		e.Outcome = v1alpha1.OutcomeUnchanged
		if r.Status.Result != nil {
			e.Outcome = r.Status.Result.Outcome
		}
	case failed.Reason == string(fault.Superseded):
		e.Outcome = v1alpha1.OutcomeSuperseded
	default:
		e.Outcome, e.Class, e.Message = v1alpha1.OutcomeFailed, fault.Class(failed.Reason), failed.Message
	}
	return e
}

func revisionOf(r *v1alpha1.RunRevision) *Revision {
	return &Revision{Run: r.Run, Serial: r.Serial, PlanHash: r.PlanHash, Now: r.Now.Time, Inputs: inputsOf(r.Inputs), Incomplete: r.Incomplete}
}

func inputsOf(list []v1alpha1.RunInput) []Input {
	var out []Input
	for _, in := range list {
		out = append(out, Input{Kind: in.Kind, Name: in.Name, Run: in.Revision})
	}
	return out
}

// RevisionsOf are the latest ones that the histories know.
func RevisionsOf(histories map[Subject]*History) Revisions {
	out := Revisions{}
	for s, h := range histories {
		if h.Latest != nil {
			out[s] = *h.Latest
		}
	}
	return out
}

// Runs that are over, newest first.
func (h *History) Runs() []string {
	out := make([]string, 0, len(h.ended))
	for _, e := range slices.Backward(h.ended) {
		out = append(out, e.Run)
	}
	return out
}

// Handled says whether a run that is over answered a request. One that was never given its plan did nothing, and answered none.
func (h *History) Handled(r v1alpha1.RunRequest) bool {
	return h != nil && slices.ContainsFunc(h.ended, func(e *Ended) bool {
		return e.Class != v1alpha1.ReasonPlanMissing && slices.Contains(e.Requests, r)
	})
}

// Answers says whether the run under way answers a request.
func (h *History) Answers(r v1alpha1.RunRequest) bool {
	return h != nil && h.Live != nil && slices.Contains(h.Live.Spec.Requests, r)
}

// Surplus are the names of ended runs that nothing needs any more: beyond the newest keep of the subject, at least one, and neither
// the newest that succeeded nor the newest that told of the latest revision.
func Surplus(runs []v1alpha1.Run, keep int) []string {
	bySubject := map[Subject][]*v1alpha1.Run{}
	for i := range runs {
		if Over(&runs[i]) {
			s := SubjectOf(&runs[i])
			bySubject[s] = append(bySubject[s], &runs[i])
		}
	}
	var out []string
	for _, ended := range bySubject {
		slices.SortFunc(ended, func(a, b *v1alpha1.Run) int { return cmp.Compare(b.Spec.Serial, a.Spec.Serial) })
		told, succeeded := false, false
		for i, r := range ended {
			tells := tells(r)
			succeeds := meta.IsStatusConditionTrue(r.Status.Conditions, v1alpha1.ConditionComplete)
			if i >= max(keep, 1) && (told || !tells) && (succeeded || !succeeds) {
				out = append(out, r.Name)
			}
			told, succeeded = told || tells, succeeded || succeeds
		}
	}
	slices.Sort(out)
	return out
}
