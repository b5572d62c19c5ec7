package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/worker"
)

func newWorker() *cobra.Command {
	var planFile, volumes string
	env := worker.Env{}
	c := &cobra.Command{
		Use:   "worker --plan FILE --lake DIR",
		Short: "Carry out one plan",
		Long: "Carries out the plan in FILE, a JSON document that the controllers write, and commits its revision to the lake.\n" +
			"Starting it again after it was killed takes the work up where it stopped.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return work(c.Context(), env, planFile, volumes) },
	}
	f := c.Flags()
	f.StringVar(&planFile, "plan", "", "file that holds the plan")
	f.StringVar(&env.LakeDir, "lake", "", "folder the lake is mounted at")
	f.StringVar(&volumes, "volumes", "", "folder with one mounted folder for each volume claim")
	f.StringVar(&env.Secrets, "secrets", "", "folder with one folder for each Secret and one file for each of its keys")
	f.StringVar(&env.Memory, "memory", "", "memory limit of the engine, such as 4GB; without it, 60% of what there is")
	f.IntVar(&env.Threads, "threads", 0, "threads of the engine; without it, one for each processor")
	_ = c.MarkFlagRequired("plan")
	_ = c.MarkFlagRequired("lake")
	return c
}

func work(ctx context.Context, env worker.Env, planFile, volumes string) error {
	b, err := os.ReadFile(planFile)
	if err != nil {
		return fault.New(fault.VolumeMissing, "can't read the plan: %w", err)
	}
	p, err := plan.Decode(b)
	if err != nil {
		return err
	}
	if env.Volumes, err = mounted(volumes); err != nil {
		return err
	}
	if env.Lake, err = lake.Open(ctx, env.LakeDir); err != nil {
		return err
	}
	show := &lines{out: os.Stdout}
	show.Begin(p.Subject, plan.CauseChanged)
	env.Progress = show.Progress
	out, err := worker.Run(ctx, env, p)
	if err != nil {
		return err
	}
	step := local.Step{Subject: p.Subject, State: local.Unchanged}
	if out.Revision != nil {
		step.State, step.Revision = local.Done, out.Revision
	}
	fmt.Println(stepLine(step))
	return nil
}

// mounted volumes: one folder below dir for each claim.
func mounted(dir string) (map[string]string, error) {
	out := map[string]string{}
	if dir == "" {
		return out, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.New(fault.VolumeMissing, "can't list the mounted volumes: %w", err)
	}
	for _, e := range entries {
		out[e.Name()] = filepath.Join(dir, e.Name())
	}
	return out, nil
}
