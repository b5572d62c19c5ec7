//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// began is when the tests did, for what they say.
var began = time.Now()

// say what is being done: the tests take minutes.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stdout, "e2e: %4.0f s: %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}

// world is the cluster with Kith in it. Its methods fail the test that is running.
type world struct {
	cluster
	t *testing.T
}

// step runs a part of the story as a test of its own. The parts after one that failed make no sense and are not run.
func (w *world) step(name string, do func()) {
	whole := w.t
	defer func() { w.t = whole }()
	ok := whole.Run(name, func(t *testing.T) {
		w.t = t
		at := time.Now()
		say("%s", name)
		defer func() {
			if t.Failed() {
				w.diagnose()
			}
			say("%s took %.0f s", name, time.Since(at).Seconds())
		}()
		do()
	})
	if !ok {
		whole.FailNow()
	}
}

// must runs a program that has to succeed.
func (w *world) must(within time.Duration, name string, args ...string) string {
	w.t.Helper()
	out, err := command(within, "", name, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// kubectl may fail.
func (w *world) kubectl(args ...string) (string, error) {
	return command(short, "", "kubectl", args...)
}

func (w *world) mustKubectl(args ...string) string {
	w.t.Helper()
	return w.must(long, "kubectl", args...)
}

// apply manifests.
func (w *world) apply(text string) {
	w.t.Helper()
	if _, err := command(short, text, "kubectl", "apply", "-f", "-"); err != nil {
		w.t.Fatal(err)
	}
}

// eventually waits until something is so.
func (w *world) eventually(within time.Duration, what string, is func() error) {
	w.t.Helper()
	if err := poll(within, is); err != nil {
		w.t.Fatalf("%s: not within %s: %v", what, within, err)
	}
}

func poll(within time.Duration, is func() error) error {
	end := time.Now().Add(within)
	for {
		err := is()
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// kinds that people declare, in the plural.
var kinds = []string{"workspaces", "datasources", "identityrules", "traits", "segments", "destinations", "activations"}

func allKinds() string { return strings.Join(kinds, ",") }
