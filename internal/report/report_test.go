package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
)

func objects() *plan.Objects {
	return &plan.Objects{
		DataSources: []v1alpha1.DataSource{{ObjectMeta: metav1.ObjectMeta{Name: "crm"}, Spec: v1alpha1.DataSourceSpec{RecordKind: "Profile"}}},
		Segments: []v1alpha1.Segment{{ObjectMeta: metav1.ObjectMeta{Name: "top"},
			Spec: v1alpha1.SegmentSpec{Common: v1alpha1.Common{DisplayName: "이익 상위 <10%>"}}}},
		Activations: []v1alpha1.Activation{{ObjectMeta: metav1.ObjectMeta{Name: "mail"},
			Spec: v1alpha1.ActivationSpec{Purpose: "marketing", DestinationRef: v1alpha1.ObjectReference{Name: "esp"}}}},
	}
}

func steps(state local.State) []local.Step {
	rev := func(outputs ...lake.Output) *lake.Revision { return &lake.Revision{Run: "r", Outputs: outputs} }
	return []local.Step{
		{Subject: plan.IngestSubject("crm"), State: state, Revision: rev(
			lake.Output{Name: "rows", Rows: 1234567, Added: 10, Removed: 3}, lake.Output{Name: "quarantined", Rows: 4},
			lake.Output{Name: "quarantined/csv", Rows: 1}, lake.Output{Name: "quarantined/encoding", Rows: 3})},
		{Subject: plan.ResolveSubject("people"), State: state, Revision: rev(
			lake.Output{Name: "records", Rows: 300}, lake.Output{Name: "known", Rows: 200}, lake.Output{Name: "anonymous", Rows: 9})},
		{Subject: plan.EvaluateSubject("people"), State: state, Revision: rev(lake.Output{Name: "segment/top/marketing", Rows: 50, Added: 5, Removed: 1})},
		{Subject: plan.SyncSubject("mail"), State: state, Revision: rev(
			lake.Output{Name: "audience", Rows: 50}, lake.Output{Name: "reason/Excluded", Rows: 2}, lake.Output{Name: "reason/ConsentUnknown", Rows: 8}, lake.Output{Name: "reason/Eligible", Rows: 40},
			lake.Output{Name: "sent", Rows: 40, Added: 40})},
	}
}

func TestBuild(t *testing.T) {
	m := Build(objects(), steps(local.Done), time.Unix(0, 0))
	if got := m.Sources[0]; got.Rows != 1234567 || got.Added != 10 || got.Quarantined != 4 || got.Rejects[0] != (Count{"encoding", 3}) {
		t.Errorf("source: %+v", got)
	}
	seg := m.Spaces[0].Segments[0]
	if seg.Members != 50 || seg.Share != 0.25 || seg.Added != 5 {
		t.Errorf("segment: %+v", seg)
	}
	a := m.Activations[0]
	var withheld int64
	for _, r := range a.Reasons {
		withheld += r.N
	}
	if withheld+a.Sent != a.Audience {
		t.Errorf("the funnel does not sum: %+v", a)
	}
}

func TestUnchangedRunShowsSizesButNoChange(t *testing.T) {
	m := Build(objects(), steps(local.Unchanged), time.Unix(0, 0))
	if m.Changed || m.Sources[0].Rows != 1234567 || m.Sources[0].Added != 0 || m.Activations[0].Added != 0 {
		t.Errorf("%+v", m)
	}
	var b bytes.Buffer
	m.Text(&b, false)
	if !strings.Contains(b.String(), "Nothing changed") || strings.Contains(b.String(), "+40") {
		t.Errorf("text of an unchanged run:\n%s", b.String())
	}
}

func TestText(t *testing.T) {
	s := steps(local.Done)
	s[3].State = local.Failed
	s[3].Problem = local.ProblemOf(fault.New(fault.DestinationDown, "the receiver answered 503"))
	var b bytes.Buffer
	Build(objects(), s, time.Unix(0, 0)).Text(&b, false)
	for _, want := range []string{"1,234,567", "+10 -3", "encoding 3, csv 1", "DestinationDown Sync of Activation mail: the receiver answered 503"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b[") {
		t.Error("colour codes where there is no terminal")
	}
}

// The quality of people is told in a few lines; what a run changed only where it changed something.
// A run that looks at what has changed counts the merges in that, and its report says so.
func TestMergesOfAPart(t *testing.T) {
	for resolved, says := range map[lake.Output]string{
		{Name: "resolved", Rows: 20}:  "merged by, among 20 records looked at: rule 1: email 7",
		{Name: "resolved", Rows: 300}: " merged by: rule 1: email 7",
		{Name: "other"}:               " merged by: rule 1: email 7",
	} {
		of := steps(local.Done)
		of[1].Revision.Outputs = append(of[1].Revision.Outputs, lake.Output{Name: "merges/rule 1: email", Rows: 7}, resolved)
		m := Build(objects(), of, time.Unix(0, 0))
		var text, page bytes.Buffer
		m.Text(&text, false)
		if err := m.HTML(&page); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), says) || !strings.Contains(page.String(), "<td>"+m.Spaces[0].MergedBy()+"</td>") {
			t.Errorf("%s: %s", says, text.String())
		}
	}
}

func TestQuality(t *testing.T) {
	told := func(state local.State, outputs ...lake.Output) string {
		s := steps(state)
		s[1].Revision.Outputs = append(s[1].Revision.Outputs, outputs...)
		var b, page bytes.Buffer
		m := Build(objects(), s, time.Unix(0, 0))
		m.Text(&b, false)
		if err := m.HTML(&page); err != nil {
			t.Fatal(err)
		}
		for _, f := range m.Spaces[0].Quality {
			if !strings.Contains(page.String(), f.Text) {
				t.Errorf("the page lacks %q", f.Text)
			}
		}
		return b.String()
	}
	all := []lake.Output{
		{Name: "quality/largestProfile", Rows: 1021}, {Name: "quality/largeProfiles", Rows: 4321}, {Name: "quality/refusedMerges/limit", Rows: 3},
		{Name: "quality/sharedValues/email", Rows: 2}, {Name: "quality/sharedValues/card", Rows: 0}, {Name: "quality/sharedValues/phone", Rows: 1},
		{Name: "quality/jitter", Rows: 2500}, {Name: "quality/merges", Rows: 5}, {Name: "quality/splits", Rows: 0},
		{Name: "quality/labelledRecords", Rows: 50578}, {Name: "quality/labelsOfNoRecord", Rows: 7}, {Name: "quality/pairPrecision", Rows: 950000},
		{Name: "quality/pairRecall", Rows: 930000}, {Name: "quality/pairF1", Rows: 939894}, {Name: "quality/bCubedF1", Rows: 951999},
	}
	text := told(local.Done, all...)
	for _, want := range []string{
		"profiles: largest profile 1,021 records, 0.43% of records in profiles of more than 10, refused merges 3\n",
		"shared values: 2 of email, 1 of phone with more than 5 names\n", "stability: 0.25% of records changed profile, merges 5, splits 0\n",
		"by labels: F1 0.9399 of pairs (precision 0.9500, recall 0.9300), 0.9520 of B-cubed, over 50,578 records\n", "labels: 7 are of no record\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if text := told(local.Unchanged, all...); strings.Contains(text, "stability") || !strings.Contains(text, "by labels") {
		t.Errorf("of a run that changed nothing:\n%s", text)
	}
	if text := told(local.Done, lake.Output{Name: "quality/labelledRecords"}, lake.Output{Name: "quality/labelsOfNoRecord", Rows: 7}); !strings.Contains(text, "by labels: no record is labelled\n") ||
		!strings.Contains(text, "labels: 7 are of no record\n") {
		t.Errorf("labels that fit nothing:\n%s", text)
	}
	if text := told(local.Done, all[:2]...); strings.Contains(text, "labels") || strings.Contains(text, "shared") || strings.Contains(text, "stability") {
		t.Errorf("of a first run without labels:\n%s", text)
	}
}

func TestHTMLIsSelfContainedAndEscaped(t *testing.T) {
	var b bytes.Buffer
	if err := Build(objects(), steps(local.Done), time.Unix(0, 0)).HTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, never := range []string{"<script", "http://", "https://", "<link", "<img", "url("} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q: it needs something else than itself", never)
		}
	}
	for _, want := range []string{"이익 상위 &lt;10%&gt;", "1,234,567", "width:80.00%"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 100000: "100,000"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
}

// A rule on trial is told of with the figures of both, in the order in which they were measured; one that failed, or is another than declared, is not.
func TestARuleOnTrial(t *testing.T) {
	o := objects()
	o.IdentityRules = []v1alpha1.IdentityRule{{ObjectMeta: metav1.ObjectMeta{Name: "people"}, Spec: v1alpha1.IdentityRuleSpec{Canary: &v1alpha1.Canary{Percent: 5}}}}
	trial := local.Step{Subject: plan.CanarySubject("people"), State: local.Unchanged, Revision: &lake.Revision{Outputs: []lake.Output{
		{Name: "records", Rows: 1050}, {Name: "allRecords", Rows: 20000}, {Name: "people", Rows: 40}, {Name: "changed", Rows: 7}, {Name: "moved", Rows: 9},
		{Name: "everyone/people", Rows: 1800}, {Name: "everyone/changed", Rows: 120}, {Name: "current/quality/largeProfiles", Rows: 1234},
		{Name: "current/quality/sharedValues/email", Rows: 1}, {Name: "quality/largeProfiles", Rows: 25000}, {Name: "quality/sharedValues/email", Rows: 3000}, {Name: "quality/merges", Rows: 6},
	}}}
	all := append(steps(local.Done), trial)
	got := Build(o, all, time.Unix(0, 0)).Spaces[0].Canary
	want := []Compared{{"largeProfiles", "0.0012", "0.0250"}, {"sharedValues email", "1", "3,000"}, {"merges", "", "6"}}
	if got == nil || !slices.Equal(got.Figures, want) || len(got.Facts) != 2 {
		t.Fatalf("%+v", got)
	}
	var text, page bytes.Buffer
	m := Build(o, all, time.Unix(0, 0))
	m.Text(&text, false)
	if err := m.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{text.String(), page.String()} {
		for _, words := range []string{"a rule on trial", "5% asked for, 1,050 of 20,000 records", "7 of 40 people of the share, 120 of 1,800 of all; 9 records", "0.0250"} {
			if !strings.Contains(out, words) {
				t.Errorf("%q is missing:\n%s", words, out)
			}
		}
	}
	all[len(all)-1].State = local.Failed
	if got := Build(o, all, time.Unix(0, 0)).Spaces[0].Canary; got != nil {
		t.Errorf("of a trial that failed: %+v", got)
	}
	o.IdentityRules[0].Spec.Canary, all[len(all)-1].State = nil, local.Done
	if got := Build(o, all, time.Unix(0, 0)).Spaces[0].Canary; got != nil {
		t.Errorf("of one that is declared no more: %+v", got)
	}
}
