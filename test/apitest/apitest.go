// Package apitest runs a real etcd and kube-apiserver for a test, with Kith's CustomResourceDefinitions installed. There
// are no other controllers and no nodes: what it proves is what the API itself accepts, defaults, refuses and stores.
//
// The two binaries come from hack/kube/build.sh (`make kube`).
package apitest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kith-dev/kith/config/crd"
	"github.com/kith-dev/kith/test/kithtest"
)

const (
	startWithin = 2 * time.Minute // from process start to a ready API, on a busy machine
	stopWithin  = 20 * time.Second
	crdsWithin  = time.Minute
	attempts    = 3 // another process can take a free port between finding it and using it
)

// Start runs the API for the length of a test and returns how to reach it, as a member of system:masters. Where the binaries
// are missing it skips the test, or fails it when CI=true.
func Start(t testing.TB) *rest.Config {
	t.Helper()
	bin := available(t)
	config, stop, err := serve(t.TempDir(), bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return config
}

// Shared is one API for all tests of a package, which keep apart by namespaces. The first that asks starts it; Stop is for TestMain.
type Shared struct {
	once   sync.Once
	config *rest.Config
	err    error
	stop   func()
}

// Config says how to reach the API, as Start does.
func (s *Shared) Config(t testing.TB) *rest.Config {
	t.Helper()
	bin := available(t)
	s.once.Do(func() { s.err = s.start(bin) })
	if s.err != nil {
		t.Fatal(s.err)
	}
	return rest.CopyConfig(s.config)
}

func (s *Shared) start(bin string) error {
	dir, err := os.MkdirTemp("", "kith-api-")
	if err != nil {
		return err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	config, stop, err := serve(dir, bin)
	if err != nil {
		remove()
		return err
	}
	s.config, s.stop = config, func() { stop(); remove() }
	return nil
}

// Stop ends the API where it was started.
func (s *Shared) Stop() {
	if s.stop != nil {
		s.stop()
	}
}

// available is the folder of the binaries.
func available(t testing.TB) string {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return bin
}

// Serve runs the API for a program, with further flags of kube-apiserver, and stores all that it has in a folder. It returns how to
// reach it, as a member of system:masters, and what stops it.
func Serve(dir string, flags ...string) (*rest.Config, func(), error) {
	bin, err := binaries()
	if err != nil {
		return nil, nil, err
	}
	return serve(dir, bin, flags...)
}

// Skip skips a test, or fails it when CI=true, where the binaries of the API are missing.
func Skip(t testing.TB) {
	t.Helper()
	available(t)
}

// serve starts the API in a folder and installs the definitions.
func serve(dir, bin string, flags ...string) (*rest.Config, func(), error) {
	var failed []error
	for i := range attempts {
		config, stop, err := start(filepath.Join(dir, strconv.Itoa(i)), bin, flags...)
		if err != nil {
			failed = append(failed, fmt.Errorf("starting the API, attempt %d: %w", i+1, err))
			continue
		}
		if err := installCRDs(config); err != nil {
			stop()
			return nil, nil, err
		}
		return config, stop, nil
	}
	return nil, nil, errors.Join(failed...)
}

// binaries finds the folder that hack/kube/build.sh fills.
func binaries() (string, error) {
	out, err := run(filepath.Join(kithtest.Root(), "hack", "kube", "build.sh"), "--print")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			return "", fmt.Errorf("no %s in %s: run `make kube` once", name, out)
		}
	}
	return out, nil
}

// installCRDs creates every definition and waits until the API serves it.
func installCRDs(config *rest.Config) error {
	defs, err := crd.All()
	if err != nil {
		return err
	}
	client, err := apiextensionsclient.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), crdsWithin)
	defer cancel()
	for _, d := range defs {
		if _, err := client.CustomResourceDefinitions().Create(ctx, d, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("installing %s: %w", d.Name, err)
		}
	}
	for _, d := range defs {
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			got, err := client.CustomResourceDefinitions().Get(ctx, d.Name, metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			return established(got), nil
		})
		if err != nil {
			return fmt.Errorf("waiting for %s to be established: %w", d.Name, err)
		}
	}
	return nil
}

func established(d *apiextensionsv1.CustomResourceDefinition) bool {
	for _, c := range d.Status.Conditions {
		if c.Type == apiextensionsv1.Established {
			return c.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}

// ready waits until the API answers and has made the namespace that tests use.
func ready(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		if _, last = client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); last != nil {
			return false, nil
		}
		_, last = client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{})
		return last == nil, nil
	})
	if err != nil && last != nil {
		return fmt.Errorf("the API is not ready: %w", last)
	}
	return err
}
