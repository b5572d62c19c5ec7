package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/worker"
)

// How much of each list is shown.
const (
	shownToPeople  = 20
	shownToScripts = 1000
)

func newExplainProfile() *cobra.Command {
	var o runOptions
	var format string
	c := &cobra.Command{
		Use:   "profile RULE ID -f DIR --lake DIR",
		Short: "Show what a profile is made of, and what holds it together",
		Long: "Shows the records of a profile, the values and the likeness that connect them, the weakest of these connections, what guards decided around it,\n" +
			"what became of its id, its values with the records that gave them, and what the person said. An id that was merged stands for the profile it ended in.\n" +
			fmt.Sprintf("Of each list the first %d entries are shown, in JSON the first %d, beside how many there are.", shownToPeople, shownToScripts),
		Example: `  kith explain profile customers 0b1f6c1e-52b3-5c6e-8a43-6f2f4c9d1e77 -f examples/retail --lake ./lake`,
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return explainProfile(c.Context(), c.OutOrStdout(), o, format, args[0], args[1])
		},
	}
	o.bindKnown(c)
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return c
}

func explainProfile(ctx context.Context, out io.Writer, o runOptions, format, rule, id string) error {
	if err := textOrJSON(format); err != nil {
		return err
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return usageError{fmt.Errorf("%q is no id of a profile: give a UUID as %s.profiles has them", id, rule)}
	}
	l, p, err := o.people(ctx, rule)
	if err != nil {
		return err
	}
	limit := shownToPeople
	if format == "json" {
		limit = shownToScripts
	}
	x, err := worker.ExplainProfile(ctx, worker.Env{Lake: l, LakeDir: o.lake}, p, parsed.String(), limit)
	if err != nil {
		return err
	}
	if format == "json" {
		return printJSON(out, x)
	}
	profilePrinter{out, isTerminal(out)}.print(x)
	return nil
}

type profilePrinter struct {
	out    io.Writer
	colour bool
}

func (p profilePrinter) print(x *identity.ProfileExplanation) {
	for _, m := range x.Merged {
		fmt.Fprintf(p.out, "%s was merged into %s in run %s (%s)\n", m.From, m.To, m.Run, m.Cause)
	}
	what := "a person"
	if !x.Known {
		what = "a visitor whom nobody knows"
	}
	fmt.Fprintf(p.out, "%s is %s, of %s and %s\n", x.Profile, what, plural(x.Records.Total, "record"), plural(x.Identifiers.Total, "identifier"))
	section(p, "Records", x.Records, func(r identity.Ref) []string { return []string{r.String()} })
	section(p, "Identifiers", x.Identifiers, func(i identity.Identifier) []string { return []string{i.Kind, i.Value} })
	section(p, "Values that connect its records", x.Ties, func(t identity.Tie) []string {
		return []string{fmt.Sprintf("rule %d", t.Rule), t.Label, t.Value, plural(t.Records, "record")}
	})
	section(p, "Likeness that connects its records", x.Matches, func(s identity.PathStep) []string {
		return []string{bits(s.Weight), s.From.String(), s.To.String()}
	})
	if c := x.Compared; c != nil && c.Compared > 0 {
		fmt.Fprintf(p.out, "  Of its records %s were compared, of %s on the average.\n", plural(c.Compared, "pair"), bits(c.Mean))
	}
	p.weakest(x)
	section(p, "Guards around it", x.Guards, func(g identity.Guarded) []string { return []string{g.Guard, g.Identifier, g.Value, g.Detail} })
	section(p, "Its id", x.Lineage, func(c identity.Changed) []string { return changed(x.Profile, c) })
	section(p, "Values, as "+x.Class+" sees them", x.Values, func(s identity.Survivor) []string {
		return []string{s.Attribute, s.Value, strings.TrimSuffix(s.Source+"/"+s.Key, "/")}
	})
	section(p, "What was said", x.Consent, func(s identity.Said) []string {
		at := ""
		if s.Time != nil {
			at = s.Time.UTC().Format(time.RFC3339)
		}
		return []string{s.Purpose, s.Status, at, s.Identifier, s.Value, s.Source}
	})
}

// weakest link, and what it would be without it.
func (p profilePrinter) weakest(x *identity.ProfileExplanation) {
	if x.Groups > 1 {
		p.title("Weakest link")
		fmt.Fprintf(p.out, "  Its records are in %d groups that nothing connects by the declarations as they are now: they have changed since the people were made.\n", x.Groups)
		return
	}
	w := x.Weakest
	if w == nil {
		return
	}
	p.title("Weakest link")
	var what string
	if w.Tie != nil {
		what = fmt.Sprintf("rule %d: %s %s, in %s", w.Tie.Rule, w.Tie.Label, w.Tie.Value, plural(w.Tie.Records, "record"))
	} else {
		what = fmt.Sprintf("%s - %s  %s", w.Match.From, w.Match.To, bits(w.Match.Weight))
	}
	what = clean(what)
	if w.Others == 0 {
		what = p.paint(text.FgYellow, what)
	}
	fmt.Fprintf(p.out, "  %s\n", what)
	fmt.Fprintf(p.out, "  It connects parts of %s.", parts(w.Parts))
	if w.Others == 0 {
		fmt.Fprint(p.out, " Nothing else does: without it, they are not one person.\n")
	} else {
		do := "do"
		if w.Others == 1 {
			do = "does"
		}
		fmt.Fprintf(p.out, " So %s %s, none stronger than this one.\n", do, plural(w.Others, "other connection"))
	}
	if b := w.Between; b != nil && b.Compared > 0 {
		fmt.Fprintf(p.out, "  Between the parts %s were compared, of %s on the average.\n", plural(b.Compared, "pair"), bits(b.Mean))
	}
}

func parts(p identity.Some[int]) string {
	var out []string
	for _, n := range p.Shown {
		out = append(out, fmt.Sprint(n))
	}
	if more := p.Total - len(p.Shown); more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, " and ") + " records"
}

// changed is something that happened to the id of a profile, as seen from it.
func changed(id string, c identity.Changed) []string {
	var what string
	switch {
	case c.Event == "new":
		what = "made"
	case c.Event == "retire":
		what = "ended"
	case c.To == id:
		what = c.Event + " from " + c.From
	default:
		what = c.Event + " to " + c.To
	}
	return []string{c.At.UTC().Format(time.RFC3339), what, plural(int(c.Records), "record"), c.Cause, c.Run}
}

func (p profilePrinter) paint(c text.Color, s string) string {
	if !p.colour {
		return s
	}
	return c.Sprint(s)
}

func (p profilePrinter) title(s string) { fmt.Fprintf(p.out, "\n%s\n", p.paint(text.Bold, s)) }

// section shows a list as a table, if there is something in it.
func section[T any](p profilePrinter, title string, list identity.Some[T], cells func(T) []string) {
	if list.Total == 0 {
		return
	}
	p.title(title)
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "  ", ""
	t.SetStyle(style)
	for _, x := range list.Shown {
		var row table.Row
		for _, cell := range cells(x) {
			row = append(row, clean(cell))
		}
		t.AppendRow(row)
	}
	for line := range strings.Lines(t.Render()) {
		fmt.Fprintln(p.out, strings.TrimRight(line, " \n"))
	}
	if more := list.Total - len(list.Shown); more > 0 {
		fmt.Fprintf(p.out, "  and %d more\n", more)
	}
}

// clean is a value without what a terminal would take for a command.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

func bits(w float64) string { return fmt.Sprintf("%+.1f bits", w) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
