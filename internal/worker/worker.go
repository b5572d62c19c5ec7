// Package worker carries out one plan: it opens the lake and an engine, hands the plan's declarations to the part of the data
// plane that does the work, and commits. `kith worker` runs it in a pod and `kith run` in its own process.
//
// What does not live here: what should run (plan) and how the work is done (ingest, identity, segment, activation, lake).
package worker

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
)

// Env is what a worker finds around it: mounted folders and limits.
type Env struct {
	// Lake that is open, in the folder LakeDir, where Activations keep their journals too.
	Lake    *lake.Lake
	LakeDir string
	// Volumes maps the name of a claim to the folder it is mounted at.
	Volumes map[string]string
	// Secrets is a folder with one folder for each Secret and one file for each of its keys.
	Secrets string
	// Memory limit of the engine such as 4GB, and its Threads; empty and 0 take what the machine has.
	Memory  string
	Threads int
	// ShareRate: as many workers as the Destination's concurrency allows may send there at once, so that each keeps to its
	// share of the rate. Without it this one is alone.
	ShareRate bool
	// Progress of the run; may be nil.
	Progress func(done, total int64, unit string)
}

// With is the same environment with another progress function.
func (e Env) With(progress func(done, total int64, unit string)) Env {
	e.Progress = progress
	return e
}

// Outcome of one plan.
type Outcome struct {
	// Revision that the plan made, in this attempt or an earlier one; nil when there was nothing to do after all, or nothing came of it.
	Revision *lake.Revision
	// Latest revision of the plan's subject after the run, whoever made it and however the run ended; nil when the lake has none or
	// can't be read. This is how whoever makes plans learns what the lake has.
	Latest *lake.Revision
}

// Run carries out p. It can return a revision together with an error: what was achieved and what still failed. Nothing is done, and
// no source or receiver is spoken to, when p was committed before, or when the lake has another latest revision than p's base: the
// class then is Superseded.
func Run(ctx context.Context, env Env, p *plan.Plan) (Outcome, error) {
	latest, done, err := env.Lake.Check(ctx, lakePlan(p))
	if err != nil {
		return Outcome{Latest: latest}, err
	}
	if done {
		return Outcome{Revision: latest, Latest: latest}, env.tidy(p, latest)
	}
	out, err := run(ctx, env, p, func(t task) (Outcome, error) {
		t.latest = latest
		return t.do(ctx)
	})
	out.Latest = env.latest(ctx, p.Subject, latest)
	return out, err
}

func (t task) do(ctx context.Context) (Outcome, error) {
	switch t.plan.Subject.Task {
	case v1alpha1.TaskIngest:
		return t.ingest(ctx)
	case v1alpha1.TaskResolve:
		return t.resolve(ctx)
	case v1alpha1.TaskEvaluate:
		return t.evaluate(ctx)
	case v1alpha1.TaskCanary:
		return t.canary(ctx)
	case v1alpha1.TaskSync:
		return t.sync(ctx)
	case v1alpha1.TaskMaintain:
		return t.maintain(ctx)
	}
	return Outcome{}, fault.New(fault.InvalidManifest, "plan %s has the unknown task %q", t.plan.Run, t.plan.Subject.Task)
}

// tidy ends a run that was committed by an attempt that may have died just after: only a Sync leaves something behind.
func (e Env) tidy(p *plan.Plan, rev *lake.Revision) error {
	if p.Subject.Task != v1alpha1.TaskSync {
		return nil
	}
	_, err := activation.Committed(e.LakeDir, p.Subject.Name, rev)
	return err
}

// latestWithin is how long a run that is over, and perhaps was told to stop, looks for the latest revision.
const latestWithin = 10 * time.Second

// latest revision of a subject; where it can't be read, what was known before.
func (e Env) latest(ctx context.Context, s plan.Subject, before *lake.Revision) *lake.Revision {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), latestWithin)
	defer cancel()
	rev, err := e.Lake.Latest(ctx, string(s.Task), s.Kind, s.Name)
	if err != nil {
		return before
	}
	return rev
}

// run gives do an engine of its own, which is gone with all that it holds when do returns.
func run(ctx context.Context, env Env, p *plan.Plan, do func(task) (Outcome, error)) (Outcome, error) {
	db, err := engine.Open(ctx, engine.Options{
		Scratch: engine.DefaultScratch(), MemoryLimit: env.Memory, Threads: env.Threads, Allowed: env.allowed(p),
	})
	if err != nil {
		return Outcome{}, err
	}
	defer func() { _ = db.Close() }()
	return do(task{env: env, db: db, plan: p})
}

// task is one plan in the hands of a worker.
type task struct {
	env  Env
	db   *engine.DB
	plan *plan.Plan
	// latest revision of the subject before the run.
	latest *lake.Revision
}

func (t task) lakePlan() lake.Plan { return lakePlan(t.plan) }

// lakePlan is what the lake has to know of a plan.
func lakePlan(p *plan.Plan) lake.Plan {
	out := lake.Plan{
		Run: p.Run, Task: string(p.Subject.Task), Kind: p.Subject.Kind, Subject: p.Subject.Name,
		PlanHash: p.Hash(), Serial: p.Serial, Now: p.Now, Base: p.Base,
	}
	for _, in := range p.Inputs {
		out.Inputs = append(out.Inputs, lake.Input{Kind: in.Kind, Name: in.Name, Run: in.Run})
	}
	return out
}

// input is the revision that the plan names, by its run.
func (t task) input(ctx context.Context, run string) (*lake.Revision, error) {
	revs, err := t.env.Lake.Revisions(ctx)
	if err != nil {
		return nil, err
	}
	for i := range revs {
		if revs[i].Run == run {
			return &revs[i], nil
		}
	}
	return nil, fault.New(fault.LakeCorrupt, "run %s reads revision %s, which the lake no longer has; run its subject again", t.plan.Run, run)
}

// inputOf is the revision of the plan's input of a kind and name.
func (t task) inputOf(ctx context.Context, kind, name string) (*lake.Revision, error) {
	for _, in := range t.plan.Inputs {
		if in.Kind == kind && in.Name == name {
			return t.input(ctx, in.Run)
		}
	}
	return nil, fault.New(fault.LakeCorrupt, "plan %s names no revision of %s %s", t.plan.Run, kind, name)
}

// hasInput says whether the plan names a revision of a kind and name.
func (t task) hasInput(kind, name string) bool {
	return slices.ContainsFunc(t.plan.Inputs, func(in plan.Input) bool { return in.Kind == kind && in.Name == name })
}

// committed is the subject's latest revision where this plan made it, else nil.
func (t task) committed(ctx context.Context) (*lake.Revision, error) {
	s := t.plan.Subject
	rev, err := t.env.Lake.Latest(ctx, string(s.Task), s.Kind, s.Name)
	if err != nil || rev == nil || rev.Run != t.plan.Run {
		return nil, err
	}
	return rev, nil
}

func (t task) maintain(ctx context.Context) (Outcome, error) {
	d := t.plan.Maintain.Retention
	_, err := t.env.Lake.Maintain(ctx, t.db, t.plan.Now, d.Value())
	return Outcome{}, err
}

// allowed folders: SQL sees the lake and, where the plan reads files, their volume.
func (e Env) allowed(p *plan.Plan) []string {
	out := e.Lake.Dirs()
	if p.Ingest != nil && p.Ingest.Source.Connector.Files != nil {
		if dir, ok := e.Volumes[p.Ingest.Source.Connector.Files.Volume.ClaimName]; ok {
			out = append(out, dir)
		}
	}
	return out
}

// volume is the folder that a claim is mounted at.
func (e Env) volume(v v1alpha1.Volume) (string, error) {
	dir, ok := e.Volumes[v.ClaimName]
	if !ok {
		return "", fault.New(fault.VolumeMissing, "volume %q is not mounted; on a laptop give --volume %s=DIR", v.ClaimName, v.ClaimName)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fault.New(fault.VolumeMissing, "volume %q is at %s, which is not a folder", v.ClaimName, dir)
	}
	return dir, nil
}

// secret is the value of a Secret's key, without the line break that editors add.
func (e Env) secret(name, key string) (string, error) {
	if e.Secrets == "" {
		return "", fault.New(fault.SecretMissing, "Secret %q is needed and no folder of secrets is mounted; on a laptop give --secrets DIR with DIR/%s/%s", name, name, key)
	}
	b, err := os.ReadFile(filepath.Join(e.Secrets, name, key))
	if err != nil {
		if _, dirErr := os.Stat(filepath.Join(e.Secrets, name)); dirErr != nil {
			return "", fault.New(fault.SecretMissing, "Secret %q is not mounted (expected a folder of that name)", name)
		}
		return "", fault.New(fault.SecretMissing, "Secret %q has no key %q", name, key)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
