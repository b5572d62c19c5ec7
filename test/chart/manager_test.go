//go:build e2e

package chart

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/jobs"
	"github.com/kith-dev/kith/test/kithtest"
)

// TestManagerNeedsNoMore: the real manager, with the account and the rights that the chart gives it and nothing else, does its work
// on a tenant and is never refused.
func TestManagerNeedsNoMore(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "manager")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir, build.Env = kithtest.Root(), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for variant, args := range map[string][]string{"defaults": nil, "namespaced": {"--namespaces=acme,globex"}} {
		t.Run(variant, func(t *testing.T) {
			s := start(t)
			s.mustApplyRights(t, variant)
			token, err := s.clients.CoreV1().ServiceAccounts(namespace).CreateToken(context.Background(), "kith-manager",
				&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			s.mustApply(t, objects(t, read(t, "test/chart/testdata/tenant.yaml"))...)
			old := jobs.Role("acme") // of an earlier version
			old.Rules = nil
			if _, err := s.clients.RbacV1().Roles("acme").Create(context.Background(), old, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			m := startManager(t, binary, append(args, "--kubeconfig", s.kubeconfig(t, token.Status.Token), "--leader-election-namespace="+namespace))
			s.watchWork(t)
			m.stop(t)
			if log := m.log.String(); strings.Contains(strings.ToLower(log), "forbidden") {
				t.Errorf("the manager was refused something:\n%s", log)
			}
		})
	}
}

type manager struct {
	cmd *exec.Cmd
	log bytes.Buffer
}

func startManager(t *testing.T, binary string, args []string) *manager {
	t.Helper()
	m := &manager{cmd: exec.Command(binary, append(args, "--metrics-bind-address=0", "--health-probe-bind-address=0")...)}
	m.cmd.Env = append(os.Environ(), "KITH_WORKER_IMAGE=kith-worker:test")
	m.cmd.Stdout, m.cmd.Stderr = &m.log, &m.log
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if m.cmd.ProcessState == nil {
			_ = m.cmd.Process.Kill()
			_ = m.cmd.Wait()
			t.Logf("the manager's log:\n%s", m.log.String())
		}
	})
	return m
}

// stop the manager as a kubelet does.
func (m *manager) stop(t *testing.T) {
	t.Helper()
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := m.cmd.Wait(); err != nil {
		t.Errorf("the manager ended with %v", err)
	}
}

// watchWork waits until the manager has made everything that it makes for a tenant: finalizers, a Run, its Job and what a worker
// needs, statuses, events, and the Run that undoes a deletion.
func (s *server) watchWork(t *testing.T) {
	t.Helper()
	log.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c, err := client.New(s.config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	ctx, acme := context.Background(), client.InNamespace("acme")
	eventually := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not within a minute: %s", what)
			}
		}
	}
	get := func(namespace, name string, o client.Object) bool {
		return c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, o) == nil
	}
	var a v1alpha1.Activation
	eventually("a finalizer and a status on the Activation", func() bool {
		return get("acme", "newsletter", &a) && len(a.Finalizers) > 0 && meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionReady) != nil
	})
	var d v1alpha1.DataSource
	eventually("a finalizer and a status on the DataSource", func() bool {
		return get("acme", "crm", &d) && len(d.Finalizers) > 0 && meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionReady) != nil
	})
	var job batchv1.Job
	eventually("a Job", func() bool { return get("acme", "crm-ingest-1", &job) })
	var role rbacv1.Role
	if !get("acme", jobs.WorkerName, &role) || !equality.Semantic.DeepEqual(role.Rules, jobs.Role("acme").Rules) {
		t.Errorf("the workers' Role was not brought up to date: %v", role.Rules)
	}
	var lease coordinationv1.Lease
	eventually("a Lease", func() bool { return get(namespace, "kith-manager", &lease) })
	var events eventsv1.EventList
	eventually("an event", func() bool { return c.List(ctx, &events, acme) == nil && len(events.Items) > 0 })

	// The place of the Job's controller and of the worker: the Run failed, which the manager is to tell, and to try again.
	job.Status.StartTime = &metav1.Time{Time: time.Now()}
	job.Status.Conditions = []batchv1.JobCondition{
		{Type: batchv1.JobFailureTarget, Status: "True", Reason: batchv1.JobReasonPodFailurePolicy, LastTransitionTime: metav1.Now()},
		{Type: batchv1.JobFailed, Status: "True", Reason: batchv1.JobReasonPodFailurePolicy, LastTransitionTime: metav1.Now()},
	}
	if err := c.Status().Update(ctx, &job); err != nil {
		t.Fatal(err)
	}
	var run v1alpha1.Run
	eventually("the end of the Run", func() bool { return get("acme", "crm-ingest-1", &run) && run.Status.CompletionTime != nil })
	if err := c.Delete(ctx, &d); err != nil {
		t.Fatal(err)
	}
	eventually("a Run that retracts", func() bool {
		var runs v1alpha1.RunList
		if c.List(ctx, &runs, acme) != nil {
			return false
		}
		for _, r := range runs.Items {
			if r.Spec.Undo {
				return true
			}
		}
		return false
	})
}
