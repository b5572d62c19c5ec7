package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/plan"
)

func newModel() *cobra.Command {
	c := &cobra.Command{Use: "model", Short: "See and export the models by which a rule matches"}
	c.AddCommand(newModelList(), newModelShow(), newModelExport())
	return c
}

// modelOptions are the flags of the commands about models.
type modelOptions struct {
	lake, output string
	version      int
}

func (o *modelOptions) bind(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ExactArgs(1)
	c.Flags().StringVar(&o.lake, "lake", "", "folder of the lake")
	_ = c.MarkFlagRequired("lake")
	return c
}

func (o *modelOptions) bindVersion(c *cobra.Command) *cobra.Command {
	c.Flags().IntVar(&o.version, "version", 0, "version of the model; without it, the one in use")
	return o.bind(c)
}

func newModelList() *cobra.Command {
	var o modelOptions
	c := &cobra.Command{
		Use: "list RULE --lake DIR", Short: "List the models of a rule, and why each was learned",
		RunE: func(c *cobra.Command, args []string) error {
			return listModels(c.Context(), c.OutOrStdout(), o, args[0])
		},
	}
	c.Flags().StringVarP(&o.output, "output", "o", "text", "text or json")
	return o.bind(c)
}

func newModelShow() *cobra.Command {
	var o modelOptions
	c := &cobra.Command{
		Use: "show RULE --lake DIR", Short: "Show what each level of each comparison tells",
		Long: "Shows, for each level of each comparison of a model, how often pairs of records of one person are on it (m), those of strangers (u) and those\n" +
			"of two people of one household, where neither value is missing, and by how many bits it counts for one person and against strangers.",
		RunE: func(c *cobra.Command, args []string) error {
			return showModel(c.Context(), c.OutOrStdout(), o, args[0])
		},
	}
	c.Flags().StringVarP(&o.output, "output", "o", "text", "text or json")
	return o.bindVersion(c)
}

func newModelExport() *cobra.Command {
	var o modelOptions
	c := &cobra.Command{
		Use: "export RULE --lake DIR > model.json", Short: "Write a model as JSON, for spec.probabilistic.model.file of a rule",
		RunE: func(c *cobra.Command, args []string) error {
			m, err := o.model(c.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", m.Text)
			return err
		},
	}
	return o.bindVersion(c)
}

// models of a rule, by its latest revision.
func (o *modelOptions) models(ctx context.Context, rule string) ([]identity.ModelVersion, error) {
	l, db, err := openLake(ctx, o.lake)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	s := plan.ResolveSubject(rule)
	people, err := l.Latest(ctx, string(s.Task), s.Kind, s.Name)
	if err != nil {
		return nil, err
	}
	if people == nil {
		return nil, fault.New(fault.ReferenceNotFound, "the lake has no people of IdentityRule %s: run `kith run` first, or correct the name", rule)
	}
	all, err := identity.Models(ctx, identity.Env{Lake: l, DB: db}, rule, people)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.ReferenceNotFound, "IdentityRule %s has no model: it is not probabilistic", rule)
	}
	return all, err
}

// model that was asked for, or that is in use.
func (o *modelOptions) model(ctx context.Context, rule string) (*identity.ModelVersion, error) {
	all, err := o.models(ctx, rule)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Version == o.version || o.version == 0 && all[i].InUse {
			return &all[i], nil
		}
	}
	return nil, fault.New(fault.ReferenceNotFound, "IdentityRule %s has no model of version %d: see kith model list", rule, o.version)
}

// listedModel is a model as the list shows it.
type listedModel struct {
	identity.ModelVersion
	Records     int `json:"records"`
	Comparisons int `json:"comparisons"`
	Levels      int `json:"levels"`
	Rules       int `json:"rules"`
	Bytes       int `json:"bytes"`
}

func listed(v identity.ModelVersion) listedModel {
	out := listedModel{ModelVersion: v, Records: v.Model.Records, Comparisons: len(v.Model.Comparisons), Rules: len(v.Model.Rules), Bytes: len(v.Text)}
	for _, c := range v.Model.Comparisons {
		out.Levels += len(c.Levels) - 1 // what is missing tells nothing
	}
	return out
}

func listModels(ctx context.Context, out io.Writer, o modelOptions, rule string) error {
	if err := textOrJSON(o.output); err != nil {
		return err
	}
	all, err := o.models(ctx, rule)
	if err != nil {
		return err
	}
	lines := make([]listedModel, len(all))
	for i, v := range all {
		lines[i] = listed(v)
	}
	if o.output == "json" {
		return printJSON(out, lines)
	}
	t := plainTable("version", "at", "records", "levels", "rules", "bytes", "reason")
	for _, m := range lines {
		version := strconv.Itoa(m.Version)
		if m.InUse {
			version += " (in use)"
		}
		t.AppendRow(table.Row{version, plain(m.At), m.Records, m.Levels, m.Rules, m.Bytes, m.Reason})
	}
	fmt.Fprintln(out, t.Render())
	return nil
}

// shownModel is a model without its frequencies and blocks.
type shownModel struct {
	listedModel
	Blocking []string       `json:"blocking"`
	Table    []linkage.Line `json:"table"`
}

func showModel(ctx context.Context, out io.Writer, o modelOptions, rule string) error {
	if err := textOrJSON(o.output); err != nil {
		return err
	}
	v, err := o.model(ctx, rule)
	if err != nil {
		return err
	}
	if v.Model.Format != linkage.Format {
		return fault.New(fault.ModelMismatch, "IdentityRule %s: model %d was made by another version of Kith", rule, v.Version)
	}
	m := shownModel{listed(*v), v.Model.Rules, v.Model.Table()}
	if o.output == "json" {
		return printJSON(out, m)
	}
	fmt.Fprintf(out, "Model %d, of %d records, made by %s: %s\n\n", m.Version, m.Records, m.Run, m.Reason)
	t := plainTable("comparison", "level", "one person", "strangers", "household", "bits")
	last := ""
	for _, l := range m.Table {
		name := l.Comparison
		if name == last {
			name = ""
		} else if last != "" {
			t.AppendSeparator()
		}
		last = l.Comparison
		bits := fmt.Sprintf("%+.1f", l.Bits)
		if l.ByRarity {
			bits += " *"
		}
		t.AppendRow(table.Row{name, l.Level, share(l.OnePerson), share(l.Strangers), share(l.Household), bits})
	}
	fmt.Fprintf(out, "%s\n* of a value of average rarity; a rarer one counts more\n\nCandidates agree in one of:\n", t.Render())
	for _, name := range m.Blocking {
		fmt.Fprintf(out, "  %s\n", name)
	}
	return nil
}

// share in percent, with three figures however small it is.
func share(p float64) string { return fmt.Sprintf("%.3g %%", 100*p) }
