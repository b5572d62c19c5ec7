package scale

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/kith-dev/kith/test/kithtest"
)

// account that the manager works as, with the rights that config/rbac gives it.
const (
	system  = "kith-system"
	account = "kith-manager"
	user    = "system:serviceaccount:" + system + ":" + account
)

// build the manager as its image has it: static.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "manager")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	cmd.Dir = kithtest.Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the manager: %w\n%s", err, out)
	}
	return path, nil
}

// install gives the manager's account its rights, and returns a kubeconfig for it.
func install(ctx context.Context, c client.Client, config *rest.Config, dir string) (string, error) {
	namespace := &corev1.Namespace{}
	namespace.Name = system
	if err := c.Create(ctx, namespace); err != nil {
		return "", err
	}
	for _, file := range []string{"service_account.yaml", "role.yaml", "role_binding.yaml"} {
		text, err := os.ReadFile(filepath.Join(kithtest.Root(), "config", "rbac", file))
		if err != nil {
			return "", err
		}
		for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
			o := &unstructured.Unstructured{}
			if err := yaml.Unmarshal(document, &o.Object); err != nil {
				return "", fmt.Errorf("%s: %w", file, err)
			}
			if err := c.Create(ctx, o); err != nil {
				return "", fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	sa, day := &corev1.ServiceAccount{}, int64(24*60*60)
	sa.Namespace, sa.Name = system, account
	token := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &day}}
	if err := c.SubResource("token").Create(ctx, sa, token); err != nil {
		return "", fmt.Errorf("a token for the manager: %w", err)
	}
	path := filepath.Join(dir, "kubeconfig")
	return path, clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:  map[string]*clientcmdapi.Cluster{"scale": {Server: config.Host, CertificateAuthorityData: config.CAData}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{"manager": {Token: token.Status.Token}},
		Contexts:  map[string]*clientcmdapi.Context{"scale": {Cluster: "scale", AuthInfo: "manager"}}, CurrentContext: "scale",
	}, path)
}

// manager is the program as a process.
type manager struct {
	cmd      *exec.Cmd
	done     chan struct{} // closed when it has ended
	err      error
	stopping atomic.Bool
}

// stopWithin is how long the manager has to hand its lease over.
const stopWithin = 30 * time.Second

// startManager as its Deployment does, but for the addresses that it listens on. Should it end by itself, all of the measurement ends.
func startManager(binary, kubeconfig, log string, failed context.CancelCauseFunc) (*manager, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	m := &manager{done: make(chan struct{}), cmd: exec.Command(binary,
		"--worker-image=kith-worker", "--concurrency=4", "--keep-runs=5", "--zap-log-level=info", "--leader-election-namespace="+system,
		"--metrics-bind-address=0", "--health-probe-bind-address=0")}
	m.cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	m.cmd.Stdout, m.cmd.Stderr = out, out
	if err := m.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		m.err = m.cmd.Wait()
		_ = out.Close()
		close(m.done)
		if !m.stopping.Load() {
			failed(fmt.Errorf("the manager ended: %v\n%s", m.err, tail(log)))
		}
	}()
	return m, nil
}

// stop the manager politely. A second time does nothing.
func (m *manager) stop() error {
	if m.stopping.Swap(true) {
		return nil
	}
	_ = m.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-m.done:
		return m.err
	case <-time.After(stopWithin):
	}
	_ = m.cmd.Process.Kill()
	<-m.done
	return fmt.Errorf("the manager did not end within %s", stopWithin)
}

// memory is a line of the process's status, such as VmRSS, in MiB; 0 where there is none.
func (m *manager) memory(line string) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(l, line+":"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib / 1024
		}
	}
	return 0
}

// ticks a second, in which Linux counts a process's time.
const ticks = 100

// cpu seconds that the process has taken so far; 0 where they are not told.
func (m *manager) cpu() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte(") ")) // what stands before is a name that can hold anything
	fields := strings.Fields(string(rest))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticks
}
