//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kith-dev/kith/test/kithtest"
)

// Bounds of waits. Nothing is measured with them: they are what a machine with two busy processors may take at most.
const (
	short = time.Minute     // one command, one small change
	long  = 5 * time.Minute // a chain of runs
	build = 40 * time.Minute
)

// keep says that the cluster and all files are to be left for a person to look at.
func keep() bool { return os.Getenv("KITH_E2E_KEEP") == "1" }

// command runs a program in the repository's root and gives what it printed. It is killed after a time.
func command(within time.Duration, stdin, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin = kithtest.Root(), strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with the children that it waits for
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("not within %s", within)
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), err
}

// cluster is the one that the tests use.
type cluster struct {
	host, node string // addresses of the machine and of the node on the link between them
}

// startCluster starts one, and sets what kubectl, helm and ctr need.
func startCluster(t *testing.T) cluster {
	t.Helper()
	script := func(within time.Duration, args ...string) string {
		t.Helper()
		out, err := command(within, "", "hack/cluster/cluster.sh", args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	var c cluster
	t.Cleanup(func() {
		if !keep() {
			script(2*time.Minute, "down")
			c.nothingLeft(t)
		}
	})
	say("starting the cluster (built where it is missing)")
	script(2*time.Minute, "down") // one that was kept has in it what the tests left
	script(build, "up")
	env, err := command(short, "", "bash", "-c", `eval "$(hack/cluster/cluster.sh env)" && env -0`)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(env, "\x00") {
		if name, value, ok := strings.Cut(line, "="); ok && name != "_" {
			t.Setenv(name, value)
		}
	}
	c = cluster{host: os.Getenv("KITH_HOST_ADDRESS"), node: os.Getenv("KITH_NODE_ADDRESS")}
	return c
}

// nothingLeft of the cluster on the machine: no process, no address.
func (c cluster) nothingLeft(t *testing.T) {
	t.Helper()
	if left := processes(); len(left) > 0 {
		t.Errorf("%d processes of the cluster are left", len(left))
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if strings.HasPrefix(a.String(), c.host+"/") {
			t.Errorf("the link to the node is left, with %s", a)
		}
	}
}

// images are those that `make images` builds, and how large they may be: the files in them, not compressed.
var images = map[string]int64{"manager": 80_000_000, "worker": 250_000_000}

// tag of the images, as the Makefile has it.
const tag = "dev"

func loadImages(t *testing.T) {
	t.Helper()
	say("building and loading the images")
	if _, err := command(build, "", "make", "--no-print-directory", "images", "IMAGE_TAG="+tag); err != nil {
		t.Fatal(err)
	}
	for name, limit := range images {
		file := filepath.Join("bin", "images", name+".tar")
		info, err := os.Stat(filepath.Join(kithtest.Root(), file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() >= limit {
			t.Errorf("%s has %d bytes, and is to have less than %d", file, info.Size(), limit)
		}
		if _, err := command(long, "", "hack/cluster/cluster.sh", "load", file); err != nil {
			t.Fatal(err)
		}
	}
}

const system = "kith-system"

// installKith as a platform team does, in a namespace that lets in nothing but restricted pods.
func (w *world) installKith() {
	w.t.Helper()
	w.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: " + system + ", labels: {pod-security.kubernetes.io/enforce: restricted}}\n")
	w.must(2*time.Minute, "helm", "install", "kith", "charts/kith", "--namespace", system, "--wait", "--timeout", "90s",
		"--set", "image.repository=kith.local/manager", "--set", "image.tag="+tag, "--set", "image.pullPolicy=Never",
		"--set", "worker.image.repository=kith.local/worker", "--set", "worker.image.tag="+tag, "--set", "worker.image.pullPolicy=Never")
}

func (w *world) uninstallKith() {
	w.t.Helper()
	w.must(2*time.Minute, "helm", "uninstall", "kith", "--namespace", system, "--wait", "--timeout", "90s")
	w.eventually(short, "the manager's pod is gone", func() error {
		out, err := w.kubectl("get", "pods", "-n", system, "-o", "name")
		if err == nil && out != "" {
			err = errors.New(out)
		}
		return err
	})
}
