// Command scale brings many tenants up on a real kube-apiserver and etcd, with the manager as a process of its own and Jobs that end at
// once, and prints what that takes: time until everything is Ready, memory, processor time and requests, and what the manager writes
// while it has nothing to do.
//
//	go run ./hack/scale
//
// docs/benchmarks.md keeps the figures with the machine they were taken on.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kith-dev/kith/hack/scale/scale"
)

// What is asked of the manager.
const (
	readyWithin = 60 * time.Second
	memoryBelow = 100.0 // MiB
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o := scale.Options{Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	f := flag.NewFlagSet("scale", flag.ExitOnError)
	f.IntVar(&o.Namespaces, "namespaces", 10, "tenants")
	f.IntVar(&o.DataSources, "datasources", 30, "DataSources of all tenants together")
	f.IntVar(&o.Segments, "segments", 300, "Segments of all tenants together")
	f.IntVar(&o.Activations, "activations", 300, "Activations of all tenants together")
	f.IntVar(&o.Destinations, "destinations", 3, "Destinations of each tenant; each takes two Syncs at once")
	f.IntVar(&o.Refreshes, "refreshes", 4, "rounds in which every DataSource has new data; five Runs of each subject are kept")
	f.DurationVar(&o.Idle, "idle", time.Minute, "how long the manager is watched while it has nothing to do")
	asJSON := f.Bool("json", false, "print JSON")
	keep := f.String("keep", "", "folder to leave logs in; without it they are removed")
	if err := f.Parse(args); err != nil {
		return err
	}
	dir := *keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "kith-scale-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	r, err := scale.Run(ctx, dir, o)
	if err != nil {
		return err
	}
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return show(os.Stdout, r)
}

func show(out io.Writer, r *scale.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", what, fmt.Sprintf(format, args...)) }
	row("machine", "%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	row("objects", "%s", counts(r.Objects))
	row("created in", "%.1f s", r.Applied.Seconds())
	row("all Ready after", "%.1f s%s", r.Ready.Seconds(), unless(r.Ready <= readyWithin, "more than a minute"))
	for _, kind := range slices.SortedFunc(maps.Keys(r.ReadyByKind), func(a, b string) int { return int(r.ReadyByKind[a] - r.ReadyByKind[b]) }) {
		row("  last "+kind, "%.1f s", r.ReadyByKind[kind].Seconds())
	}
	row("Runs", "%s", counts(r.Runs))
	row("two under one lock", "%d%s", len(r.Duplicates), unless(len(r.Duplicates) == 0, "must never be"))
	row("processor time until Ready", "%.1f s", r.CPUReady)
	for _, d := range r.Refreshed {
		row("all made anew in", "%.1f s", d.Seconds())
	}
	row("memory, highest", "%.0f MiB", r.MemoryPeak)
	row("memory, all Ready", "%.0f MiB", r.MemoryReady)
	row("memory, idle", "%.0f MiB, at most %.0f%s", r.MemoryIdleMean, r.MemoryIdleMax, unless(r.MemoryIdleMax < memoryBelow, "100 MiB or more"))
	row("memory, started again", "%.0f MiB", r.MemoryRestarted)
	row("processor time, idle", "%.2f s in %s", r.CPUIdle, r.Idle)
	row("requests, idle", "%s", counts(r.IdleRequests))
	row("writes, idle", "%d apart from the Lease%s", len(r.IdleWrites), unless(len(r.IdleWrites) == 0, "should be none: "+strings.Join(r.IdleWrites, ", ")))
	row("writes, started again", "%d apart from the Lease%s", len(r.Restarted), unless(len(r.Restarted) == 0, "should be none: "+strings.Join(r.Restarted, ", ")))
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nrequests of the manager until it was idle:")
	list(w, r.Requests)
	if len(r.Refused) > 0 {
		fmt.Fprintln(w, "refused among them:\t")
		list(w, r.Refused)
	}
	if len(r.RefreshRequests) > 0 {
		fmt.Fprintln(w, "requests of the manager while everything is made anew once:\t")
		list(w, r.RefreshRequests)
	}
	return w.Flush()
}

// unless what is asked for holds, a remark.
func unless(holds bool, remark string) string {
	if holds {
		return ""
	}
	return "  <-- " + remark
}

func counts(m map[string]int) string {
	total := 0
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		total += m[k]
		parts = append(parts, fmt.Sprintf("%d %s", m[k], k))
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(parts, ", "))
}

func list(w io.Writer, m map[string]int) {
	total := 0
	for _, k := range slices.SortedFunc(maps.Keys(m), func(a, b string) int { return m[b] - m[a] }) {
		fmt.Fprintf(w, "%7d\t%s\n", m[k], k)
		total += m[k]
	}
	fmt.Fprintf(w, "%7d\tin all\n", total)
}
