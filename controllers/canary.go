package controllers

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/conditions"
	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/plan"
)

// canaryKind stands for the rule on trial of an IdentityRule where problems of objects are kept: they keep nothing from being done but the trial.
const canaryKind = "Canary"

// canary decides about the rule on trial of a space; nil when it has none, and none is kept.
func (t *tenant) canary(r *v1alpha1.IdentityRule, b *block) *verdict {
	if b == nil {
		b = t.blockOf(canaryKind, r.Name, false)
	}
	s := plan.CanarySubject(r.Name)
	var p *plan.Plan
	var wait *plan.Waiting
	situation := plan.Situation{}
	if runnable(b) {
		p, situation.Interval, wait = plan.Canary(&t.objects, r, t.revisions, t.now)
	}
	if r.Spec.Canary == nil && p == nil {
		return nil
	}
	if p != nil && r.Spec.Canary != nil {
		t.look(p.PutOff(t.history(s).Ended, r.Spec.Canary.Interval.Value(), t.now))
	}
	return t.judge(s, r, b, p, wait, situation)
}

// canaryStatus tells how the rule on trial compares, if there is one as it is declared.
func (t *tenant) canaryStatus(r *v1alpha1.IdentityRule, out *v1alpha1.IdentityRuleStatus) {
	v := t.verdicts[plan.CanarySubject(r.Name)]
	out.Canary = nil
	if r.Spec.Canary == nil || v == nil {
		meta.RemoveStatusCondition(&out.Conditions, v1alpha1.ConditionCanary)
		return
	}
	if v.decision.InEffect {
		out.Canary = canaryOf(v.history, r.Spec.Canary.Percent)
	}
	running, reason, message := false, v1alpha1.ReasonProgressing, ""
	switch e := v.decision.Failure; {
	case v.block != nil:
		reason, message = v.block.reason, v.block.message
	case e != nil && e.Class != "" && e.Of(v.decision.Plan):
		reason, message = string(e.Class), e.Message
	case out.Canary != nil:
		running, reason, message = true, v1alpha1.ReasonCanaryRunning, compared(out.Canary)
	default:
		message = progress(v)
	}
	conditions.Set(&out.Conditions, r.Generation, v1alpha1.ConditionCanary, running, reason, message, t.now)
}

func compared(c *v1alpha1.CanaryStatus) string {
	return fmt.Sprintf("on %d records the rule on trial would change %d of %d people in use; it would change %d of %d of all",
		c.Records, c.Changed, c.People, c.Everyone.Changed, c.Everyone.People)
}

// canaryOf the latest trial, by its outputs.
func canaryOf(h *plan.History, percent int32) *v1alpha1.CanaryStatus {
	if h.Latest == nil || output(h, "allRecords") == nil {
		return nil
	}
	n := func(name string) int64 { return number(output(h, name)) }
	inUse, onTrial := figuresOf(h, figures.InUse), figuresOf(h, "")
	out := &v1alpha1.CanaryStatus{
		Revision: h.Latest.Run, Percent: percent, Records: n("records"), People: n("people"), Changed: n("changed"),
		Merged: onTrial.Count(figures.Merges), Split: onTrial.Count(figures.Splits), MovedRecords: n("moved"),
		Everyone: v1alpha1.CanaryReach{People: n("everyone/people"), Changed: n("everyone/changed")},
		Current:  canaryFigures(inUse), Canary: canaryFigures(onTrial),
	}
	if all := n("allRecords"); all > 0 {
		out.Share = fmt.Sprintf("%.4f", float64(out.Records)/float64(all))
	}
	for _, in := range h.Latest.Inputs {
		if in.Kind == "IdentityRule" {
			out.ComparedWith = in.Run
		}
	}
	return out
}

// figuresOf a revision whose outputs have their names behind a prefix.
func figuresOf(h *plan.History, prefix string) (all figures.All) {
	for _, o := range h.Outputs {
		if name, ok := strings.CutPrefix(o.Name, prefix); ok {
			if f, ok := figures.FromOutput(name, o.Rows); ok {
				all = append(all, f)
			}
		}
	}
	return all
}

func canaryFigures(all figures.All) v1alpha1.CanaryFigures {
	return v1alpha1.CanaryFigures{
		Profiles: all.Count(figures.Profiles), LargestProfile: all.Count(figures.LargestProfile), LargeProfiles: all.Text(figures.LargeProfiles),
		SharedValues: all.Count(figures.SharedValues), RefusedMerges: all.Count(figures.RefusedMerges), Labels: labelQuality(all),
	}
}

// canaryGauges are the figures of both rules by the side that they are of, as gauges have them.
func canaryGauges(c *v1alpha1.CanaryStatus) map[string]map[figures.Name]float64 {
	if c == nil {
		return nil
	}
	side := func(f v1alpha1.CanaryFigures) map[figures.Name]float64 {
		return gaugesOf(map[figures.Name]float64{
			figures.Profiles: float64(f.Profiles), figures.LargestProfile: float64(f.LargestProfile), figures.SharedValues: float64(f.SharedValues),
			figures.RefusedMerges: float64(f.RefusedMerges),
		}, map[figures.Name]string{figures.LargeProfiles: f.LargeProfiles}, f.Labels)
	}
	return map[string]map[figures.Name]float64{"current": side(c.Current), "canary": side(c.Canary)}
}
