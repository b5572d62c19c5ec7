package plan

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

func TestEndOf(t *testing.T) {
	p := work(sync, "a").at(noon, nil)
	at := noon.Add(time.Minute)
	waiting := runOf(p, 1)
	waiting.Status.Conditions = []metav1.Condition{
		{Type: v1alpha1.ConditionWaiting, Status: metav1.ConditionTrue}, {Type: v1alpha1.ConditionFailed, Status: metav1.ConditionFalse},
	}
	if Over(&waiting) {
		t.Error("a run whose worker can't start yet is over")
	}
	noResult := end(runOf(p, 1), at, nil, v1alpha1.ConditionComplete, "Unchanged")
	for name, c := range map[string]struct {
		run     v1alpha1.Run
		outcome v1alpha1.RunOutcome
		class   fault.Class
		failed  bool
	}{
		"committed":        {committed(p, at), v1alpha1.OutcomeCommitted, "", false},
		"unchanged":        {unchanged(p, at, nil), v1alpha1.OutcomeUnchanged, "", false},
		"complete, silent": {noResult, v1alpha1.OutcomeUnchanged, "", false},
		"failed":           {broken(p, at, fault.DiskFull, 3, nil), v1alpha1.OutcomeFailed, fault.DiskFull, true},
		"lost":             {lost(p, at, 3), v1alpha1.OutcomeFailed, v1alpha1.ReasonWorkerLost, true},
		"overtaken":        {overtaken(p, at, nil), v1alpha1.OutcomeSuperseded, "", false},
		// What the manager saw counts: the worker may have said that it committed and then have been taken for lost.
		"committed, lost": {end(runOf(p, 1), at, committed(p, at).Status.Result, v1alpha1.ConditionFailed, v1alpha1.ReasonWorkerLost),
			v1alpha1.OutcomeFailed, v1alpha1.ReasonWorkerLost, true},
	} {
		e := EndOf(&c.run)
		if !Over(&c.run) || e.Outcome != c.outcome || e.Class != c.class || e.Failed() != c.failed {
			t.Errorf("%s: %+v", name, e)
		}
		if e.Run != p.Run || e.Serial != 1 || e.PlanHash != p.Hash() || !e.At.Equal(at) || !e.Now.Equal(noon) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if (*Ended)(nil).Failed() {
		t.Error("what never ran has failed")
	}
}

func TestHistories(t *testing.T) {
	a := work(sync, "a").at(noon, nil)
	first := committed(a, noon)
	first.Status.Outputs = []v1alpha1.RunOutput{{Name: "sent", Rows: 7}}
	second := lost(work(sync, "b").at(noon, first.Status.Result.Revision), noon.Add(time.Minute), 1)
	second.Status.Outputs = []v1alpha1.RunOutput{{Name: "sent", Rows: 1}} // of a report that says nothing of a revision
	third := runOf(work(sync, "b").at(noon, first.Status.Result.Revision), 2)
	third.Name, third.Spec.Serial = "mail-sync-3", 3
	other := committed(work(ingest, "a").at(noon, nil), noon)
	got := Histories([]v1alpha1.Run{third, other, second, first}) // in no order
	h := got[sync]
	if len(got) != 2 || h == nil {
		t.Fatalf("subjects: %v", got)
	}
	if h.Latest == nil || h.Latest.Run != first.Name || !h.CommittedAt.Equal(noon) || !reflect.DeepEqual(h.Outputs, first.Status.Outputs) {
		t.Errorf("latest revision: %+v %+v", h.Latest, h.Outputs)
	}
	if h.Ended.Run != second.Name || h.Succeeded.Run != first.Name || h.Live.Name != third.Name || h.Serial != 3 {
		t.Errorf("%+v", h)
	}
	revs := RevisionsOf(got)
	if len(revs) != 2 || revs[sync].Run != first.Name || revs[ingest].Run != other.Name {
		t.Errorf("revisions: %+v", revs)
	}
	// The newest report counts, though it be of a failed run, and a serial of the lake is in use too.
	theirs := renumbered(a, 40)
	theirs.Inputs = []v1alpha1.RunInput{{Kind: "IdentityRule", Name: "people", Revision: "people-evaluate-2"}}
	theirs.Failures = []v1alpha1.RunFailure{{Kind: "Segment", Name: "big", Class: "InvalidExpression"}}
	fourth := broken(a.renumber(4), noon, fault.DestinationDown, 1, theirs)
	h = Histories([]v1alpha1.Run{fourth, first})[sync]
	want := Revision{Run: "mail-sync-40", Serial: 40, PlanHash: a.Hash(), Now: noon, Inputs: []Input{{"IdentityRule", "people", "people-evaluate-2"}}}
	if !reflect.DeepEqual(*h.Latest, want) || h.Serial != 40 || !reflect.DeepEqual(h.Failures, theirs.Failures) || h.Succeeded.Run != first.Name {
		t.Errorf("%+v %+v", h.Latest, h)
	}
}

func TestHandledAndAnswered(t *testing.T) {
	p := work(sync, "a").at(noon, nil)
	mine, other := v1alpha1.RunRequest{Kind: "Activation", Name: "mail", Value: "1"}, v1alpha1.RunRequest{Kind: "Destination", Name: "esp", Value: "1"}
	live := asked(runOf(work(sync, "a").at(noon, revision(p, noon)), 1), other)
	h := Histories([]v1alpha1.Run{asked(broken(p, noon, fault.DestinationDown, 1, nil), mine), live})[sync]
	if !h.Handled(mine) || h.Handled(other) || h.Answers(mine) || !h.Answers(other) {
		t.Error("a run that is over has handled its requests, whatever became of it, and one under way answers its own")
	}
	newer := mine
	newer.Value = "2"
	if h.Handled(newer) || (*History)(nil).Handled(mine) || (*History)(nil).Answers(mine) || (&History{}).Answers(mine) {
		t.Error("a request that nobody has seen is handled")
	}
}

// keepers are runs of one subject, oldest first, of which some are needed.
func TestSurplus(t *testing.T) {
	var runs []v1alpha1.Run
	rev := (*v1alpha1.RunRevision)(nil)
	add := func(r v1alpha1.Run) {
		r.Spec.Serial = int64(len(runs) + 1)
		r.Name = fmt.Sprint(r.Spec.Serial)
		runs = append(runs, r)
	}
	p := work(sync, "a").at(noon, nil)
	add(committed(p, noon))
	rev = runs[0].Status.Result.Revision
	add(committed(p, noon))                             // 2: the newest that succeeded
	add(broken(p, noon, fault.DestinationDown, 1, rev)) // 3
	add(broken(p, noon, fault.DestinationDown, 2, rev)) // 4: the newest that told
	add(lost(p, noon, 3))
	add(lost(p, noon, 4))
	add(runOf(p, 5)) // 7: under way
	for keep, want := range map[int][]string{
		5: {"1"}, 4: {"1"}, 3: {"1", "3"}, 2: {"1", "3"}, 1: {"1", "3", "5"},
		0: {"1", "3", "5"}, // the newest is what the next decision depends on
		9: nil,
	} {
		if got := Surplus(runs, keep); !reflect.DeepEqual(got, want) {
			t.Errorf("keeping %d: %v are removed, want %v", keep, got, want)
		}
	}
	other := committed(work(ingest, "a").at(noon, nil), noon)
	if got := Surplus(append(slices.Clone(runs), other), 1); slices.Contains(got, other.Name) {
		t.Error("another subject's run was counted among these")
	}
}

func TestSurplusKeepsWhatToldOfAnEmptyLake(t *testing.T) {
	a := work(resolve, "a").at(noon, nil)
	empty := overtaken(work(resolve, "a").at(noon, revision(a, noon)), noon, nil)
	runs := []v1alpha1.Run{committed(a, noon), empty}
	for i := range 3 {
		p := work(resolve, "a").at(noon, nil)
		p.After(int64(i + 2))
		runs = append(runs, lost(p, noon, int32(i+1)))
	}
	if got := Surplus(runs, 1); slices.Contains(got, empty.Name) || len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// TestARunWithoutAPlanAnswersNothing: the manager died before it stored the plan, and no worker looked at anything.
func TestARunWithoutAPlanAnswersNothing(t *testing.T) {
	asked := v1alpha1.RunRequest{Kind: "DataSource", Name: "crm", Value: "1"}
	for class, answered := range map[fault.Class]bool{v1alpha1.ReasonPlanMissing: false, fault.DatabaseDown: true} {
		h := &History{ended: []*Ended{{Outcome: v1alpha1.OutcomeFailed, Class: class, Requests: []v1alpha1.RunRequest{asked}}}}
		if h.Handled(asked) != answered {
			t.Errorf("%s: answered is %v", class, !answered)
		}
	}
}
