package conditions

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// kstatus is what tools that wait for an object make of its conditions: kubectl wait, Flux, Argo CD.
// See sigs.k8s.io/cli-utils/pkg/kstatus: what is Stalled has failed, what is Reconciling or not Ready is in progress.
func kstatus(cs []metav1.Condition) string {
	switch {
	case meta.IsStatusConditionTrue(cs, "Stalled"):
		return "Failed"
	case meta.IsStatusConditionTrue(cs, "Reconciling"), !meta.IsStatusConditionTrue(cs, "Ready"):
		return "InProgress"
	}
	return "Current"
}

func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		summary Summary
		want    map[string]string // condition: reason, with ! before it where it is False
		kstatus string
	}{
		"ready": {Summary{Ready: true, Reason: "Succeeded", Message: "5 members", Fresh: &Fresh{True: true, Reason: "UpToDate"}},
			map[string]string{"Ready": "Succeeded", "Reconciling": "!Idle", "Stalled": "!Unblocked", "Fresh": "UpToDate"}, "Current"},
		"ready and asked for": {Summary{Ready: true, Reason: "Succeeded", Reconciling: "Progressing"},
			map[string]string{"Ready": "Succeeded", "Reconciling": "Progressing", "Stalled": "!Unblocked"}, "InProgress"},
		"being made": {Summary{Reason: "Progressing", Reconciling: "Progressing", Fresh: &Fresh{Reason: "Outdated"}},
			map[string]string{"Ready": "!Progressing", "Reconciling": "Progressing", "Stalled": "!Unblocked", "Fresh": "!Outdated"}, "InProgress"},
		"a mistake": {Summary{Reason: "InvalidExpression", Stalled: "InvalidExpression", Message: "1:8: no such field"},
			map[string]string{"Ready": "!InvalidExpression", "Reconciling": "!Idle", "Stalled": "InvalidExpression"}, "Failed"},
		"all at once": {Summary{Ready: true, Reason: "Succeeded", Reconciling: "Progressing", Stalled: "BudgetExceeded"},
			map[string]string{"Ready": "!Succeeded", "Reconciling": "!Idle", "Stalled": "BudgetExceeded"}, "Failed"},
		"broken, in use": {Summary{Reason: "DestinationDown"},
			map[string]string{"Ready": "!DestinationDown", "Reconciling": "!Idle", "Stalled": "!Unblocked"}, "InProgress"},
	} {
		cs := []metav1.Condition{{Type: "Other", Status: metav1.ConditionTrue, Reason: "Mine"}, {Type: "Fresh", Status: metav1.ConditionTrue, Reason: "UpToDate"}}
		Apply(&cs, 7, c.summary, noon)
		got := map[string]string{}
		for _, x := range cs {
			if x.Type == "Other" {
				continue
			}
			got[x.Type] = x.Reason
			if x.Status == metav1.ConditionFalse {
				got[x.Type] = "!" + x.Reason
			}
			if x.ObservedGeneration != 7 || x.Reason == "" {
				t.Errorf("%s: %+v", name, x)
			}
		}
		if !reflect.DeepEqual(got, c.want) || kstatus(cs) != c.kstatus {
			t.Errorf("%s: %v (%s), want %v (%s)", name, got, kstatus(cs), c.want, c.kstatus)
		}
		if !meta.IsStatusConditionTrue(cs, "Other") {
			t.Errorf("%s: somebody else's condition is gone", name)
		}
	}
}

func TestTransitions(t *testing.T) {
	var cs []metav1.Condition
	at := func(kind string) time.Duration {
		return meta.FindStatusCondition(cs, kind).LastTransitionTime.Sub(noon)
	}
	Apply(&cs, 1, Summary{Reason: "Progressing", Reconciling: "Progressing", Message: "one"}, noon)
	Apply(&cs, 1, Summary{Reason: "Progressing", Reconciling: "Progressing", Message: "two"}, noon.Add(time.Minute))
	if at("Ready") != 0 || at("Reconciling") != 0 || at("Stalled") != 0 || meta.FindStatusCondition(cs, "Ready").Message != "two" {
		t.Errorf("a new message is no transition: %+v", cs)
	}
	Apply(&cs, 2, Summary{Ready: true, Reason: "Succeeded", Fresh: &Fresh{True: true, Reason: "UpToDate"}}, noon.Add(2*time.Minute))
	if at("Ready") != 2*time.Minute || at("Reconciling") != 2*time.Minute || at("Stalled") != 0 || at("Fresh") != 2*time.Minute {
		t.Errorf("%+v", cs)
	}
	before := meta.FindStatusCondition(cs, "Ready").DeepCopy()
	Apply(&cs, 2, Summary{Ready: true, Reason: "Succeeded", Fresh: &Fresh{True: true, Reason: "UpToDate"}}, noon.Add(time.Hour))
	if !reflect.DeepEqual(before, meta.FindStatusCondition(cs, "Ready")) || at("Fresh") != 2*time.Minute {
		t.Errorf("the same again changes nothing: %+v", cs)
	}
}

// TestMessages: the API stores text, and would store something else than what it was sent where a character was cut in two; the object
// would then differ from what it should be, for ever.
func TestMessages(t *testing.T) {
	for _, message := range []string{strings.Repeat("이", 4000), "x" + strings.Repeat("이", 4000), "xx" + strings.Repeat("이", 4000), strings.Repeat("x", maxMessage+1), "short"} {
		var cs []metav1.Condition
		Apply(&cs, 1, Summary{Reason: "Progressing", Message: message, Fresh: &Fresh{Reason: "Outdated", Message: message}}, noon)
		for _, c := range cs {
			if len(c.Message) > maxMessage || !utf8.ValidString(c.Message) || !strings.HasPrefix(message, c.Message) {
				t.Errorf("%s: %d bytes, valid %v", c.Type, len(c.Message), utf8.ValidString(c.Message))
			}
		}
		if got := meta.FindStatusCondition(cs, "Ready").Message; len(message) > maxMessage && len(got) < maxMessage-3 {
			t.Errorf("more was cut than had to be: %d", len(got))
		}
	}
}

func TestNeverReadyAndStalled(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	reason := func() string { return []string{"", "Progressing", "BudgetExceeded"}[rng.IntN(3)] }
	var cs []metav1.Condition
	for range 2000 {
		s := Summary{Ready: rng.IntN(2) == 0, Reason: "Because", Reconciling: reason(), Stalled: reason()}
		if rng.IntN(2) == 0 {
			s.Fresh = &Fresh{True: rng.IntN(2) == 0, Reason: "Because"}
		}
		Apply(&cs, 1, s, noon)
		is := func(kind string) bool { return meta.IsStatusConditionTrue(cs, kind) }
		if is(v1alpha1.ConditionStalled) && (is(v1alpha1.ConditionReady) || is(v1alpha1.ConditionReconciling)) {
			t.Fatalf("%+v makes %+v", s, cs)
		}
		if (meta.FindStatusCondition(cs, v1alpha1.ConditionFresh) != nil) != (s.Fresh != nil) || len(cs) > 4 {
			t.Fatalf("%+v makes %+v", s, cs)
		}
	}
}
