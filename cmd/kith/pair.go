package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/worker"
)

func newExplainPair() *cobra.Command {
	var o runOptions
	var format string
	c := &cobra.Command{
		Use:   "pair RULE A B -f DIR --lake DIR",
		Short: "Show why two records are one person, or why not",
		Long: "Shows what connects two Profile records, given as SOURCE/KEY: the rules they agree in, how alike they are and why, in bits,\n" +
			"the path from one to the other through their profile, or what keeps their profiles apart.",
		Example: `  kith explain pair customers crm/1001 shop/88 -f examples/retail --lake ./lake`,
		Args:    cobra.ExactArgs(3),
		RunE: func(c *cobra.Command, args []string) error {
			return explainPair(c.Context(), c.OutOrStdout(), o, format, args)
		},
	}
	o.bindKnown(c)
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return c
}

func explainPair(ctx context.Context, out io.Writer, o runOptions, format string, args []string) error {
	if err := textOrJSON(format); err != nil {
		return err
	}
	var refs [2]identity.Ref
	for i, arg := range args[1:] {
		var ok bool
		if refs[i], ok = identity.ParseRef(arg); !ok {
			return usageError{fmt.Errorf("%q is no record: give SOURCE/KEY", arg)}
		}
	}
	if refs[0] == refs[1] {
		return usageError{fmt.Errorf("%s is given twice", refs[0])}
	}
	l, p, err := o.people(ctx, args[0])
	if err != nil {
		return err
	}
	x, err := worker.ExplainPair(ctx, worker.Env{Lake: l, LakeDir: o.lake}, p, refs[0], refs[1])
	if err != nil {
		return err
	}
	if format == "json" {
		return printJSON(out, x)
	}
	printPair(out, x)
	return nil
}

func printPair(out io.Writer, x *identity.PairExplanation) {
	if x.Profiles[0] == x.Profiles[1] {
		fmt.Fprintf(out, "%s and %s are one person: %s\n", x.A, x.B, x.Profiles[0])
	} else {
		fmt.Fprintf(out, "%s and %s are two people: %s and %s\n", x.A, x.B, x.Profiles[0], x.Profiles[1])
	}
	rules := 0
	for _, s := range x.Shared {
		if s.Rule == 0 {
			continue // it is among the overrides
		}
		rules++
		fmt.Fprintf(out, "  rule %d connects them: %s %s\n", s.Rule, s.Label, s.Value)
	}
	if rules == 0 {
		fmt.Fprintln(out, "  no deterministic rule connects them")
	}
	printOverrides(out, x)
	if x.Match != nil {
		printMatch(out, x.Match)
	}
	if len(x.Path) > 1 {
		fmt.Fprintln(out, "\nWhat connects them in their profile")
		for _, s := range x.Path {
			how := fmt.Sprintf("%+.1f bits", s.Weight)
			if s.Rule != "" {
				how = "rule: " + s.Rule
			}
			fmt.Fprintf(out, "  %s - %s  %s\n", s.From, s.To, how)
		}
	}
	if b := x.Between; b != nil && b.Compared > 0 {
		fmt.Fprintf(out, "\nBetween the two profiles %d pairs of records were compared, of %+.1f bits on the average; from %g on they would be joined.\n", b.Compared, b.Mean, b.Threshold)
		if b.Mean >= b.Threshold && len(x.Refused) == 0 {
			fmt.Fprintln(out, "They are two all the same: one of them is as much like a third profile, which is certainly not the other.")
		}
	} else if b != nil {
		fmt.Fprintln(out, "\nNo records of the two profiles were compared: they are candidates by no rule.")
	}
	for _, r := range x.Refused {
		fmt.Fprintf(out, "A guard keeps them apart: %s\n", r)
	}
}

// printOverrides shows what somebody decided about the two records, or others of their profiles.
func printOverrides(out io.Writer, x *identity.PairExplanation) {
	for _, d := range x.Overrides {
		what := "merges"
		switch {
		case d.Outcome == identity.OutcomeRefused:
			what = "would merge"
		case d.Decision == normalise.Split:
			what = "splits"
		}
		fmt.Fprintf(out, "  an override %s %s and %s: %s", what, d.First, d.Second, d.Reason)
		var by []string
		if d.Steward != "" {
			by = append(by, d.Steward)
		}
		if d.At != nil {
			by = append(by, d.At.UTC().Format(time.DateOnly))
		}
		if len(by) > 0 {
			fmt.Fprintf(out, " (%s)", strings.Join(by, ", "))
		}
		fmt.Fprintln(out)
		if d.Outcome == identity.OutcomeRefused {
			fmt.Fprintln(out, "    but a Split forbids it")
		}
	}
}

// printMatch shows how a weight comes about, a bar for each step.
func printMatch(out io.Writer, m *linkage.Explanation) {
	if len(m.Rules) == 0 {
		fmt.Fprintln(out, "\nThey are no candidates: no combination of parts of their values is equal. If they were compared, it would be so:")
	} else {
		fmt.Fprintf(out, "\nThey are candidates by %s\n", strings.Join(m.Rules, ", "))
	}
	colour := isTerminal(out)
	for _, s := range m.Steps {
		what := s.Level
		if s.Left != "" || s.Right != "" {
			what += fmt.Sprintf(" (%s, %s)", s.Left, s.Right)
		}
		bar := strings.Repeat("#", min(30, int(max(s.Bits, -s.Bits)+0.5)))
		if colour {
			c := text.FgGreen
			if s.Bits < 0 {
				c = text.FgRed
			}
			bar = c.Sprint(bar)
		}
		fmt.Fprintf(out, "  %+7.1f  %-22s %-48s %s\n", s.Bits, s.What, what, bar)
	}
	fmt.Fprintf(out, "  %+7.1f  bits: one person is 2^%.1f times as likely as two\n", m.Weight, m.Weight)
}
