package jobs

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// LabelPlanParts on a plan's first ConfigMap says how many there are.
const LabelPlanParts = "cdp.kith.dev/plan-parts"

// planName is the ConfigMap of a part of a plan, given the first.
func planName(first string, i int) string {
	if i == 0 {
		return first
	}
	return fmt.Sprintf("%s-part-%d", first, i)
}

// ConfigMaps hold a plan, compressed: one, or more where it is larger than a ConfigMap may be. They never change. The first is the one
// that the Run names and is to be created last: once it is there, all of them are.
func ConfigMaps(r *v1alpha1.Run, p *plan.Plan) ([]*corev1.ConfigMap, error) {
	parts, err := plan.Pack(p)
	if err != nil {
		return nil, err
	}
	immutable := true
	out := make([]*corev1.ConfigMap, len(parts))
	for i, part := range parts {
		c := &corev1.ConfigMap{
			ObjectMeta: owned(r, planName(r.Spec.PlanRef.Name, i)), Immutable: &immutable, BinaryData: map[string][]byte{plan.PartName(i): part},
		}
		c.Labels[LabelPlanParts] = fmt.Sprint(len(parts))
		out[len(parts)-1-i] = c
	}
	return out, nil
}

// PlanParts are the names of a plan's ConfigMaps, in order, given the first.
func PlanParts(first *corev1.ConfigMap) ([]string, error) {
	var n int
	if _, err := fmt.Sscan(first.Labels[LabelPlanParts], &n); err != nil || n < 1 || n > 100 {
		return nil, fmt.Errorf("ConfigMap %s has no label %s with the number of parts", first.Name, LabelPlanParts)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = planName(first.Name, i)
	}
	return out, nil
}

// Plan puts a plan together again from its ConfigMaps, in order.
func Plan(parts []*corev1.ConfigMap) (*plan.Plan, error) {
	data := make([][]byte, len(parts))
	for i, c := range parts {
		data[i] = c.BinaryData[plan.PartName(i)]
	}
	return plan.Unpack(data...)
}
