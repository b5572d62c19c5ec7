// Package scale brings many tenants up with the manager as a process of its own, on a real kube-apiserver and etcd, and measures what
// that costs: time, memory, requests. Nothing runs the Jobs: a finisher ends each at once, as a worker that commits would.
//
// What does not live here: judging the figures (hack/scale prints them, test/scale checks what must hold at any size and speed).
package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/test/apitest"
)

// Options say how much there is. Counts are of all namespaces together, except Destinations.
type Options struct {
	Namespaces, DataSources, Segments, Activations int
	// Destinations of each namespace. One takes two Syncs at once, so more of them make more Syncs at once.
	Destinations int
	// Refreshes are rounds in which every DataSource has new data, and all that follows from it is made anew.
	Refreshes int
	// Idle is for how long the manager is watched once it has nothing to do.
	Idle time.Duration
	// Log is told what is going on.
	Log func(format string, args ...any)
}

// Report is what was measured.
type Report struct {
	// Objects by kind.
	Objects map[string]int
	// Applied is how long creating them took; Ready how long it was from the first one until all were Ready.
	Applied, Ready time.Duration
	// ReadyByKind is when the last object of each kind became Ready.
	ReadyByKind map[string]time.Duration
	Runs        map[string]int // by task
	// Duplicates are pairs of Runs or Jobs that were under way under one lock at once.
	Duplicates []string
	// Requests of the manager until it was idle, by verb and resource, and those of them that the API refused.
	Requests, Refused map[string]int
	// Refreshed is how long each of the rounds took; RefreshRequests are the manager's in the last one.
	Refreshed       []time.Duration
	RefreshRequests map[string]int
	// IdleRequests are those of a quiet period. Writes apart from the manager's Lease are in IdleWrites.
	IdleRequests map[string]int
	IdleWrites   []string
	// Restarted are the writes of a manager that is started on all of this anew, apart from its Lease.
	Restarted []string
	// Memory of the manager, resident, in MiB: when all had become Ready, while idle after the refreshes, started again, and the highest.
	MemoryReady, MemoryIdleMax, MemoryIdleMean, MemoryRestarted, MemoryPeak float64
	// CPU seconds of the manager.
	CPUReady, CPUIdle float64
	Idle              time.Duration
}

// settleFor is how long nothing has to be written before the manager counts as idle.
const settleFor = 5 * time.Second

// Run brings the tenants up and measures. It takes a folder for what it stores, which it does not remove.
func Run(ctx context.Context, dir string, o Options) (_ *Report, err error) {
	log.SetLogger(zap.New(zap.WriteTo(io.Discard))) // the onlooker's; the manager has its own
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	binary, err := build(ctx, dir)
	if err != nil {
		return nil, err
	}
	audit := &auditLog{path: filepath.Join(dir, "audit.log")}
	flags, err := audit.flags(dir)
	if err != nil {
		return nil, err
	}
	config, stop, err := apitest.Serve(filepath.Join(dir, "api"), flags...)
	if err != nil {
		return nil, err
	}
	defer stop()
	c, err := client.New(config, client.Options{Scheme: scheme()})
	if err != nil {
		return nil, err
	}
	kubeconfig, err := install(ctx, c, config, dir)
	if err != nil {
		return nil, err
	}
	o.Log("the API is up")
	seen, err := watch(ctx, config)
	if err != nil {
		return nil, err
	}
	f := &finisher{client: c, lake: map[subject]*v1alpha1.RunRevision{}, failed: cancel}
	if err := f.start(ctx, seen.cache); err != nil {
		return nil, err
	}
	m, err := startManager(binary, kubeconfig, filepath.Join(dir, "manager.log"), cancel)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.stop()) }()
	s := &session{Options: o, client: c, seen: seen, audit: audit, manager: m, report: &Report{Idle: o.Idle}}
	if err := s.measure(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, err
	}
	if err := m.stop(); err != nil {
		return nil, err
	}
	if s.manager, err = startManager(binary, kubeconfig, filepath.Join(dir, "manager-again.log"), cancel); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.manager.stop()) }()
	return s.report, s.restarted(ctx)
}

// session is one measurement under way.
type session struct {
	Options
	client  client.Client
	seen    *sight
	audit   *auditLog
	manager *manager
	report  *Report
}

func (s *session) measure(ctx context.Context) error {
	if err := s.audit.waitForLease(ctx, time.Time{}); err != nil {
		return fmt.Errorf("the manager did not become the leader: %w", err)
	}
	r := s.report
	began, cpu := time.Now(), s.manager.cpu()
	var err error
	if r.Objects, err = apply(ctx, s.client, s.Options); err != nil {
		return err
	}
	r.Applied = time.Since(began)
	s.Log("%d objects were created in %.1f s", sum(r.Objects), r.Applied.Seconds())
	if r.ReadyByKind, err = s.seen.waitUntilReady(ctx, r.Objects, began, s.Log); err != nil {
		return err
	}
	r.Ready = slices.Max(slices.Collect(maps.Values(r.ReadyByKind)))
	r.CPUReady = s.manager.cpu() - cpu
	s.Log("all are Ready after %.1f s", r.Ready.Seconds())
	if r.Requests, r.Refused, err = s.untilQuiet(ctx, began); err != nil {
		return err
	}
	r.MemoryReady = s.manager.memory("VmRSS")
	for range s.Refreshes {
		began := time.Now()
		if err := s.refresh(ctx); err != nil {
			return err
		}
		r.Refreshed = append(r.Refreshed, time.Since(began))
		s.Log("all were made anew in %.1f s", time.Since(began).Seconds())
		if r.RefreshRequests, _, err = s.untilQuiet(ctx, began); err != nil {
			return err
		}
	}
	r.Runs, r.Duplicates = s.seen.runs()
	return s.idle(ctx)
}

// untilQuiet waits until nothing is written any more, and counts the requests up to then.
func (s *session) untilQuiet(ctx context.Context, began time.Time) (all, refused map[string]int, err error) {
	to, err := s.audit.waitForQuiet(ctx, settleFor)
	if err != nil {
		return nil, nil, err
	}
	return s.audit.count(began, to)
}

// refresh asks for a run of every DataSource, and waits until all that follows from it is done.
func (s *session) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value := time.Now().Format(time.RFC3339Nano)
	var sources v1alpha1.DataSourceList
	if err := s.client.List(ctx, &sources); err != nil {
		return err
	}
	for i := range sources.Items {
		d := &sources.Items[i]
		before := d.DeepCopy()
		d.Annotations = map[string]string{v1alpha1.AnnotationRunNow: value}
		if err := s.client.Patch(ctx, d, client.MergeFrom(before)); err != nil {
			return err
		}
	}
	for {
		if err := s.seen.cache.List(ctx, &sources); err != nil {
			return err
		}
		if !slices.ContainsFunc(sources.Items, func(d v1alpha1.DataSource) bool { return d.Status.LastHandledRunNow != value }) {
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("a refresh did not end: %w", err)
		}
	}
}

// idle watches the manager do nothing.
func (s *session) idle(ctx context.Context) error {
	r := s.report
	s.Log("idle; watching for %s", s.Idle)
	from, cpu, samples := time.Now(), s.manager.cpu(), 0
	for time.Since(from) < s.Idle {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		rss := s.manager.memory("VmRSS")
		r.MemoryIdleMax = max(r.MemoryIdleMax, rss)
		r.MemoryIdleMean += rss
		samples++
	}
	r.MemoryIdleMean /= float64(max(samples, 1))
	r.CPUIdle, r.MemoryPeak = s.manager.cpu()-cpu, s.manager.memory("VmHWM")
	var err error
	if r.IdleRequests, _, err = s.audit.count(from, time.Now()); err != nil {
		return err
	}
	r.IdleWrites, err = s.audit.writes(from, time.Now())
	return err
}

// restarted watches a manager that finds everything as it should be.
func (s *session) restarted(ctx context.Context) error {
	from := time.Now()
	if err := s.audit.waitForLease(ctx, from); err != nil {
		return fmt.Errorf("the manager that was started again did not become the leader: %w", err)
	}
	var err error
	if _, err = s.audit.waitForQuiet(ctx, settleFor); err != nil {
		return err
	}
	if s.report.Restarted, err = s.audit.writes(from, time.Now()); err != nil {
		return err
	}
	s.report.MemoryRestarted = s.manager.memory("VmRSS")
	s.Log("started again")
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err) // two kinds of one name: a mistake in the program
		}
	}
	return s
}

// tail is the end of a log, for messages.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}
