package worker

import (
	"encoding/json"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
)

// evaluateState is what an Evaluate leaves with its revision: the Traits and Segments that could not be computed. They keep their last
// result, and every report says so until they are mended.
type evaluateState struct {
	Failed []failedPart `json:"failed,omitempty"`
}

type failedPart struct {
	Class   fault.Class `json:"class"`
	Message string      `json:"message"`
}

// Parts that failed in the run that made rev, without stopping the rest; of no revision, none.
func Parts(rev *lake.Revision) []error {
	if rev == nil || rev.Task != string(v1alpha1.TaskEvaluate) || rev.State == "" {
		return nil
	}
	var s evaluateState
	if err := json.Unmarshal([]byte(rev.State), &s); err != nil {
		return []error{fault.New(fault.LakeCorrupt, "the state of revision %s can't be read: %w", rev.Run, err)}
	}
	var out []error
	for _, f := range s.Failed {
		out = append(out, fault.New(f.Class, "%s", f.Message))
	}
	return out
}
