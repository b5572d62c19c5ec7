package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Text writes the report for a terminal; colour only where colour is true.
func (m Model) Text(w io.Writer, colour bool) {
	p := printer{w: w, colour: colour}
	p.sources(m.Sources)
	for _, s := range m.Spaces {
		p.space(s)
	}
	for _, a := range m.Activations {
		p.funnel(a)
	}
	p.problems(m.Problems)
	if !m.Changed && len(m.Problems) == 0 {
		p.title("Nothing changed: every source, segment and activation is up to date.")
	}
}

type printer struct {
	w      io.Writer
	colour bool
}

func (p printer) paint(c text.Color, s string) string {
	if !p.colour {
		return s
	}
	return c.Sprint(s)
}

func (p printer) title(s string) { fmt.Fprintf(p.w, "\n%s\n", p.paint(text.Bold, s)) }

func (p printer) table(header table.Row, rows []table.Row) {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.AppendHeader(header)
	t.AppendRows(rows)
	var configs []table.ColumnConfig
	for i, h := range header {
		if name := h.(string); strings.HasSuffix(name, "#") {
			header[i] = strings.TrimSuffix(name, "#")
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.SetColumnConfigs(configs)
	fmt.Fprintln(p.w, t.Render())
}

func (p printer) sources(sources []Source) {
	p.title("Sources")
	var rows []table.Row
	for _, s := range sources {
		rows = append(rows, table.Row{s.Name, s.Kind, s.State, Number(s.Rows), Signed(s.Added, s.Removed), p.bad(s.Quarantined, list(s.Rejects))})
	}
	p.table(table.Row{"source", "kind", "", "rows#", "change#", "quarantined"}, rows)
}

func (p printer) bad(n int64, detail string) string {
	if n == 0 {
		return ""
	}
	return p.paint(text.FgYellow, Number(n)+" ("+detail+")")
}

func (p printer) space(s Space) {
	p.title("People: " + s.Name)
	fmt.Fprintf(p.w, " %s records became %s people; %s visitors stay anonymous\n", Number(s.Records), Number(s.Known), Number(s.Anonymous))
	for _, g := range []struct {
		label  string
		counts []Count
	}{{s.MergedBy(), s.Merges}, {"guarded", s.Guards}, {"decided by hand", s.Overrides}, {"this run", s.Lineage}} {
		if len(g.counts) > 0 {
			fmt.Fprintf(p.w, " %s: %s\n", g.label, list(g.counts))
		}
	}
	for _, f := range s.Quality {
		line := f.Label + ": " + f.Text
		if f.Bad {
			line = p.paint(text.FgYellow, line)
		}
		fmt.Fprintf(p.w, " %s\n", line)
	}
	p.canary(s.Canary)
	var rows []table.Row
	for _, seg := range s.Segments {
		rows = append(rows, table.Row{seg.Name, seg.Purpose, Number(seg.Members), Signed(seg.Added, seg.Removed)})
	}
	if len(rows) > 0 {
		fmt.Fprintln(p.w)
		p.table(table.Row{"segment", "for purpose", "members#", "change#"}, rows)
	}
}

func (p printer) canary(c *Canary) {
	if c == nil {
		return
	}
	fmt.Fprintln(p.w, " a rule on trial")
	for _, f := range c.Facts {
		fmt.Fprintf(p.w, "  %s: %s\n", f.Label, f.Text)
	}
	var rows []table.Row
	for _, f := range c.Figures {
		rows = append(rows, table.Row{f.Label, f.Current, f.Canary})
	}
	fmt.Fprintln(p.w)
	p.table(table.Row{"figure, of the share", "in use#", "on trial#"}, rows)
}

func (p printer) funnel(a Activation) {
	p.title(fmt.Sprintf("Activation: %s -> %s, for %s", a.Name, a.Destination, a.Purpose))
	rows := []table.Row{{"in the audience", Number(a.Audience), ""}}
	for _, r := range a.Reasons {
		rows = append(rows, table.Row{"  - " + r.Name, Number(r.N), ""})
	}
	delta := Signed(a.Added, a.Removed)
	if a.Updated > 0 {
		delta += " ~" + Number(a.Updated)
	}
	if delta == "" {
		delta = "nothing to deliver"
	}
	rows = append(rows, table.Row{p.paint(text.FgGreen, "at the destination"), p.paint(text.FgGreen, Number(a.Sent)), delta})
	if a.Failed > 0 {
		rows = append(rows, table.Row{p.paint(text.FgRed, "not delivered"), p.paint(text.FgRed, Number(a.Failed)), ""})
	}
	p.table(table.Row{"", "people#", "this run"}, rows)
}

func (p printer) problems(problems []Problem) {
	if len(problems) == 0 {
		return
	}
	p.title("Problems")
	for _, x := range problems {
		fmt.Fprintf(p.w, " %s %s: %s\n", p.paint(text.FgRed, string(x.Class)), x.Subject, x.Message)
	}
}

func list(counts []Count) string {
	parts := make([]string, len(counts))
	for i, c := range counts {
		parts[i] = c.Name + " " + Number(c.N)
	}
	return strings.Join(parts, ", ")
}

// Number with thousands separated by commas.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Signed shows a change as "+added -removed", empty where there is none.
func Signed(added, removed int64) string {
	var parts []string
	if added > 0 {
		parts = append(parts, "+"+Number(added))
	}
	if removed > 0 {
		parts = append(parts, "-"+Number(removed))
	}
	return strings.Join(parts, " ")
}
