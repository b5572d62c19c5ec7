// Package apitest runs a real etcd and kube-apiserver for a test, with Kith's CustomResourceDefinitions installed. There
// are no other controllers and no nodes: what it proves is what the API itself accepts, defaults, refuses and stores.
//
// The two binaries come from hack/kube/build.sh (`make kube`).
package apitest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	bin, err := binaries()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var config *rest.Config
	for i := 1; ; i++ {
		config, err = start(t, bin)
		if err == nil {
			break
		}
		if i == attempts {
			t.Fatalf("starting the API, attempt %d: %v", i, err)
		}
		t.Logf("starting the API, attempt %d: %v", i, err)
	}
	if err := installCRDs(config); err != nil {
		t.Fatal(err)
	}
	return config
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
