package apitest_test

import (
	"testing"

	"k8s.io/client-go/discovery"

	"github.com/kith-dev/kith/test/apitest"
)

func TestStartServesTheKinds(t *testing.T) {
	client, err := discovery.NewDiscoveryClientForConfig(apitest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.ServerResourcesForGroupVersion("cdp.kith.dev/v1alpha1")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, r := range list.APIResources {
		kinds[r.Kind] = true
	}
	for _, kind := range []string{"Workspace", "DataSource", "IdentityRule", "Trait", "Segment", "Destination", "Activation", "Run"} {
		if !kinds[kind] {
			t.Errorf("the API does not serve %s", kind)
		}
	}
}
