package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/report"
	"github.com/kith-dev/kith/internal/simulate"
)

type planOptions struct {
	runOptions
	examples int
}

func newPlan() *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:   "plan -f DIR --lake DIR",
		Short: "Show what the declarations would change, and change nothing",
		Long: "Computes people, traits and segments as the declarations ask for, on the sources as they are in the lake, and shows what would be another\n" +
			"than now: profiles that merge, split and end, values that survive, members who enter and leave, and people who would be added to and\n" +
			"removed from each destination. The lake is only read, and nobody is sent anything.\n" +
			"The exit code is 14 where a run would go over its budget and wait for an approval, whatever else would change.",
		Example: `  kith plan -f examples/retail --lake ./lake --examples 3`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return showPlan(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), o)
		},
	}
	o.bindKnown(c)
	f := c.Flags()
	o.bindVolumes(c)
	f.StringVar(&o.now, "now", "", "time that counts as now, RFC 3339; without it, that of the last evaluation")
	f.StringVarP(&o.output, "output", "o", "text", "text or json")
	f.IntVar(&o.examples, "examples", 0, "show the profile ids of so many examples of each thing that happens to ids")
	f.StringVar(&o.memory, "memory", "", "memory limit of the engine, such as 4GB; without it, 60% of what there is")
	f.IntVar(&o.threads, "threads", 0, "threads of the engine; without it, one for each processor")
	return c
}

func showPlan(ctx context.Context, out, log io.Writer, o planOptions) error {
	if err := textOrJSON(o.output); err != nil {
		return err
	}
	var now time.Time
	if o.now != "" {
		var err error
		if now, err = parseNow(o.now); err != nil {
			return err
		}
	}
	objects, err := loadObjects(o.manifests)
	if err != nil {
		return err
	}
	env, err := localEnv(o.runOptions)
	if err != nil {
		return err
	}
	l, db, err := openLake(ctx, o.lake)
	if err != nil {
		return err
	}
	_ = db.Close()
	env.Lake = l
	res, err := simulate.Run(ctx, simulate.Options{Objects: objects, Env: env, Now: now, Examples: o.examples, Begin: beginning(log)})
	if err != nil {
		return err
	}
	if o.output == "json" {
		err = printJSON(out, map[string]any{"changes": res.Changes(), "overBudget": res.OverBudget(), "rules": res.Rules})
	} else {
		report.Simulation(out, isTerminal(out), res)
	}
	if err != nil {
		return err
	}
	return verdict(res)
}

// verdict is the error, already shown, that gives the exit code: what can't be computed comes before budgets.
func verdict(res simulate.Result) error {
	for _, r := range res.Rules {
		for _, p := range r.Failures() {
			return reportedError{fault.New(p.Class, "%s", p.Message)}
		}
	}
	if res.OverBudget() {
		return reportedError{overBudget{fault.New(fault.BudgetExceeded, "a run would wait for an approval")}}
	}
	return nil
}

// beginning says on a terminal what is computed, for it can take a while.
func beginning(log io.Writer) func(plan.Subject) {
	if !isTerminal(log) {
		return func(plan.Subject) {}
	}
	return func(s plan.Subject) { fmt.Fprintln(log, text.FgHiBlack.Sprintf("%-9s %s", s.Task, s.Name)) }
}
