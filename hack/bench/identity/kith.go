package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/kith-dev/kith/hack/datagen/people/columns"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/cluster"
	"github.com/kith-dev/kith/internal/linkage/quality"
)

// kithResult is what one process of Kith took for a file of generated people.
type kithResult struct {
	Read, Train, Score, Cluster float64
	Pairs                       int
	Quality                     quality.Quality
}

// kith resolves a file in a process of its own, so that its memory is its own too. It is the part that can be compared: from a file to
// clusters in memory. What a Run does beside it (ids, lineage, profiles, the lake) Splink does not do.
func kith(ctx context.Context, records, truth string) (figures, error) {
	self, err := os.Executable()
	if err != nil {
		return figures{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-kith", records, "-truth", truth)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return figures{}, fmt.Errorf("kith: %w", err)
	}
	var r kithResult
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return figures{}, err
	}
	// The processor time has the judging in it, which is small.
	f := figures{
		system: "Kith", read: r.Read, train: r.Train, score: r.Score, cluster: r.Cluster, total: r.Read + r.Train + r.Score + r.Cluster,
		cpu:     (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		peakMiB: int(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024), pairs: r.Pairs,
	}
	f.best.Precision, f.best.Recall, f.best.F1 = r.Quality.Pairs.Precision, r.Quality.Pairs.Recall, r.Quality.Pairs.F1
	f.best.B3F1, f.best.Largest = r.Quality.BCubed.F1, r.Quality.Largest
	return f, nil
}

// resolve is what that process does.
func resolve(ctx context.Context, records, truth string) error {
	engine.BoundHeap() // as a worker does
	var r kithResult
	lap := stopwatch()
	compared, ids, err := read(ctx, records)
	if err != nil {
		return err
	}
	all := linkage.New(compared)
	r.Read = lap()
	model, err := all.Learn()
	if err != nil {
		return err
	}
	r.Train = lap()
	edges, _, err := all.Weigh(model)
	if err != nil {
		return err
	}
	r.Score, r.Pairs = lap(), len(edges)
	groups := cluster.NewSized(len(ids), 50)
	cluster.Refine(groups, edges, cluster.Default())
	clusters := make([]int32, len(ids))
	for i := range clusters {
		clusters[i] = groups.Find(int32(i))
	}
	r.Cluster = lap()
	people, err := columns.Truth(truth, ids)
	if err != nil {
		return err
	}
	r.Quality = quality.Of(clusters, people)
	return json.NewEncoder(os.Stdout).Encode(r)
}

// stopwatch gives the seconds since it was asked last.
func stopwatch() func() float64 {
	last := time.Now()
	return func() float64 {
		now := time.Now()
		d := now.Sub(last).Seconds()
		last = now
		return d
	}
}
