// Package report tells people what a run did: as text on a terminal and as one self-contained HTML page. Both are
// drawn from the same model, which is built from the outputs that revisions keep, so that a run that changed nothing still shows the whole picture.
//
// What does not live here: what happened (local, worker) and JSON for scripts (cmd/kith).
package report

import (
	"slices"
	"strings"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
)

// Model is what a report shows.
type Model struct {
	Now         time.Time
	Changed     bool
	Sources     []Source
	Spaces      []Space
	Activations []Activation
	Problems    []Problem
}

// Count is a named number.
type Count struct {
	Name string
	N    int64
}

// Source is one DataSource.
type Source struct {
	Name, Kind, State    string
	Rows, Added, Removed int64
	Quarantined          int64
	Rejects              []Count // by rule
	Invalid              []Count // values that did not normalise, by attribute
}

// Space is the people of one IdentityRule.
type Space struct {
	Name                      string
	Records, Known, Anonymous int64
	Resolved                  int64 // records that the last run looked at, to which Merges belong
	Merges, Guards, Lineage   []Count
	Overrides                 []Count // by decision, or by what kept it from having an effect
	Quality                   []Fact
	Canary                    *Canary // nil for none
	Segments                  []Segment
}

// MergedBy says what Merges are, for a run that looks at what has changed counts no others.
func (s Space) MergedBy() string {
	if s.Resolved < s.Records {
		return "merged by, among " + Number(s.Resolved) + " records looked at"
	}
	return "merged by"
}

// Segment is one Segment's size for one purpose.
type Segment struct {
	Name, Display, Purpose  string
	Members, Added, Removed int64
	Share                   float64 // of the known people, 0 to 1
}

// Activation is one Activation's funnel. The reasons sum to the audience.
type Activation struct {
	Name, Display, Destination, Purpose, State string
	Audience                                   int64
	Reasons                                    []Count // why somebody of the audience was not sent
	Sent, Added, Removed, Updated              int64   // at the destination, and what this run changed there
	Failed                                     int64
}

// Problem is something that somebody has to see to.
type Problem struct {
	Subject string
	local.Problem
}

// Build makes the model of a run.
func Build(o *plan.Objects, steps []local.Step, now time.Time) Model {
	m := Model{Now: now}
	for _, s := range steps {
		m.Changed = m.Changed || s.State == local.Done
		if s.Problem != nil {
			m.Problems = append(m.Problems, Problem{subjectText(s), *s.Problem})
		}
		for _, w := range s.Warnings {
			m.Problems = append(m.Problems, Problem{subjectText(s), w})
		}
		outputs := outputsOf(s)
		switch s.Subject.Task {
		case v1alpha1.TaskIngest:
			m.Sources = append(m.Sources, source(o, s, outputs))
		case v1alpha1.TaskResolve:
			m.Spaces = append(m.Spaces, space(s, outputs))
		case v1alpha1.TaskEvaluate:
			evaluated(o, &m.Spaces[len(m.Spaces)-1], s, outputs)
		case v1alpha1.TaskCanary:
			m.canary(o, s, outputs)
		case v1alpha1.TaskSync:
			m.Activations = append(m.Activations, activation(o, s, outputs))
		}
	}
	return m
}

func subjectText(s local.Step) string {
	return string(s.Subject.Task) + " of " + s.Subject.Kind + " " + s.Subject.Name
}

func outputsOf(s local.Step) []lake.Output {
	if s.Revision == nil {
		return nil
	}
	return s.Revision.Outputs
}

// change of an output in this run: none where the step committed nothing.
func change(s local.Step, o lake.Output) (added, removed int64) {
	if s.State != local.Done && s.State != local.Failed {
		return 0, 0
	}
	return o.Added, o.Removed
}

// group is the outputs named "prefix/name", largest first.
func group(outputs []lake.Output, prefix string) []Count {
	var out []Count
	for _, o := range outputs {
		if name, ok := strings.CutPrefix(o.Name, prefix+"/"); ok && o.Rows > 0 {
			out = append(out, Count{name, o.Rows})
		}
	}
	slices.SortStableFunc(out, func(a, b Count) int { return int(b.N - a.N) })
	return out
}

func one(outputs []lake.Output, name string) lake.Output {
	o, _ := lake.FindOutput(outputs, name)
	return o
}

func source(o *plan.Objects, s local.Step, outputs []lake.Output) Source {
	rows := one(outputs, "rows")
	out := Source{
		Name: s.Subject.Name, State: string(s.State), Kind: string(o.DataSource(s.Subject.Name).Spec.RecordKind), Rows: rows.Rows,
		Quarantined: one(outputs, "quarantined").Rows, Rejects: group(outputs, "quarantined"), Invalid: group(outputs, "invalid"),
	}
	out.Added, out.Removed = change(s, rows)
	return out
}

func space(s local.Step, outputs []lake.Output) Space {
	out := Space{
		Name: s.Subject.Name, Records: one(outputs, "records").Rows, Known: one(outputs, "known").Rows,
		Anonymous: one(outputs, "anonymous").Rows, Merges: group(outputs, "merges"), Guards: group(outputs, "guards"),
		Overrides: group(outputs, "overrides"), Resolved: one(outputs, "records").Rows,
		Quality: qualityOf(outputs, s.State == local.Done),
	}
	if o, ok := lake.FindOutput(outputs, "resolved"); ok {
		out.Resolved = o.Rows
	}
	if s.State == local.Done {
		out.Lineage = group(outputs, "lineage")
	}
	return out
}

func evaluated(o *plan.Objects, sp *Space, s local.Step, outputs []lake.Output) {
	for _, out := range outputs {
		rest, ok := strings.CutPrefix(out.Name, "segment/")
		if !ok {
			continue
		}
		name, purpose, _ := strings.Cut(rest, "/")
		seg := Segment{Name: name, Purpose: purpose, Members: out.Rows}
		if d := o.Segment(name); d != nil {
			seg.Display = d.Spec.DisplayName
		}
		seg.Added, seg.Removed = change(s, out)
		if sp.Known > 0 {
			seg.Share = min(1, float64(out.Rows)/float64(sp.Known))
		}
		sp.Segments = append(sp.Segments, seg)
	}
}

// withheld is why people of the audience are not sent; Eligible is the one reason to send.
func withheld(outputs []lake.Output) []Count {
	return slices.DeleteFunc(group(outputs, "reason"), func(c Count) bool { return c.Name == "Eligible" })
}

func activation(o *plan.Objects, s local.Step, outputs []lake.Output) Activation {
	d := o.Activation(s.Subject.Name)
	sent := one(outputs, "sent")
	out := Activation{
		Name: s.Subject.Name, Display: d.Spec.DisplayName, Destination: d.Spec.DestinationRef.Name, Purpose: d.Spec.Purpose,
		State: string(s.State), Audience: one(outputs, "audience").Rows, Reasons: withheld(outputs), Sent: sent.Rows,
		Failed: one(outputs, "failed").Rows + one(outputs, "uncertain").Rows + one(outputs, "rejected").Rows,
	}
	out.Added, out.Removed = change(s, sent)
	if s.State != local.Unchanged {
		out.Updated = one(outputs, "updated").Rows
	}
	return out
}
