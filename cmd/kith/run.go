package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/report"
	"github.com/kith-dev/kith/internal/worker"
)

type runOptions struct {
	manifests []string
	lake      string
	volumes   []string
	secrets   string
	now       string
	output    string
	report    string
	memory    string
	threads   int
	approve   []string
}

func newRun() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run -f DIR --lake DIR",
		Short: "Do everything that the declarations ask for, on this machine",
		Long: "Reads the declarations in DIR, brings every source, identity space, segment and activation up to date in the lake,\n" +
			"delivers what is due, and says what happened. Running it again does only what has become due since.",
		Example: `  kith run -f examples/retail --lake ./lake --volume retail-data=./data --volume retail-out=./out --secrets ./secrets`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return run(c.Context(), c.OutOrStdout(), o) },
	}
	f := c.Flags()
	f.StringSliceVarP(&o.manifests, "filename", "f", nil, "file or folder of declarations; can be given again")
	f.StringVar(&o.lake, "lake", "", "folder of the lake; made when it is not there")
	o.bindVolumes(c)
	f.StringVar(&o.secrets, "secrets", "", "folder with one folder for each Secret and one file for each of its keys")
	f.StringVar(&o.now, "now", "", "time that counts as now, RFC 3339; without it, the clock's")
	f.StringVarP(&o.output, "output", "o", "text", "text or json")
	f.StringVar(&o.report, "report", "", "where to write the HTML report; without it, report.html in the lake")
	f.StringVar(&o.memory, "memory", "", "memory limit of the engine, such as 4GB; without it, 60% of what there is")
	f.StringArrayVar(&o.approve, "approve", nil, "name of an IdentityRule, Segment or Activation that may exceed its budget in this run; can be given again")
	f.IntVar(&o.threads, "threads", 0, "threads of the engine; without it, one for each processor")
	_ = c.MarkFlagRequired("filename")
	_ = c.MarkFlagRequired("lake")
	return c
}

func (o *runOptions) bindVolumes(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.volumes, "volume", nil, "NAME=DIR: the folder that stands for the volume claim NAME; can be given again")
}

func run(ctx context.Context, out io.Writer, o runOptions) error {
	if err := textOrJSON(o.output); err != nil {
		return err
	}
	now, err := parseNow(o.now)
	if err != nil {
		return err
	}
	env, err := localEnv(o)
	if err != nil {
		return err
	}
	objects, err := loadObjects(o.manifests)
	if err != nil {
		return err
	}
	for _, name := range o.approve {
		if objects.Activation(name) == nil && objects.Segment(name) == nil && objects.IdentityRule(name) == nil {
			return fault.New(fault.ReferenceNotFound, "there is no IdentityRule, Segment or Activation %q to approve", name)
		}
	}
	l, err := lake.Open(ctx, o.lake)
	if err != nil {
		return err
	}
	unlock, err := l.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()

	env.Lake = l
	engine.BoundHeap()
	watch := newWatcher(out, o.output)
	runner := local.Runner{
		Objects: objects, Lake: l, Watcher: watch, Now: now, Approve: o.approve,
		Worker: func(ctx context.Context, p *plan.Plan) (worker.Outcome, error) {
			return worker.Run(ctx, env.With(watch.Progress), p)
		},
	}
	steps, runErr := runner.Run(ctx)
	watch.Close()
	model := report.Build(objects, steps, now)
	if o.report == "" {
		o.report = filepath.Join(o.lake, "report.html")
	}
	if err := writeReport(model, o.report); err != nil {
		return err
	}
	if err := show(out, o, model, steps); err != nil {
		return err
	}
	if runErr != nil {
		return reportedError{runErr}
	}
	return nil
}

func show(out io.Writer, o runOptions, m report.Model, steps []local.Step) error {
	if o.output == "json" {
		return printJSON(out, map[string]any{"now": m.Now, "changed": m.Changed, "steps": stepsForScripts(steps), "report": o.report})
	}
	m.Text(out, isTerminal(out))
	fmt.Fprintf(out, "\nReport: %s\n", o.report)
	return nil
}

// scriptStep is a step as -o json shows it.
type scriptStep struct {
	Task     string          `json:"task"`
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	State    local.State     `json:"state"`
	Cause    plan.Cause      `json:"cause,omitempty"`
	Revision string          `json:"revision,omitempty"` // in use after the step
	Outputs  []lake.Output   `json:"outputs,omitempty"`  // of that revision
	Problem  *local.Problem  `json:"problem,omitempty"`
	Warnings []local.Problem `json:"warnings,omitempty"`
	Seconds  float64         `json:"seconds"`
}

func stepsForScripts(steps []local.Step) []scriptStep {
	out := make([]scriptStep, len(steps))
	for i, s := range steps {
		out[i] = scriptStep{
			Task: string(s.Subject.Task), Kind: s.Subject.Kind, Name: s.Subject.Name, State: s.State, Cause: s.Cause,
			Problem: s.Problem, Warnings: s.Warnings, Seconds: s.Elapsed.Seconds(),
		}
		if s.Revision != nil {
			out[i].Revision, out[i].Outputs = s.Revision.Run, s.Revision.Outputs
		}
	}
	return out
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func parseNow(s string) (time.Time, error) {
	if s == "" {
		return time.Now().UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("--now %q is not a time such as 2026-06-01T09:00:00Z", s)}
	}
	return t.UTC(), nil
}

// localEnv is where a laptop keeps what a worker finds mounted in a cluster.
func localEnv(o runOptions) (worker.Env, error) {
	env := worker.Env{LakeDir: o.lake, Volumes: map[string]string{}, Secrets: o.secrets, Memory: o.memory, Threads: o.threads}
	for _, v := range o.volumes {
		name, dir, ok := strings.Cut(v, "=")
		if !ok || name == "" || dir == "" {
			return env, usageError{fmt.Errorf("--volume %q is not NAME=DIR", v)}
		}
		env.Volumes[name] = dir
	}
	return env, nil
}

// writeReport replaces the report as a whole, so that a browser never sees half of one.
func writeReport(m report.Model, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return fault.New(fault.DiskFull, "can't write the report next to %s: %w", path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if err := m.HTML(f); err != nil {
		_ = f.Close()
		return fault.New(fault.DiskFull, "can't write the report %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fault.New(fault.DiskFull, "can't write the report %s: %w", path, err)
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
