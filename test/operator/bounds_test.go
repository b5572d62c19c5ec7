package operator_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// noise is a text of n letters that does not compress much.
func noise(seed string, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", seed, i))
		b.WriteString(base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	return b.String()[:n]
}

// A plan that is too large for one ConfigMap travels in several, and arrives whole.
func TestALargePlan(t *testing.T) {
	const segments, length = 130, 8000
	w := newWorld(t)
	w.stopManager()
	w.create(retail()...)
	var made sync.WaitGroup
	errs := make([]error, segments)
	for i := range segments {
		made.Go(func() {
			s := segment(fmt.Sprintf("segment-%d", i), "people", fmt.Sprintf("profile.tier == %q", noise(fmt.Sprint(i), length)))
			s.Namespace = w.namespace
			errs[i] = w.Create(w.ctx, s)
		})
	}
	made.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	w.startManager()
	w.eventually("all is Ready", w.ready(append(everything, "Segment/segment-0", fmt.Sprintf("Segment/segment-%d", segments-1))...))

	parts := get(w, &batchv1.Job{}, "people-evaluate-1").Spec.Template.Spec.Volumes[0].Projected.Sources
	if len(parts) < 2 {
		t.Errorf("the plan is in %d parts", len(parts))
	}
	for _, part := range parts {
		size := 0
		for _, b := range get(w, &corev1.ConfigMap{}, part.ConfigMap.Name).BinaryData {
			size += len(b)
		}
		if size == 0 || size > 700_000 {
			t.Errorf("part %s has %d bytes", part.ConfigMap.Name, size)
		}
	}
	got := w.finisher.plan("people-evaluate-1").Evaluate.Segments
	if len(got) != segments+1 {
		t.Errorf("%d Segments arrived", len(got))
	}
	for i := range segments {
		at := slices.IndexFunc(got, func(s plan.Segment) bool { return s.Name == fmt.Sprintf("segment-%d", i) })
		if want := fmt.Sprintf("profile.tier == %q", noise(fmt.Sprint(i), length)); at < 0 || got[at].Where != want {
			t.Fatalf("segment %d arrived as another", i)
		}
	}
	if hash := get(w, &v1alpha1.Run{}, "people-evaluate-1").Spec.PlanHash; hash != w.finisher.plan("people-evaluate-1").Hash() {
		t.Error("the hash is another")
	}
}

// Ended Runs are kept to a number; the one that tells of the revision in use stays, however long ago that was.
func TestHistoryIsKeptToALimit(t *testing.T) {
	w := newRetail(t)
	ended := func() []string {
		var out []string
		for _, r := range w.look().runs {
			if r.Spec.Task == v1alpha1.TaskIngest {
				out = append(out, r.Name)
			}
		}
		return out
	}
	for i := range 9 {
		w.runNow("DataSource/crm", fmt.Sprint(i))
		w.eventually("it is looked at", w.is("DataSource/crm", ready, echo(fmt.Sprint(i))))
	}
	w.check("five are kept", count("Runs", 5, ended))
	if got := ended(); !slices.Contains(got, "crm-ingest-10") {
		t.Errorf("the newest are kept: %v", got)
	}
	w.check("their plans with them", func() error {
		var l corev1.ConfigMapList
		if err := w.List(w.ctx, &l, client.InNamespace(w.namespace)); err != nil {
			return err
		}
		n := 0
		for _, c := range l.Items {
			if strings.HasPrefix(c.Name, "crm-ingest-") {
				n++
			}
		}
		if n != 5 {
			return fmt.Errorf("there are %d plans", n)
		}
		return nil
	})

	w.finisher.answer = func(p *plan.Plan) *answer {
		if p.Ingest == nil {
			return nil
		}
		return &answer{reason: batchv1.JobReasonBackoffLimitExceeded} // without a word of any revision
	}
	w.runNow("DataSource/crm", "lost")
	w.pass(40 * time.Minute)
	if n := len(w.finisher.ran(v1alpha1.TaskIngest, "crm")); n < 17 {
		t.Errorf("%d runs are too few to tell", n)
	}
	w.check("the newest five and the one that tells", count("Runs", 6, ended))
	if got := ended(); !slices.Contains(got, "crm-ingest-10") {
		t.Errorf("the one that tells is not there: %v", got)
	}
	w.restart()
	w.check("what was read stays", w.is("DataSource/crm", unready(v1alpha1.ReasonWorkerLost), revision("crm-ingest-1"), func(o client.Object, _ *v1alpha1.Status) error {
		if rows := o.(*v1alpha1.DataSource).Status.Rows; rows == nil || *rows != 100 {
			return fmt.Errorf("it has %s rows", written(rows))
		}
		return nil
	}))
}
