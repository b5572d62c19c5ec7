//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// process of a container in the cluster.
type process struct {
	pid int
	run string // of a worker
}

// controlGroup of everything in the cluster, as hack/cluster names it.
func controlGroup() string {
	if name := os.Getenv("KITH_CLUSTER_NAME"); name != "" {
		return "/kith-cluster-" + name + "/"
	}
	return "/kith-cluster/"
}

// processes of the cluster's containers whose command line begins with some words.
func processes(words ...string) []process {
	entries, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var out []process
	for _, file := range entries {
		b, err := os.ReadFile(file)
		args := strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
		if err != nil || len(args) < len(words) || !slices.Equal(args[:len(words)], words) {
			continue
		}
		groups, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cgroup"))
		if err != nil || !bytes.Contains(groups, []byte(controlGroup())) {
			continue // not of this cluster
		}
		p := process{}
		p.pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if i := slices.Index(args, "--report"); i >= 0 && i+1 < len(args) {
			p.run = args[i+1]
		}
		out = append(out, p)
	}
	return out
}

func workers() []process { return processes("/kith", "worker") }

func managers() []process { return processes("/manager") }

// lockOf a run, by its name: <subject>-<task>-<serial>.
func lockOf(run string) string {
	parts := strings.Split(run, "-")
	if len(parts) < 3 {
		return run
	}
	task, subject := parts[len(parts)-2], strings.Join(parts[:len(parts)-2], "-")
	kind := map[string]string{"ingest": "datasource", "resolve": "identityrule", "evaluate": "identityrule", "sync": "activation", "maintain": "workspace"}[task]
	return kind + "." + subject
}

// watcher looks whether there ever are two of something that may be there once: Runs that go on, pods that run, and processes, under
// one lock.
type watcher struct {
	client    client.Client
	namespace string
	stop      context.CancelFunc
	done      sync.WaitGroup

	mu         sync.Mutex
	violations map[string]bool
	looks      int
	live       int // the most Runs that were under way at once
}

func watch(t *testing.T, namespace string) *watcher {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	log.SetLogger(logr.Discard())
	w := &watcher{namespace: namespace, violations: map[string]bool{}}
	if w.client, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	t.Cleanup(stop)
	w.done.Go(func() {
		for ctx.Err() == nil {
			w.look(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	return w
}

func (w *watcher) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var runs v1alpha1.RunList
	live := map[string][]string{}
	if w.client.List(ctx, &runs, client.InNamespace(w.namespace)) == nil {
		for i := range runs.Items {
			if r := &runs.Items[i]; !plan.Over(r) {
				live[r.Labels[v1alpha1.LabelLock]] = append(live[r.Labels[v1alpha1.LabelLock]], "Run "+r.Name)
			}
		}
	}
	var pods corev1.PodList
	running := map[string][]string{}
	if w.client.List(ctx, &pods, client.InNamespace(w.namespace), client.HasLabels{v1alpha1.LabelLock}) == nil {
		for _, p := range pods.Items {
			if p.Status.Phase == corev1.PodRunning {
				running[p.Labels[v1alpha1.LabelLock]] = append(running[p.Labels[v1alpha1.LabelLock]], "pod "+p.Name)
			}
		}
	}
	at := map[string][]string{}
	for _, p := range workers() {
		at[lockOf(p.run)] = append(at[lockOf(p.run)], fmt.Sprintf("process %d of %s", p.pid, p.run))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	w.live = max(w.live, len(live))
	for _, seen := range []map[string][]string{live, running, at} {
		for lock, names := range seen {
			if len(names) > 1 {
				w.violations[lock+": "+strings.Join(names, " and ")] = true
			}
		}
	}
}

// end the watch and fail the test where something was seen twice.
func (w *watcher) end(t *testing.T) {
	t.Helper()
	w.stop()
	w.done.Wait()
	for _, v := range slices.Sorted(maps.Keys(w.violations)) {
		t.Errorf("at once under the lock %s", v)
	}
	if w.looks == 0 || w.live == 0 {
		t.Errorf("%d looks at Runs saw %d under way at once", w.looks, w.live)
	}
}
