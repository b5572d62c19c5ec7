package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/kith-dev/kith/internal/simulate"
)

// Simulation writes for a terminal what would change; colour only where colour is true.
func Simulation(w io.Writer, colour bool, res simulate.Result) {
	p := printer{w: w, colour: colour}
	for _, r := range res.Rules {
		p.simulated(r)
	}
	if len(res.Rules) == 0 {
		p.title("There is no IdentityRule.")
	}
}

func (p printer) simulated(r simulate.Rule) {
	against := "there are no people yet"
	if r.Base != "" {
		against = "compared with " + r.Base
	}
	p.title(fmt.Sprintf("IdentityRule %s: %s, as of %s", r.Name, against, r.Now.Format(time.RFC3339)))
	if len(r.NewerSources) > 0 {
		fmt.Fprintf(p.w, " with rows that these people were made without, from %s\n", strings.Join(r.NewerSources, ", "))
	}
	if !r.Changes() && len(r.Failures()) == 0 {
		fmt.Fprintln(p.w, " "+p.paint(text.FgGreen, "Nothing would change."))
		return
	}
	p.table(table.Row{"", "before#", "begin#", "end#", "after#"}, []table.Row{population("people", r.People), population("visitors", r.Visitors)})
	p.change(r)
	p.simulatedSegments(r.Segments)
	p.simulatedActivations(r.Activations)
	p.simulatedExamples(r.Examples)
	for _, x := range r.Failures() {
		fmt.Fprintf(p.w, " %s %s\n", p.paint(text.FgRed, string(x.Class)), x.Message)
	}
}

func population(what string, x simulate.Profiles) table.Row {
	return table.Row{what, Number(x.Before), Number(x.Begin), Number(x.End), Number(x.After)}
}

func (p printer) change(r simulate.Rule) {
	c := r.Change
	line := fmt.Sprintf("%s of %s people change, %.1f%%", Number(c.People), Number(r.People.Before), c.Percent)
	switch {
	case c.OverBudget:
		line = p.paint(text.FgRed, fmt.Sprintf("%s: over the budget of %d%%, the run would wait for an approval", line, c.MaxChangePercent))
	case c.MaxChangePercent > 0:
		line += fmt.Sprintf(" of the %d%% that the budget allows", c.MaxChangePercent)
	}
	fmt.Fprintf(p.w, "\n %s\n", line)
	fmt.Fprintf(p.w, " %s\n", counted(Count{"merged", c.Merges}, Count{"split", c.Splits}, Count{"moved", c.Moves}, Count{"retired", c.Retired}))
	fmt.Fprintf(p.w, " records: %s\n", counted(Count{"change their profile", r.Records.Moved}, Count{"new", r.Records.Added}, Count{"gone", r.Records.Gone}))
	if len(r.Values) > 0 {
		var values []Count
		for _, v := range r.Values {
			values = append(values, Count{v.Attribute, v.Profiles})
		}
		fmt.Fprintf(p.w, " other values survive, in so many profiles: %s\n", list(values))
	}
}

// counted shows numbers with what they count.
func counted(counts ...Count) string {
	parts := make([]string, len(counts))
	for i, c := range counts {
		parts[i] = Number(c.N) + " " + c.Name
	}
	return strings.Join(parts, ", ")
}

// over is how a row is marked that goes over its budget.
func (p printer) over(is bool) string {
	if !is {
		return ""
	}
	return p.paint(text.FgRed, "over its budget")
}

func (p printer) simulatedSegments(segments []simulate.Segment) {
	if len(segments) == 0 {
		return
	}
	var rows []table.Row
	for _, s := range segments {
		rows = append(rows, table.Row{s.Name, s.Purpose, Number(s.Before), p.signed(text.FgGreen, "+", s.Entering), p.signed(text.FgYellow, "-", s.Leaving), Number(s.After), p.over(s.OverBudget)})
	}
	fmt.Fprintln(p.w)
	p.table(table.Row{"segment", "for purpose", "before#", "entering#", "leaving#", "after#", ""}, rows)
}

func (p printer) simulatedActivations(activations []simulate.Activation) {
	var rows []table.Row
	for _, a := range activations {
		if a.Problem != nil {
			continue
		}
		rows = append(rows, table.Row{
			a.Name, Number(a.Eligible), Number(a.Before), p.signed(text.FgGreen, "+", a.Added), p.signed(text.FgYellow, "-", a.Removed), p.signed(text.FgCyan, "~", a.Updated),
			Number(a.After), p.over(a.OverBudget),
		})
	}
	if len(rows) > 0 {
		fmt.Fprintln(p.w)
		p.table(table.Row{"activation", "eligible#", "at the destination#", "added#", "removed#", "updated#", "after#", ""}, rows)
	}
}

// signed shows a number with its sign, nothing for 0.
func (p printer) signed(c text.Color, sign string, n int64) string {
	if n == 0 {
		return ""
	}
	return p.paint(c, sign+Number(n))
}

func (p printer) simulatedExamples(examples []simulate.Example) {
	if len(examples) == 0 {
		return
	}
	var rows []table.Row
	for _, e := range examples {
		rows = append(rows, table.Row{e.Event, e.From, e.To})
	}
	fmt.Fprintln(p.w)
	p.table(table.Row{"for example", "from", "to"}, rows)
}
