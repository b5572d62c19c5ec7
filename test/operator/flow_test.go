package operator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// A tenant is declared, and what it declares becomes Ready step by step.
func TestFlow(t *testing.T) {
	w := newWorld(t)
	w.stopManager()
	w.create(retail()...)
	for _, ref := range everything {
		if s := statusOf(w.object(ref)); len(s.Conditions) > 0 {
			t.Errorf("%s has a status before the manager has seen it: %+v", ref, s)
		}
	}
	w.finisher.hold(v1alpha1.TaskIngest)
	w.startManager()
	w.eventually("the source is being read and the others wait", all(
		w.is("DataSource/crm", reconciling(v1alpha1.ReasonProgressing), says("crm-ingest-1 is under way")),
		w.is("IdentityRule/people", reconciling(v1alpha1.ReasonWaiting), says("DataSource crm")),
		w.is("Segment/vip", reconciling(v1alpha1.ReasonWaiting), says("IdentityRule people")),
		w.is("Activation/mail", reconciling(v1alpha1.ReasonWaiting), says("IdentityRule people")),
		w.ready("Destination/esp", "Workspace/default"),
	))

	w.finisher.hold(v1alpha1.TaskResolve)
	w.eventually("people are being made of what was read", all(
		w.is("DataSource/crm", ready, fresh(true), revision("crm-ingest-1")),
		w.is("IdentityRule/people", reconciling(v1alpha1.ReasonProgressing), says("people-resolve-1 is under way"), revision("")),
		w.is("Segment/vip", reconciling(v1alpha1.ReasonWaiting)),
	))

	w.finisher.hold(v1alpha1.TaskEvaluate)
	w.eventually("the Segment is being evaluated", all(
		w.is("IdentityRule/people", ready, fresh(true), revision("people-resolve-1")),
		w.is("Segment/vip", reconciling(v1alpha1.ReasonProgressing), says("people-evaluate-1 is under way")),
		w.is("Activation/mail", reconciling(v1alpha1.ReasonWaiting)),
	))

	w.finisher.hold(v1alpha1.TaskSync)
	w.eventually("people are being sent", all(
		w.is("Segment/vip", ready, fresh(true), revision("people-evaluate-1")),
		w.is("Activation/mail", reconciling(v1alpha1.ReasonProgressing), says("mail-sync-1 is under way")),
	))

	w.finisher.letGo()
	w.eventually("all is Ready", w.ready(everything...))
	w.check("the Activation tells of its run", w.is("Activation/mail", fresh(true), revision("mail-sync-1"), says("7 people are at esp", "3 are withheld")))
	w.counts()
	w.printed()
	w.pass(time.Minute)
	for _, task := range []v1alpha1.Task{v1alpha1.TaskIngest, v1alpha1.TaskResolve, v1alpha1.TaskEvaluate, v1alpha1.TaskSync, v1alpha1.TaskMaintain} {
		if n := len(w.made(task)); n != 1 {
			t.Errorf("%d runs of %s", n, task)
		}
	}
}

// counts of a tenant that is Ready.
func (w *world) counts() {
	w.t.Helper()
	source, rule := get(w, &v1alpha1.DataSource{}, "crm").Status, get(w, &v1alpha1.IdentityRule{}, "people").Status
	segment, activation := get(w, &v1alpha1.Segment{}, "vip").Status, get(w, &v1alpha1.Activation{}, "mail").Status
	for what, n := range map[string]struct{ got, want *int64 }{
		"rows": {source.Rows, number(100)}, "quarantined": {source.Quarantined, number(2)},
		"records": {rule.Records, number(100)}, "profiles": {rule.Profiles, number(80)},
		"members": {segment.Members, number(10)},
		"sent":    {activation.Sent, number(7)}, "withheld": {activation.Withheld, number(3)}, "failed": {activation.Failed, nil},
	} {
		if (n.got == nil) != (n.want == nil) || n.got != nil && *n.got != *n.want {
			w.t.Errorf("%s: %s, want %s", what, written(n.got), written(n.want))
		}
	}
	for ref, interval := range map[string]time.Duration{"DataSource/crm": 15 * time.Minute, "Segment/vip": time.Hour, "Activation/mail": time.Hour} {
		s := statusOf(w.object(ref))
		if s.LastRunTime == nil || s.NextRunTime == nil {
			w.t.Errorf("%s: ran %v, runs %v", ref, s.LastRunTime, s.NextRunTime)
			continue
		}
		// An interval counts from what counted as now in the run, a little before it committed.
		if d := s.NextRunTime.Sub(s.LastRunTime.Time); d > interval || d < interval-time.Minute {
			w.t.Errorf("%s runs again after %s, want %s", ref, d, interval)
		}
	}
	if s := statusOf(w.object("IdentityRule/people")); s.LastRunTime == nil || s.NextRunTime != nil {
		w.t.Errorf("an IdentityRule without an interval ran %v and runs again %v", s.LastRunTime, s.NextRunTime)
	}
}

func number(n int64) *int64 { return &n }

func written(n *int64) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}

// printed checks what `kubectl get` shows of a tenant that is Ready.
func (w *world) printed() {
	w.t.Helper()
	for resource, columns := range map[string]map[string]string{
		"workspaces":    {"Ready": "True", "Lake": "lake", "Cleaned": "*", "Status": "the lake can be reached"},
		"datasources":   {"Kind": "Profile", "Ready": "True", "Rows": "100", "Fresh": "True", "Last run": "*", "Status": "100 rows; 2 quarantined by the last run"},
		"identityrules": {"Ready": "True", "Records": "100", "Profiles": "80", "Fresh": "True", "Last run": "*", "Status": "100 records are 80 known people"},
		"segments":      {"Ready": "True", "Members": "10", "Fresh": "True", "Last run": "*", "Status": "10 members"},
		"destinations":  {"Ready": "True"},
		"activations":   {"Destination": "esp", "Ready": "True", "Sent": "7", "Fresh": "True", "Last run": "*"},
		"runs":          {"Task": "*", "Subject": "*", "Outcome": "*", "Why": "*", "Completed": "*"},
	} {
		table := w.table(resource)
		for _, row := range table.Rows {
			for i, c := range table.ColumnDefinitions {
				want, ok := columns[c.Name]
				if got := strings.TrimSpace(fmt.Sprint(row.Cells[i])); ok && (got != want && want != "*" || got == "" || row.Cells[i] == nil) {
					w.t.Errorf("%s print %v as %s, want %s", resource, row.Cells[i], c.Name, want)
				}
			}
		}
		if len(table.Rows) == 0 {
			w.t.Errorf("no %s are printed", resource)
		}
	}
}

// table is what kubectl prints.
func (w *world) table(resource string) *metav1.Table {
	w.t.Helper()
	c, err := kubernetes.NewForConfig(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := c.RESTClient().Get().AbsPath("/apis/cdp.kith.dev/v1alpha1/namespaces", w.namespace, resource).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	var out metav1.Table
	if err := json.Unmarshal(b, &out); err != nil {
		w.t.Fatal(err)
	}
	return &out
}
