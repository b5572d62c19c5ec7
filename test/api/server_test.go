package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/kith-dev/kith/config/crd"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/manifest"
)

// server is the API that the cases are put to.
type server struct {
	client    dynamic.Interface
	resources map[string]schema.GroupVersionResource // by kind
}

func newServer(t *testing.T, config *rest.Config) *server {
	t.Helper()
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	defs, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{client: client, resources: map[string]schema.GroupVersionResource{}}
	for _, d := range defs {
		s.resources[d.Spec.Names.Kind] = schema.GroupVersionResource{
			Group: d.Spec.Group, Version: d.Spec.Versions[0].Name, Resource: d.Spec.Names.Plural,
		}
	}
	return s
}

func (s *server) of(kind string) dynamic.ResourceInterface {
	return s.client.Resource(s.resources[kind]).Namespace(metav1.NamespaceDefault)
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// create asks for a verdict as `kubectl create` does, and stores nothing.
func (s *server) create(t *testing.T, object map[string]any) error {
	t.Helper()
	u := content(t, object)
	_, err := s.of(u.GetKind()).Create(deadline(t), u, metav1.CreateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
	})
	return err
}

func content(t *testing.T, object map[string]any) *unstructured.Unstructured {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return u
}

// patched is base with a JSON merge patch applied; base stays as it is.
func patched(base, patch map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range base {
		out[k] = v
	}
	for k, v := range patch {
		sub, ok := v.(map[string]any)
		if v == nil {
			delete(out, k)
		} else if old, isMap := out[k].(map[string]any); ok && isMap {
			out[k] = patched(old, sub)
		} else {
			out[k] = v
		}
	}
	return out
}

func (s *server) testRule(t *testing.T, c ruleCase, base map[string]any) {
	if base == nil {
		t.Fatalf("no base %q", c.Base)
	}
	broken, accepted := patched(base, c.Broken), patched(base, c.Accepted)
	if c.Update {
		s.testUpdate(t, c, base, broken, accepted)
		return
	}
	err := s.create(t, broken)
	wantOnly(t, err, c.message())
	s.compare(t, broken, err)
	err = s.create(t, accepted)
	if err != nil {
		t.Errorf("the accepted neighbour is refused: %v", err)
	}
	s.compare(t, accepted, err)
}

func (s *server) testUpdate(t *testing.T, c ruleCase, base, broken, accepted map[string]any) {
	kind := content(t, base).GetKind()
	stored, err := s.of(kind).Create(deadline(t), content(t, base), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.of(kind).Delete(deadline(t), stored.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}()
	update := func(object map[string]any) error {
		u := content(t, object)
		u.SetResourceVersion(stored.GetResourceVersion())
		_, err := s.of(kind).Update(deadline(t), u, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	wantOnly(t, update(broken), c.message())
	if err := update(accepted); err != nil {
		t.Errorf("the accepted change is refused: %v", err)
	}
}

// wantOnly fails unless the API refused an object for breaking one rule and nothing else.
func wantOnly(t *testing.T, err error, message string) {
	t.Helper()
	causes := causesOf(err)
	if len(causes) != 1 || !strings.Contains(causes[0].Message, message) {
		t.Errorf("refused for %v (%v), want only %q", causes, err, message)
	}
}

func causesOf(err error) []metav1.StatusCause {
	var status *apierrors.StatusError
	if !errors.As(err, &status) || status.ErrStatus.Details == nil {
		return nil
	}
	return status.ErrStatus.Details.Causes
}

// compare puts the same object through internal/manifest, which must come to the same verdict about the same fields.
func (s *server) compare(t *testing.T, object map[string]any, refused error) {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "object.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := manifest.Load([]string{file}, manifest.Options{})
	if (err != nil) != (refused != nil) {
		t.Fatalf("internal/manifest says %v, the API server %v", err, refused)
	}
	if err == nil {
		s.compareDefaults(t, object, set)
		return
	}
	var problems manifest.Problems
	if !errors.As(err, &problems) || !fault.Is(err, fault.InvalidManifest) {
		t.Fatalf("not of class InvalidManifest: %v", err)
	}
	for _, p := range problems {
		if p.File != file || p.Line < 1 || p.Kind == "" {
			t.Errorf("a problem without its place: %+v", p)
		}
	}
	causes := causesOf(refused)
	if len(causes) == 0 {
		return // refused while decoding: the API server then names the fields in its text only
	}
	ours, theirs := map[string]bool{}, map[string]bool{}
	for _, p := range problems {
		ours[p.Field] = true
	}
	for _, c := range causes {
		theirs[strings.TrimPrefix(c.Field, "<nil>")] = true
	}
	if !maps.Equal(ours, theirs) {
		t.Errorf("internal/manifest refuses %v, the API server %v", ours, theirs)
	}
}

// compareDefaults checks that a file is loaded with the defaults that the API server stores.
func (s *server) compareDefaults(t *testing.T, object map[string]any, set *manifest.Set) {
	t.Helper()
	u := content(t, object)
	stored, err := s.of(u.GetKind()).Create(deadline(t), u, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		t.Fatal(err)
	}
	var ours any
	o := &set.Objects
	switch u.GetKind() {
	case "Workspace":
		ours = o.Workspace.Spec
	case "DataSource":
		ours = o.DataSources[0].Spec
	case "IdentityRule":
		ours = o.IdentityRules[0].Spec
	case "Trait":
		ours = o.Traits[0].Spec
	case "Segment":
		ours = o.Segments[0].Spec
	case "Destination":
		ours = o.Destinations[0].Spec
	case "Activation":
		ours = o.Activations[0].Spec
	default:
		return
	}
	if got, want := generic(t, ours), generic(t, stored.Object["spec"]); !reflect.DeepEqual(got, want) {
		t.Errorf("loaded %v, the API server stores %v", got, want)
	}
}

// generic is a value as JSON sees it. Empty lists, empty objects and false are left out of typed objects, so they are left out of both.
func generic(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return withoutZeros(out)
}

func withoutZeros(v any) any {
	m, ok := v.(map[string]any)
	if list, isList := v.([]any); isList {
		for i := range list {
			list[i] = withoutZeros(list[i])
		}
		return list
	}
	if !ok {
		return v
	}
	for k, x := range m {
		x = withoutZeros(x)
		list, isList := x.([]any)
		object, isMap := x.(map[string]any)
		if x == false || (isList && len(list) == 0) || (isMap && len(object) == 0) {
			delete(m, k)
		} else {
			m[k] = x
		}
	}
	return m
}
