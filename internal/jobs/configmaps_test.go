package jobs

import (
	"encoding/hex"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/internal/plan"
)

// large does not fit into one ConfigMap.
func large() *plan.Plan {
	rng := rand.New(rand.NewPCG(1, 2))
	p := &plan.Plan{Subject: plan.EvaluateSubject("people"), Evaluate: &plan.EvaluatePlan{}}
	for range 600 {
		text := make([]byte, 3000)
		for i := range text {
			text[i] = byte(rng.IntN(256))
		}
		p.Evaluate.Segments = append(p.Evaluate.Segments, plan.Segment{Name: "s", Where: hex.EncodeToString(text)})
	}
	return numbered(p)
}

func TestConfigMaps(t *testing.T) {
	for name, p := range map[string]*plan.Plan{"small": files("data"), "large": large()} {
		r := runFor(p)
		maps, err := ConfigMaps(r, p)
		if err != nil {
			t.Fatal(err)
		}
		if (len(maps) > 1) != (name == "large") {
			t.Errorf("%s: %d ConfigMaps", name, len(maps))
		}
		for _, c := range maps {
			if c.Immutable == nil || !*c.Immutable || len(c.BinaryData) != 1 || c.Size() > 1_000_000 {
				t.Errorf("%s: %s has %d bytes", name, c.Name, c.Size())
			}
		}
		// Created in this order: the one that is looked for comes last.
		first := maps[len(maps)-1]
		if first.Name != r.Spec.PlanRef.Name {
			t.Errorf("%s: the last is %s", name, first.Name)
		}
		slices.Reverse(maps)
		names, err := PlanParts(first)
		if err != nil || len(names) != len(maps) {
			t.Fatalf("%s: %v %v", name, names, err)
		}
		for i, c := range maps {
			if c.Name != names[i] {
				t.Errorf("%s: part %d is %s, not %s", name, i, c.Name, names[i])
			}
		}
		q, err := Plan(maps)
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("%s: the plan changed on its way: %v", name, err)
		}
		if _, err := Plan(maps[:len(maps)-1]); err == nil {
			t.Errorf("%s: a part is missing and nobody saw it", name)
		}
		projected := Job(r, p, len(maps), options()).Spec.Template.Spec.Volumes[0].Projected.Sources
		for i, s := range projected {
			if s.ConfigMap.Name != names[i] || s.ConfigMap.Optional != nil {
				t.Errorf("%s: the pod mounts %s", name, s.ConfigMap.Name)
			}
		}
		again, err := ConfigMaps(r, p)
		slices.Reverse(again)
		if err != nil || !reflect.DeepEqual(maps, again) {
			t.Errorf("%s: the same plan gives other ConfigMaps", name)
		}
	}
}

func TestPlanPartsRefusesNonsense(t *testing.T) {
	for _, label := range []string{"", "0", "-1", "x", "101"} {
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x", Labels: map[string]string{LabelPlanParts: label}}}
		if got, err := PlanParts(c); err == nil {
			t.Errorf("%q: %v", label, got)
		}
	}
	if _, err := PlanParts(&corev1.ConfigMap{}); err == nil {
		t.Error("a ConfigMap of somebody else was taken for a plan")
	}
	if _, err := Plan([]*corev1.ConfigMap{{}}); err == nil {
		t.Error("an empty ConfigMap was taken for a plan")
	}
}
