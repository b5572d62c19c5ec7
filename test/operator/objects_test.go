package operator_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
)

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

func workspace() *v1alpha1.Workspace {
	return &v1alpha1.Workspace{
		ObjectMeta: named("default"),
		Spec: v1alpha1.WorkspaceSpec{
			Lake: v1alpha1.Lake{Volume: &v1alpha1.Volume{ClaimName: "lake"}}, Currency: "KRW", DefaultPurpose: "analytics",
			Purposes: []v1alpha1.Purpose{
				{Name: "analytics", LawfulBasis: "LegitimateInterest", WhenUnknown: "Allow"},
				{Name: "marketing", LawfulBasis: "Consent", WhenUnknown: "Deny"},
			},
		},
	}
}

func source(name string) *v1alpha1.DataSource {
	return &v1alpha1.DataSource{
		ObjectMeta: named(name),
		Spec: v1alpha1.DataSourceSpec{
			Connector:  v1alpha1.SourceConnector{Files: &v1alpha1.FilesSource{Volume: v1alpha1.Volume{ClaimName: "data"}, Path: name + ".csv", Format: "CSV"}},
			RecordKind: v1alpha1.RecordProfile, Load: v1alpha1.LoadUpsert, Key: []string{"id"},
			Fields:   []v1alpha1.Field{{Column: "email", Semantic: "email"}, {Column: "tier", Name: "tier", Type: "string"}},
			Purposes: []string{"analytics", "marketing"},
		},
	}
}

func rule(name string, sources ...string) *v1alpha1.IdentityRule {
	r := &v1alpha1.IdentityRule{
		ObjectMeta: named(name),
		Spec:       v1alpha1.IdentityRuleSpec{Deterministic: []v1alpha1.DeterministicRule{{Identifiers: []string{"email"}}}},
	}
	for _, s := range sources {
		r.Spec.Sources = append(r.Spec.Sources, v1alpha1.IdentitySource{Name: s})
	}
	return r
}

func segment(name, rule, where string) *v1alpha1.Segment {
	return &v1alpha1.Segment{ObjectMeta: named(name), Spec: v1alpha1.SegmentSpec{IdentityRef: v1alpha1.ObjectReference{Name: rule}, Where: where}}
}

func destination(name string) *v1alpha1.Destination {
	return &v1alpha1.Destination{
		ObjectMeta: named(name),
		Spec: v1alpha1.DestinationSpec{
			Connector: v1alpha1.DestinationConnector{Webhook: &v1alpha1.WebhookDestination{URL: "http://receiver/audience"}},
			Purposes:  []string{"marketing"},
		},
	}
}

func activation(name, segment, destination string) *v1alpha1.Activation {
	return &v1alpha1.Activation{
		ObjectMeta: named(name),
		Spec: v1alpha1.ActivationSpec{
			Audience: v1alpha1.Audience{Include: []v1alpha1.ObjectReference{{Name: segment}}}, Purpose: "marketing",
			DestinationRef: v1alpha1.ObjectReference{Name: destination},
			Fields:         []v1alpha1.ActivationField{{Value: "profile.email", As: "email", Key: true}},
		},
	}
}

// retail is a whole tenant: one source, one space, one Segment, and one Activation of it.
func retail() []client.Object {
	return []client.Object{
		workspace(), source("crm"), rule("people", "crm"), segment("vip", "people", `profile.tier == "gold"`), destination("esp"), activation("mail", "vip", "esp"),
	}
}

// everything of retail.
var everything = []string{"Workspace/default", "DataSource/crm", "IdentityRule/people", "Segment/vip", "Destination/esp", "Activation/mail"}

// newRetail is a world in which retail is all Ready.
func newRetail(t *testing.T, more ...client.Object) *world {
	t.Helper()
	w := newWorld(t)
	w.create(append(retail(), more...)...)
	refs := everything
	for _, o := range more {
		refs = append(refs, w.ref(o))
	}
	w.eventually("all is Ready", w.ready(refs...))
	return w
}

func trait(name, rule, attribute, expression string) *v1alpha1.Trait {
	return &v1alpha1.Trait{
		ObjectMeta: named(name),
		Spec:       v1alpha1.TraitSpec{IdentityRef: v1alpha1.ObjectReference{Name: rule}, Attribute: attribute, Expression: expression},
	}
}
