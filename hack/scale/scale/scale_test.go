package scale

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
)

func TestTwoUnderOneLockAreSeen(t *testing.T) {
	meta := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{v1alpha1.LabelLock: "datasource.crm"}}
	}
	job := func(namespace, name string, over bool) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: meta(namespace, name)}
		if over {
			j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue}}
		}
		return j
	}
	s := &sight{live: map[string]map[string]bool{}, tasks: map[string]int{}}
	s.changed(&v1alpha1.Run{ObjectMeta: meta("a", "crm-ingest-1"), Spec: v1alpha1.RunSpec{Task: "Ingest"}}, true)
	s.changed(job("a", "crm-ingest-1", false), true)
	s.changed(job("b", "crm-ingest-1", false), true)
	s.changed(job("a", "crm-ingest-1", true), false)
	s.changed(job("a", "crm-ingest-2", false), true)
	s.deleted(job("b", "crm-ingest-1", false))
	s.changed(job("b", "crm-ingest-2", false), true)
	if tasks, twice := s.runs(); len(twice) != 0 || !maps.Equal(tasks, map[string]int{"Ingest": 1}) {
		t.Errorf("one after the other, in two namespaces: %v, %v", tasks, twice)
	}
	s.changed(job("a", "crm-ingest-3", false), true)
	if _, twice := s.runs(); len(twice) != 1 {
		t.Errorf("two at once: %v", twice)
	}
}

func TestAuditLog(t *testing.T) {
	l := &auditLog{path: filepath.Join(t.TempDir(), "audit.log")}
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	all := func() (map[string]int, map[string]int, []string) {
		counts, refused, err := l.count(at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		writes, err := l.writes(at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return counts, refused, writes
	}
	if counts, _, _ := all(); len(counts) != 0 {
		t.Errorf("before the first request: %v", counts)
	}
	text := `{"verb":"patch","objectRef":{"resource":"segments","namespace":"a","name":"vip","subresource":"status"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-06-01T12:00:00.000000Z"}
{"verb":"update","objectRef":{"resource":"leases","namespace":"kith-system","name":"kith-manager"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-06-01T12:00:01.000000Z"}
{"verb":"get","objectRef":{"resource":"configmaps","namespace":"a","name":"x"},"responseStatus":{"code":404},"requestReceivedTimestamp":"2026-06-01T12:00:02.000000Z"}
{"verb":"create","objectRef":{"resource":"jobs","namespace":"a","name":"x"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-06-01T12:01:00.000000Z"}
{"verb":"create","objectRef":{"reso`
	if err := os.WriteFile(l.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	counts, refused, writes := all()
	if !maps.Equal(counts, map[string]int{"patch segments/status": 1, "update leases": 1, "get configmaps": 1}) ||
		!maps.Equal(refused, map[string]int{"get configmaps: 404": 1}) || !slices.Equal(writes, []string{"patch segments/status a/vip"}) {
		t.Errorf("%v %v %v", counts, refused, writes)
	}
}

func TestTenantsShareWhatThereIs(t *testing.T) {
	o := Options{Namespaces: 3, DataSources: 4, Segments: 7, Activations: 8, Destinations: 2}
	counts := map[string]int{}
	for n := range o.Namespaces {
		for _, object := range tenant(o, n) {
			counts[kindOf(object)]++
		}
	}
	want := map[string]int{"Workspace": 3, "DataSource": 4, "IdentityRule": 3, "Segment": 7, "Destination": 6, "Activation": 8}
	if !maps.Equal(counts, want) {
		t.Errorf("%v, want %v", counts, want)
	}
}
