package scale

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// applyAtOnce is how many namespaces are created beside each other.
const applyAtOnce = 8

// apply creates every namespace with all that is in it, and says how many objects of each kind that is.
func apply(ctx context.Context, c client.Client, o Options) (map[string]int, error) {
	counts := map[string]int{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(applyAtOnce)
	for n := range o.Namespaces {
		name := fmt.Sprintf("tenant-%02d", n)
		objects := tenant(o, n)
		for _, object := range objects {
			counts[kindOf(object)]++
			object.SetNamespace(name)
		}
		g.Go(func() error {
			if err := c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
				return err
			}
			for _, object := range objects {
				if err := c.Create(ctx, object); err != nil {
					return fmt.Errorf("creating %s %s in %s: %w", kindOf(object), object.GetName(), name, err)
				}
			}
			return nil
		})
	}
	return counts, g.Wait()
}

// share is the n-th namespace's part of a count.
func share(count, namespaces, n int) int {
	out := count / namespaces
	if n < count%namespaces {
		out++
	}
	return out
}

// tenant is what is in the n-th namespace.
func tenant(o Options, n int) []client.Object {
	out := []client.Object{&v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
		Spec: v1alpha1.WorkspaceSpec{
			Lake: v1alpha1.Lake{Volume: &v1alpha1.Volume{ClaimName: "lake"}}, Currency: "KRW", DefaultPurpose: "analytics",
			Purposes: []v1alpha1.Purpose{
				{Name: "analytics", LawfulBasis: "LegitimateInterest", WhenUnknown: "Allow"}, {Name: "marketing", LawfulBasis: "Consent", WhenUnknown: "Deny"},
			},
		},
	}}
	rule := &v1alpha1.IdentityRule{
		ObjectMeta: metav1.ObjectMeta{Name: "customers"},
		Spec:       v1alpha1.IdentityRuleSpec{Deterministic: []v1alpha1.DeterministicRule{{Identifiers: []string{"email"}}}},
	}
	for i := range share(o.DataSources, o.Namespaces, n) {
		d := source(fmt.Sprintf("source-%d", i))
		rule.Spec.Sources = append(rule.Spec.Sources, v1alpha1.IdentitySource{Name: d.Name})
		out = append(out, d)
	}
	out = append(out, rule)
	for i := range o.Destinations {
		out = append(out, destination(fmt.Sprintf("provider-%d", i)))
	}
	segments := share(o.Segments, o.Namespaces, n)
	for i := range segments {
		out = append(out, segment(fmt.Sprintf("segment-%02d", i), i))
	}
	for i := range share(o.Activations, o.Namespaces, n) {
		out = append(out, activation(fmt.Sprintf("activation-%02d", i), fmt.Sprintf("segment-%02d", i%segments), fmt.Sprintf("provider-%d", i%o.Destinations)))
	}
	return out
}

func source(name string) *v1alpha1.DataSource {
	return &v1alpha1.DataSource{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.DataSourceSpec{
		Connector:  v1alpha1.SourceConnector{Files: &v1alpha1.FilesSource{Volume: v1alpha1.Volume{ClaimName: "data"}, Path: name + ".csv", Format: "CSV"}},
		RecordKind: v1alpha1.RecordProfile, Load: v1alpha1.LoadUpsert, Key: []string{"id"},
		Fields: []v1alpha1.Field{
			{Column: "email", Semantic: "email"}, {Column: "tel", Semantic: "phone", Region: "KR"}, {Column: "fname", Semantic: "givenName"},
			{Column: "lname", Semantic: "surname"}, {Column: "tier", Name: "tier", Type: "string"}, {Column: "spent", Name: "spent", Type: "decimal"},
		},
		Purposes: []string{"analytics", "marketing"},
	}}
}

func segment(name string, i int) *v1alpha1.Segment {
	return &v1alpha1.Segment{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.SegmentSpec{
		IdentityRef: v1alpha1.ObjectReference{Name: "customers"},
		Where:       fmt.Sprintf(`profile.tier == "gold" && profile.spent > %d.0`, 100*i),
	}}
}

func destination(name string) *v1alpha1.Destination {
	return &v1alpha1.Destination{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.DestinationSpec{
		Connector: v1alpha1.DestinationConnector{Webhook: &v1alpha1.WebhookDestination{
			URL: "https://esp.example/audience", CredentialsSecretRef: &v1alpha1.SecretReference{Name: "esp"},
		}},
		Purposes: []string{"marketing"},
	}}
}

func activation(name, segment, destination string) *v1alpha1.Activation {
	return &v1alpha1.Activation{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ActivationSpec{
		Audience: v1alpha1.Audience{Include: []v1alpha1.ObjectReference{{Name: segment}}}, Purpose: "marketing",
		DestinationRef: v1alpha1.ObjectReference{Name: destination},
		Fields:         []v1alpha1.ActivationField{{Value: "profile.email", As: "email", Key: true}, {Value: "profile.givenName", As: "first_name"}},
	}}
}
