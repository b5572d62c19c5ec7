package controllers

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// conditionsFor an object that the manager has looked at before.
func ready(generation int64) []metav1.Condition {
	return []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: "Succeeded", ObservedGeneration: generation}}
}

func missingSince(kind string, age time.Duration, generation int64) []metav1.Condition {
	return []metav1.Condition{{
		Type: kind, Status: metav1.ConditionTrue, Reason: missingReason, ObservedGeneration: generation, LastTransitionTime: metav1.NewTime(noon.Add(-age)),
	}}
}

func TestSubjectSummary(t *testing.T) {
	p := &plan.Plan{Subject: plan.SyncSubject("mail"), Sync: &plan.SyncPlan{}}
	p.After(3)
	latest := &plan.Revision{Run: "mail-sync-3", PlanHash: p.Hash()}
	failed := func(class fault.Class, hash string) *plan.Ended {
		return &plan.Ended{Run: "mail-sync-3", Outcome: v1alpha1.OutcomeFailed, Class: class, Message: "as told", PlanHash: hash}
	}
	run := func(hash string, conditions ...metav1.Condition) *v1alpha1.Run {
		return &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Name: "mail-sync-4"}, Spec: v1alpha1.RunSpec{PlanHash: hash}, Status: v1alpha1.RunStatus{Conditions: conditions}}
	}
	request := []v1alpha1.RunRequest{{Kind: "Activation", Name: "mail", Value: "1"}}
	const never, old = int64(1), int64(2) // generations; the object's is 2
	type want struct {
		ready               bool
		reason              string
		reconciling, stalls string
		says                string
	}
	missing := &block{reason: missingReason, message: "there is no Segment", missing: true}
	mistake := &block{reason: "InvalidExpression", message: "1:8", stalled: true}
	for name, c := range map[string]struct {
		v      verdict
		before []metav1.Condition
		want   want
	}{
		"in effect":                       {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true}}, nil, want{true, "Succeeded", "", "", "the result"}},
		"earned before inputs changed":    {verdict{history: &plan.History{Latest: latest}}, ready(2), want{true, "Succeeded", "", "", "the result"}},
		"of an older generation":          {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{Cause: plan.CauseChanged}}, ready(never), want{false, "Progressing", "Progressing", "", "about to start: declaration or input changed"}},
		"never made":                      {verdict{history: &plan.History{}, decision: plan.Decision{Cause: plan.CauseFirst}}, nil, want{false, "Progressing", "Progressing", "", "about to start: first run"}},
		"starting":                        {verdict{history: &plan.History{}, starting: true}, nil, want{false, "Progressing", "Progressing", "", "run mail-sync-4 is under way"}},
		"under way":                       {verdict{history: &plan.History{Live: run(p.Hash())}}, nil, want{false, "Progressing", "Progressing", "", "run mail-sync-4 is under way"}},
		"an older plan under way":         {verdict{history: &plan.History{Live: run("other")}}, nil, want{false, "Progressing", "Progressing", "", "has to end first"}},
		"the worker can't start":          {verdict{history: &plan.History{Live: run(p.Hash(), metav1.Condition{Type: v1alpha1.ConditionWaiting, Status: metav1.ConditionTrue, Reason: "Unschedulable", Message: "no node"})}}, nil, want{false, "Progressing", "Progressing", "", "can't start its worker: Unschedulable: no node"}},
		"asked for":                       {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true}, pending: request}, nil, want{true, "Succeeded", "Progressing", "", "the result"}},
		"some were rejected":              {verdict{history: &plan.History{Latest: latest, Ended: failed(fault.RecordsRejected, p.Hash())}, decision: plan.Decision{InEffect: true}}, nil, want{true, "RecordsRejected", "", "", "as told"}},
		"failed, never made":              {verdict{history: &plan.History{}, decision: plan.Decision{Failure: failed(fault.DestinationDown, p.Hash())}}, nil, want{false, "DestinationDown", "Retrying", "", "as told"}},
		"failed, in effect":               {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true, Failure: failed(fault.DestinationDown, p.Hash())}}, ready(2), want{false, "DestinationDown", "", "", "as told"}},
		"failed, and tried again":         {verdict{history: &plan.History{Live: run(p.Hash())}, decision: plan.Decision{Failure: failed(fault.DestinationDown, p.Hash())}}, nil, want{false, "DestinationDown", "Retrying", "", "run mail-sync-4 tries again"}},
		"overtaken in vain":               {verdict{history: &plan.History{}, decision: plan.Decision{Failure: &plan.Ended{Outcome: v1alpha1.OutcomeSuperseded, PlanHash: p.Hash()}}}, nil, want{false, "Superseded", "Retrying", "", ""}},
		"a mistake the worker found":      {verdict{history: &plan.History{}, decision: plan.Decision{Failure: failed(fault.ColumnMissing, p.Hash())}}, nil, want{false, "ColumnMissing", "", "ColumnMissing", "as told"}},
		"the same of another plan":        {verdict{history: &plan.History{}, decision: plan.Decision{Cause: plan.CauseFirst, Failure: failed(fault.ColumnMissing, "other")}}, nil, want{false, "Progressing", "Progressing", "", "about to start"}},
		"over its budget":                 {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true, Failure: failed(fault.BudgetExceeded, p.Hash())}}, ready(2), want{false, "BudgetExceeded", "", "BudgetExceeded", "annotation cdp.kith.dev/approve=mail-sync-3"}},
		"asked for while stalled":         {verdict{history: &plan.History{}, decision: plan.Decision{Failure: failed(fault.BudgetExceeded, p.Hash())}, pending: request}, nil, want{false, "BudgetExceeded", "", "BudgetExceeded", ""}},
		"suspended with a result":         {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true}, block: suspended("the Workspace")}, nil, want{true, "Suspended", "", "", "the Workspace"}},
		"suspended, result earned":        {verdict{history: &plan.History{Latest: latest}, block: suspended("the Workspace")}, ready(2), want{true, "Suspended", "", "", ""}},
		"suspended, result of older spec": {verdict{history: &plan.History{Latest: latest}, block: suspended("the Workspace")}, ready(never), want{false, "Suspended", "", "Suspended", ""}},
		"suspended without a result":      {verdict{history: &plan.History{}, block: suspended("the Workspace")}, nil, want{false, "Suspended", "", "Suspended", ""}},
		"suspended without a revision":    {verdict{history: &plan.History{}, decision: plan.Decision{InEffect: true}, block: suspended("the Workspace")}, nil, want{true, "Suspended", "", "", "the Workspace"}},
		"suspended and asked for":         {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true}, block: suspended("the Workspace"), pending: request}, nil, want{true, "Suspended", "", "", ""}},
		"waits, never made":               {verdict{history: &plan.History{}, block: waiting("waits for %s", "people")}, nil, want{false, "WaitingForInput", "WaitingForInput", "", "waits for people"}},
		"waits, in use":                   {verdict{history: &plan.History{Latest: latest}, block: waiting("waits")}, ready(2), want{true, "WaitingForInput", "", "", ""}},
		"wrong":                           {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true}, block: mistake}, ready(2), want{false, "InvalidExpression", "", "InvalidExpression", "1:8"}},
		"missing for a moment":            {verdict{history: &plan.History{}, block: missing}, missingSince(v1alpha1.ConditionReconciling, missingGrace-time.Second, old), want{false, "ReferenceNotFound", "ReferenceNotFound", "", "no Segment"}},
		"missing for too long":            {verdict{history: &plan.History{}, block: missing}, missingSince(v1alpha1.ConditionReconciling, missingGrace, old), want{false, "ReferenceNotFound", "", "ReferenceNotFound", "no Segment"}},
		"still missing":                   {verdict{history: &plan.History{}, block: missing}, missingSince(v1alpha1.ConditionStalled, time.Second, old), want{false, "ReferenceNotFound", "", "ReferenceNotFound", ""}},
		"missing of another generation":   {verdict{history: &plan.History{}, block: missing}, missingSince(v1alpha1.ConditionStalled, time.Hour, never), want{false, "ReferenceNotFound", "ReferenceNotFound", "", ""}},
		"missing, with a result":          {verdict{history: &plan.History{Latest: latest}, decision: plan.Decision{InEffect: true}, block: missing}, ready(2), want{false, "ReferenceNotFound", "ReferenceNotFound", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			c.v.decision.Plan = p
			s := subjectSummary(&c.v, 2, c.before, "the result", noon)
			if got := (want{s.Ready, s.Reason, s.Reconciling, s.Stalled, c.want.says}); got != c.want || !strings.Contains(s.Message, c.want.says) {
				t.Errorf("%+v, %q; want %+v", got, s.Message, c.want)
			}
			if s.Reason == "" || s.Ready && s.Stalled != "" {
				t.Errorf("%+v", s)
			}
			if (s.Fresh != nil) != (c.v.history.Latest != nil) {
				t.Errorf("Fresh: %+v", s.Fresh)
			}
		})
	}
}

func TestFreshness(t *testing.T) {
	p := &plan.Plan{}
	for name, c := range map[string]struct {
		v    verdict
		want string
	}{
		"no plan":         {verdict{history: &plan.History{Latest: &plan.Revision{}}}, ""},
		"no result":       {verdict{history: &plan.History{}, decision: plan.Decision{Plan: p}}, ""},
		"a clean lake":    {verdict{history: &plan.History{Succeeded: &plan.Ended{}}, decision: plan.Decision{Plan: p, Fresh: true}}, "UpToDate"},
		"fresh":           {verdict{history: &plan.History{Latest: &plan.Revision{}}, decision: plan.Decision{Plan: p, Fresh: true}}, "UpToDate"},
		"not any more":    {verdict{history: &plan.History{Latest: &plan.Revision{}}, decision: plan.Decision{Plan: p}}, "Outdated"},
		"fresh, blocked":  {verdict{history: &plan.History{Latest: &plan.Revision{}}, decision: plan.Decision{Plan: p, Fresh: true}, block: waiting("x")}, "UpToDate"},
		"of a failed run": {verdict{history: &plan.History{Latest: &plan.Revision{}}, decision: plan.Decision{Plan: p, Failure: &plan.Ended{}}}, "Outdated"},
	} {
		got := ""
		if f := freshness(&c.v); f != nil {
			got = f.Reason
			if f.True != (got == "UpToDate") {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSettled(t *testing.T) {
	idle := &plan.History{}
	live := &plan.History{Live: &v1alpha1.Run{}}
	for name, c := range map[string]struct {
		v    *verdict
		want bool
	}{
		"nothing of the kind":        {nil, true},
		"up to date":                 {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseNone}}, true},
		"only old":                   {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseInterval}}, true},
		"a look is due":              {&verdict{history: idle, decision: plan.Decision{Cause: plan.CausePoll}}, true},
		"a retry is due":             {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseRetry}}, true},
		"first":                      {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseFirst}}, false},
		"changed":                    {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseChanged}}, false},
		"asked for":                  {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseRequested}}, false},
		"approved":                   {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseApproved}}, false},
		"changed, and blocked":       {&verdict{history: idle, decision: plan.Decision{Cause: plan.CauseChanged}, block: waiting("x")}, true},
		"under way":                  {&verdict{history: live, decision: plan.Decision{Cause: plan.CauseNone}}, false},
		"under way, blocked":         {&verdict{history: live, block: waiting("x")}, false},
		"starting because it is old": {&verdict{history: idle, starting: true, decision: plan.Decision{Cause: plan.CauseInterval}}, false},
	} {
		if got := c.v.settled(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	var none *verdict
	if none.live() != nil || none.wanted() {
		t.Error("no verdict wants a run")
	}
}

func TestStateOf(t *testing.T) {
	condition := func(kind string, yes bool, reason string) metav1.Condition {
		status := metav1.ConditionFalse
		if yes {
			status = metav1.ConditionTrue
		}
		return metav1.Condition{Type: kind, Status: status, Reason: reason}
	}
	for name, c := range map[string]struct {
		conditions []metav1.Condition
		want       string
	}{
		"new":                   {nil, "NotReady"},
		"ready":                 {[]metav1.Condition{condition("Ready", true, "Succeeded"), condition("Stalled", false, "Unblocked")}, "Ready"},
		"being made":            {[]metav1.Condition{condition("Ready", false, "Progressing"), condition("Stalled", false, "Unblocked")}, "NotReady"},
		"stalled":               {[]metav1.Condition{condition("Ready", false, "InvalidExpression"), condition("Stalled", true, "InvalidExpression")}, "Stalled"},
		"suspended in use":      {[]metav1.Condition{condition("Ready", true, "Suspended")}, "Suspended"},
		"suspended before use":  {[]metav1.Condition{condition("Ready", false, "Suspended"), condition("Stalled", true, "Suspended")}, "Suspended"},
		"no Ready, but Stalled": {[]metav1.Condition{condition("Stalled", true, "InvalidExpression")}, "NotReady"},
	} {
		w := newWorld(t)
		w.objects.Workspace.Status.Conditions = c.conditions
		if got := stateOf(w.objects.Workspace); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := stateOf(&v1alpha1.Run{}); got != "NotReady" {
		t.Errorf("a kind that is not counted: %s", got)
	}
}
