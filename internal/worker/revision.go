package worker

import (
	"encoding/json"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
)

// Known is what the planner has to know of a revision.
func Known(rev *lake.Revision) plan.Revision {
	out := plan.Revision{Run: rev.Run, Serial: rev.Serial, PlanHash: rev.PlanHash, Now: rev.Now, Incomplete: incomplete(rev)}
	for _, in := range rev.Inputs {
		out.Inputs = append(out.Inputs, plan.Input{Kind: in.Kind, Name: in.Name, Run: in.Run})
	}
	return out
}

// incomplete says whether the run that made rev left work undone that a further one can do: people who were not delivered, or perhaps not.
func incomplete(rev *lake.Revision) bool {
	if rev.Task != string(v1alpha1.TaskSync) {
		return false
	}
	for _, o := range rev.Outputs {
		if o.Rows > 0 && (o.Name == "failed" || o.Name == "uncertain") {
			return true
		}
	}
	return false
}

// evaluateState is what an Evaluate leaves with its revision: the Traits and Segments that could not be computed. They keep their last
// result, and every report says so until they are mended.
type evaluateState struct {
	Failed []Part `json:"failed,omitempty"`
}

// Part is a Trait or Segment that failed without stopping the rest of its evaluation.
type Part struct {
	// Kind and Name are empty of a revision that an older version of kith made; its Message has them.
	Kind    string      `json:"kind,omitempty"`
	Name    string      `json:"name,omitempty"`
	Class   fault.Class `json:"class"`
	Message string      `json:"message"`
}

// Err is the part's error, with its class and the name of the part.
func (p Part) Err() error {
	if p.Kind == "" {
		return fault.New(p.Class, "%s", p.Message)
	}
	return fault.New(p.Class, "%s %s: %s", p.Kind, p.Name, p.Message)
}

// Parts that failed in the run that made rev, without stopping the rest; of no revision, none.
func Parts(rev *lake.Revision) []Part {
	if rev == nil || rev.Task != string(v1alpha1.TaskEvaluate) || rev.State == "" {
		return nil
	}
	var s evaluateState
	if err := json.Unmarshal([]byte(rev.State), &s); err != nil {
		return []Part{{Kind: rev.Kind, Name: rev.Subject, Class: fault.LakeCorrupt, Message: "the state of revision " + rev.Run + " can't be read: " + err.Error()}}
	}
	return s.Failed
}
