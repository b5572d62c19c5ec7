//go:build e2e

package chart

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// kubeconfig writes how to reach the server as the owner of a token, for programs.
func (s *server) kubeconfig(t *testing.T, token string) string {
	t.Helper()
	c := api.NewConfig()
	c.Clusters["test"] = &api.Cluster{Server: s.config.Host, CertificateAuthorityData: s.config.CAData}
	c.AuthInfos["test"] = &api.AuthInfo{Token: token}
	c.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "test"}
	c.CurrentContext = "test"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*c, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestInstallUpgradeUninstall: helm takes over CRDs that were there before, upgrades, and leaves the CRDs with what people declared.
func TestInstallUpgradeUninstall(t *testing.T) {
	s := start(t) // with the CRDs, which Helm did not make
	kubeconfig := s.kubeconfig(t, s.config.BearerToken)
	helm := func(args ...string) error {
		t.Helper()
		_, err := run(t, tool(t, "helm"), append(args, "--namespace", namespace, "--kubeconfig", kubeconfig)...)
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := helm("install", release, "charts/kith"); err == nil || !strings.Contains(err.Error(), "invalid ownership metadata") {
		t.Fatalf("installing over CRDs of another owner: %v", err)
	}
	must(helm("install", release, "charts/kith", "--take-ownership"))
	must(helm("upgrade", release, "charts/kith", "--values", values(t, variants["two"]), "--set", "crds.keep=true"))
	deployments := s.clients.AppsV1().Deployments(namespace)
	d, err := deployments.Get(context.Background(), "kith-manager", metav1.GetOptions{})
	must(err)
	if *d.Spec.Replicas != 2 {
		t.Errorf("after the upgrade there are %d replicas", *d.Spec.Replicas)
	}

	s.discover(t)
	s.mustApply(t, objects(t, read(t, "test/chart/testdata/tenant.yaml"))...)
	client, err := dynamic.NewForConfig(s.config)
	must(err)
	uid := func() types.UID {
		t.Helper()
		w, err := client.Resource(v1alpha1.GroupVersion.WithResource("workspaces")).Namespace("acme").Get(context.Background(), "default", metav1.GetOptions{})
		must(err)
		return w.GetUID()
	}
	before := uid()
	must(helm("uninstall", release))
	if _, err := deployments.Get(context.Background(), "kith-manager", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the Deployment after uninstalling: %v", err)
	}
	must(helm("install", release, "charts/kith")) // over its own CRDs, as it left them
	if uid() != before {
		t.Error("the Workspace is not the one of before")
	}
}
