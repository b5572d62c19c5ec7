package runreport

import (
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/worker"
)

// Bounds of a Run's status, as its schema has them. Texts are cut by bytes, which are no fewer than characters: the object as a
// whole has to fit into the API server's store.
const (
	maxUnit           = 20
	maxName           = 40
	maxOutputName     = 100
	maxMessage        = 4096
	maxFailureMessage = 1024
	maxOutputs        = 2000
	maxFailures       = 600
	maxInputs         = 128
)

// progressOf is a patch. The first one of a worker takes away the result of an attempt before it.
func progressOf(p v1alpha1.RunProgress, first bool) map[string]any {
	out := map[string]any{"progress": map[string]any{"done": p.Done, "total": p.Total, "unit": p.Unit}}
	if first {
		out["result"] = nil
	}
	return out
}

// resultOf is a patch that replaces outputs and result: in a merge patch what is left out stays, so that what an attempt before
// left there has to be taken away by name.
func resultOf(out worker.Outcome, runErr error) map[string]any {
	result := v1alpha1.RunResult{Outcome: v1alpha1.OutcomeUnchanged, Revision: revisionOf(out.Latest)}
	switch {
	case fault.Is(runErr, fault.Superseded):
		result.Outcome = v1alpha1.OutcomeSuperseded
	case runErr != nil:
		result.Outcome = v1alpha1.OutcomeFailed
	case out.Revision != nil:
		result.Outcome = v1alpha1.OutcomeCommitted
	}
	if runErr != nil {
		result.Class, result.Message = string(fault.ClassOf(runErr)), bounded(runErr.Error(), maxMessage)
	}
	fields := fieldsOf(result)
	absent(fields, "class", "message", "revision")
	if revision, ok := fields["revision"].(map[string]any); ok {
		absent(revision, "inputs", "incomplete", "failures")
	}
	return map[string]any{"outputs": outputsOf(out.Latest), "result": fields}
}

// fieldsOf is v as JSON has it.
func fieldsOf(v any) map[string]any {
	var out map[string]any
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(err) // the types of the API hold nothing that JSON can't
	}
	return out
}

// absent sets keys that are not there to null.
func absent(fields map[string]any, keys ...string) {
	for _, k := range keys {
		if _, ok := fields[k]; !ok {
			fields[k] = nil
		}
	}
}

func revisionOf(rev *lake.Revision) *v1alpha1.RunRevision {
	if rev == nil {
		return nil
	}
	out := &v1alpha1.RunRevision{
		Run: rev.Run, Serial: rev.Serial, PlanHash: rev.PlanHash,
		Now: metav1.NewMicroTime(rev.Now), CommittedAt: metav1.NewMicroTime(rev.CommittedAt), Incomplete: worker.Known(rev).Incomplete,
	}
	for _, in := range first(rev.Inputs, maxInputs) {
		out.Inputs = append(out.Inputs, v1alpha1.RunInput{Kind: in.Kind, Name: in.Name, Revision: in.Run})
	}
	for _, p := range first(worker.Parts(rev), maxFailures) {
		out.Failures = append(out.Failures, v1alpha1.RunFailure{
			Kind: bounded(p.Kind, maxName), Name: bounded(p.Name, maxName), Class: string(p.Class), Message: bounded(p.Message, maxFailureMessage),
		})
	}
	return out
}

// outputsOf a revision, as JSON has them; null for none.
func outputsOf(rev *lake.Revision) any {
	if rev == nil {
		return nil
	}
	out := []v1alpha1.RunOutput{}
	for _, o := range first(rev.Outputs, maxOutputs) {
		out = append(out, v1alpha1.RunOutput{Name: bounded(o.Name, maxOutputName), Rows: o.Rows, Added: o.Added, Removed: o.Removed})
	}
	return out
}

func first[T any](list []T, n int) []T { return list[:min(n, len(list))] }

// bounded cuts a text to a number of bytes, between characters.
func bounded(s string, n int) string {
	if len(s) <= n {
		return strings.ToValidUTF8(s, "?")
	}
	const more = "..."
	return strings.ToValidUTF8(s[:max(0, n-len(more))], "") + more
}
