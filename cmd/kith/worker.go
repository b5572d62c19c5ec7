package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/runreport"
	"github.com/kith-dev/kith/internal/worker"
)

type workerOptions struct {
	plan, volumes  string
	run, namespace string
	env            worker.Env
}

func newWorker() *cobra.Command {
	var o workerOptions
	c := &cobra.Command{
		Use:   "worker --plan PATH --lake DIR",
		Short: "Carry out one plan",
		Long: "Carries out the plan at PATH, which the controllers write, and commits its revision to the lake. PATH is a JSON document,\n" +
			"or a folder with the compressed document in parts, plan.json.gz.000 and so on.\n" +
			"Starting it again after it was killed takes the work up where it stopped.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.work(c.Context(), c.OutOrStdout(), c.ErrOrStderr()) },
	}
	f := c.Flags()
	f.StringVar(&o.plan, "plan", "", "file, or folder of parts, that holds the plan")
	f.StringVar(&o.env.LakeDir, "lake", "", "folder the lake is mounted at")
	f.StringVar(&o.volumes, "volumes", "", "folder with one mounted folder for each volume claim")
	f.StringVar(&o.env.Secrets, "secrets", "", "folder with one folder for each Secret and one file for each of its keys")
	f.StringVar(&o.env.Memory, "memory", "", "memory limit of the engine, such as 4GB; without it, 60% of what there is")
	f.IntVar(&o.env.Threads, "threads", 0, "threads of the engine; without it, one for each processor")
	f.StringVar(&o.run, "report", "", "name of the Run whose status is told of progress and result; only in a cluster")
	f.StringVar(&o.namespace, "namespace", "", "namespace of the Run; without it, that of the service account")
	_ = c.MarkFlagRequired("plan")
	_ = c.MarkFlagRequired("lake")
	return c
}

// reporter is told how a run goes.
type reporter interface {
	Progress(done, total int64, unit string)
	Finish(out worker.Outcome, err error)
}

type unreported struct{}

func (unreported) Progress(int64, int64, string) {}
func (unreported) Finish(worker.Outcome, error)  {}

func (o workerOptions) work(ctx context.Context, out, log io.Writer) error {
	report, err := o.reporter(log)
	if err != nil {
		return err
	}
	engine.BoundHeap()
	return o.reported(ctx, out, report)
}

// reported carries out the plan and reports how it ended, whatever went wrong.
func (o workerOptions) reported(ctx context.Context, out io.Writer, report reporter) error {
	show := &lines{out: out}
	p, outcome, err := o.carryOut(ctx, show, report)
	report.Finish(outcome, err)
	if err != nil {
		return err
	}
	step := local.Step{Subject: p.Subject, State: local.Unchanged}
	if outcome.Revision != nil {
		step.State, step.Revision = local.Done, outcome.Revision
	}
	show.End(step)
	return nil
}

func (o workerOptions) carryOut(ctx context.Context, show *lines, report reporter) (*plan.Plan, worker.Outcome, error) {
	p, err := readPlan(o.plan)
	if err != nil {
		return nil, worker.Outcome{}, err
	}
	env := o.env
	env.ShareRate = true
	if env.Volumes, err = mounted(o.volumes); err != nil {
		return nil, worker.Outcome{}, err
	}
	if env.Lake, err = lake.Open(ctx, env.LakeDir); err != nil {
		return nil, worker.Outcome{}, err
	}
	show.Begin(p.Subject, plan.CauseChanged)
	env.Progress = func(done, total int64, unit string) {
		show.Progress(done, total, unit)
		report.Progress(done, total, unit)
	}
	outcome, err := worker.Run(ctx, env, p)
	return p, outcome, err
}

const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// reporter to the API server that the pod belongs to; without a Run, one that tells nobody.
func (o workerOptions) reporter(log io.Writer) (reporter, error) {
	if o.run == "" {
		return unreported{}, nil
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, usageError{fmt.Errorf("--report works in a pod only: %w", err)}
	}
	namespace := o.namespace
	if namespace == "" {
		b, err := os.ReadFile(namespaceFile)
		if err != nil {
			return nil, usageError{fmt.Errorf("--report needs --namespace where the service account does not tell it: %w", err)}
		}
		namespace = strings.TrimSpace(string(b))
	}
	return runreport.New(runreport.Options{
		Config: config, Namespace: namespace, Run: o.run,
		Log: func(format string, args ...any) { fmt.Fprintf(log, "kith: "+format+"\n", args...) },
	})
}

// readPlan from a JSON document, or from a folder of parts.
func readPlan(path string) (*plan.Plan, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.New(fault.VolumeMissing, "can't read the plan: %w", err)
	}
	if !info.IsDir() {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fault.New(fault.VolumeMissing, "can't read the plan: %w", err)
		}
		return plan.Decode(b)
	}
	var parts [][]byte
	for {
		part, err := os.ReadFile(filepath.Join(path, plan.PartName(len(parts))))
		if len(parts) > 0 && errors.Is(err, fs.ErrNotExist) {
			return plan.Unpack(parts...)
		}
		if err != nil {
			return nil, fault.New(fault.VolumeMissing, "can't read the plan: %w", err)
		}
		parts = append(parts, part)
	}
}

// mounted volumes: one folder below dir for each claim.
func mounted(dir string) (map[string]string, error) {
	out := map[string]string{}
	if dir == "" {
		return out, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil // a pod whose plan mounts nothing has no such folder
	}
	if err != nil {
		return nil, fault.New(fault.VolumeMissing, "can't list the mounted volumes: %w", err)
	}
	for _, e := range entries {
		out[e.Name()] = filepath.Join(dir, e.Name())
	}
	return out, nil
}
