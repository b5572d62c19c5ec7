package plan

import (
	"reflect"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

var (
	ingest   = IngestSubject("crm")
	resolve  = ResolveSubject("people")
	evaluate = EvaluateSubject("people")
	sync     = SyncSubject("mail")
	maintain = MaintainSubject("default")
)

func decide(p *Plan, runs []v1alpha1.Run, change ...func(*Situation)) Decision {
	h := Histories(runs)[p.Subject]
	var last *v1alpha1.RunRevision
	for _, r := range runs {
		if res := r.Status.Result; res != nil && res.Revision != nil {
			last = res.Revision
		}
	}
	s := Situation{History: h, Now: noon.Add(30 * time.Minute)}
	for _, c := range change {
		c(&s)
	}
	s.Plan = p.at(s.Now, last)
	return Decide(s)
}

func interval(d time.Duration) func(*Situation) { return func(s *Situation) { s.Interval = d } }
func now(d time.Duration) func(*Situation)      { return func(s *Situation) { s.Now = noon.Add(d) } }

// after is when time alone makes a difference, as the time since noon; negative for never.
func after(d Decision) time.Duration {
	if d.Next.IsZero() {
		return -1
	}
	return d.Next.Sub(noon)
}

func TestCauses(t *testing.T) {
	const never = time.Duration(-1)
	first := func(s Subject, inputs ...string) *Plan { return work(s, "a", inputs...).at(noon, nil) }
	made := func(s Subject, inputs ...string) []v1alpha1.Run {
		return []v1alpha1.Run{committed(first(s, inputs...), noon.Add(time.Minute))}
	}
	polled := func(s Subject) []v1alpha1.Run {
		rev := revision(first(s), noon)
		return append(made(s), unchanged(work(s, "a").at(noon.Add(20*time.Minute), rev), noon.Add(20*time.Minute), rev))
	}
	type want struct {
		cause           Cause
		next            time.Duration
		inEffect, fresh bool
	}
	none := want{CauseNone, never, true, true}
	for name, c := range map[string]struct {
		plan     *Plan
		runs     []v1alpha1.Run
		interval time.Duration
		now      time.Duration
		want     want
	}{
		"nothing yet":                         {work(resolve, "a"), nil, time.Hour, 0, want{CauseFirst, never, false, false}},
		"up to date":                          {work(resolve, "a"), made(resolve), 0, time.Hour, none},
		"up to date for a while":              {work(resolve, "a"), made(resolve), time.Hour, 59 * time.Minute, want{CauseNone, time.Hour, true, true}},
		"as old as its interval, and fresh":   {work(resolve, "a"), made(resolve), time.Hour, time.Hour, want{CauseInterval, 68 * time.Minute, true, true}},
		"older, and still within the slack":   {work(resolve, "a"), made(resolve), time.Hour, 68*time.Minute - time.Second, want{CauseInterval, 68 * time.Minute, true, true}},
		"older than the slack allows":         {work(resolve, "a"), made(resolve), time.Hour, 68 * time.Minute, want{CauseInterval, never, true, false}},
		"declaration changed":                 {work(resolve, "b"), made(resolve), time.Hour, 0, want{CauseChanged, never, false, false}},
		"input changed: in effect, not fresh": {work(resolve, "a", "crm-ingest-2"), made(resolve, "crm-ingest-1"), 0, 0, want{CauseChanged, never, true, false}},
		"another number of inputs":            {work(resolve, "a"), made(resolve, "crm-ingest-1"), 0, 0, want{CauseChanged, never, true, false}},
		"both changed":                        {work(resolve, "b", "crm-ingest-2"), made(resolve, "crm-ingest-1"), 0, 0, want{CauseChanged, never, false, false}},
		"a source without interval":           {work(ingest, "a"), made(ingest), 0, 1000 * time.Hour, none},
		"a source that was just read":         {work(ingest, "a"), made(ingest), time.Hour, 2 * time.Minute, want{CauseNone, 61 * time.Minute, true, true}},
		"a source to be looked at":            {work(ingest, "a"), made(ingest), time.Hour, 61 * time.Minute, want{CausePoll, 69 * time.Minute, true, true}},
		"a look without change counts":        {work(ingest, "a"), polled(ingest), time.Hour, 79 * time.Minute, want{CauseNone, 80 * time.Minute, true, true}},
		"the look after that":                 {work(ingest, "a"), polled(ingest), time.Hour, 80 * time.Minute, want{CausePoll, 88 * time.Minute, true, true}},
		"a changed source is read at once":    {work(ingest, "b"), polled(ingest), time.Hour, 21 * time.Minute, want{CauseChanged, never, false, false}},
		"a lake that was never cleaned":       {work(maintain, "168h"), nil, 24 * time.Hour, 0, want{CauseFirst, never, false, false}},
		"a clean lake":                        {work(maintain, "168h"), []v1alpha1.Run{unchanged(first2(maintain), noon, nil)}, 24 * time.Hour, time.Hour, want{CauseNone, 24 * time.Hour, true, true}},
		"a lake to be cleaned again":          {work(maintain, "168h"), []v1alpha1.Run{unchanged(first2(maintain), noon, nil)}, 24 * time.Hour, 24 * time.Hour, want{CauseInterval, never, true, true}},
		"another retention":                   {work(maintain, "24h"), []v1alpha1.Run{unchanged(first2(maintain), noon, nil)}, 24 * time.Hour, time.Hour, want{CauseChanged, never, false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(c.plan, c.runs, interval(c.interval), now(c.now))
			if got := (want{d.Cause, after(d), d.InEffect, d.Fresh}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if d.Failure != nil || d.Retries || d.Attempt != 1 || d.Plan.Serial != int64(len(c.runs)+1) {
				t.Errorf("nothing has failed: %+v, serial %d", d, d.Plan.Serial)
			}
		})
	}
}

func first2(s Subject) *Plan { return work(s, "168h").at(noon, nil) }

func TestBackoff(t *testing.T) {
	seconds := func(class fault.Class, attempt int32) int {
		d, again := Backoff(class, attempt)
		if !again {
			return -1
		}
		return int(d.Seconds())
	}
	for _, c := range []struct {
		class fault.Class
		want  []int // of the first, second, ... attempt
	}{
		{fault.OutOfMemory, []int{10, 20, 40, 80, 160, 320, 640, 900, 900}},
		{fault.DestinationDown, []int{10, 20, 40, 80, 160, 320, 640, 900, 900}},
		{v1alpha1.ReasonWorkerLost, []int{10, 20}},
		{"", []int{10, 20}}, // overtaken without learning anything
		{fault.SecretMissing, []int{60, 120, 240, 480, 900, 900}},
		{fault.DestinationRefused, []int{60, 120}},
		{fault.InvalidExpression, []int{-1, -1}},
		{fault.BudgetExceeded, []int{-1, -1}},
	} {
		for i, want := range c.want {
			if got := seconds(c.class, int32(i+1)); got != want {
				t.Errorf("%s, attempt %d: %d s, want %d", c.class, i+1, got, want)
			}
		}
	}
	for _, c := range fault.Classes() {
		if d, again := Backoff(c, 1<<30); again && d != lastBackoff || again != (seconds(c, 1) >= 0) {
			t.Errorf("%s: %s after many attempts", c, d)
		}
	}
}

func TestFailures(t *testing.T) {
	a, b := work(sync, "a").at(noon, nil), work(sync, "b").at(noon, nil)
	rev := revision(a, noon)
	next := func(variant string) *Plan { return work(sync, variant).at(noon, rev) }
	type want struct {
		cause            Cause
		attempt          int32
		next             time.Duration
		failure, retries bool
	}
	const never = time.Duration(-1)
	for name, c := range map[string]struct {
		runs     []v1alpha1.Run
		interval time.Duration
		now      time.Duration
		want     want
	}{
		"waits":                      {[]v1alpha1.Run{broken(a, noon, fault.DestinationDown, 1, nil)}, 0, 9 * time.Second, want{CauseNone, 1, 10 * time.Second, true, true}},
		"tries again":                {[]v1alpha1.Run{broken(a, noon, fault.DestinationDown, 1, nil)}, 0, 10 * time.Second, want{CauseRetry, 2, never, true, true}},
		"waits longer":               {[]v1alpha1.Run{broken(a, noon, fault.DestinationDown, 3, nil)}, 0, 39 * time.Second, want{CauseNone, 1, 40 * time.Second, true, true}},
		"waits no longer than this":  {[]v1alpha1.Run{broken(a, noon, fault.DestinationDown, 99, nil)}, 0, 15 * time.Minute, want{CauseRetry, 100, never, true, true}},
		"lost":                       {[]v1alpha1.Run{lost(a, noon, 1)}, 0, 10 * time.Second, want{CauseRetry, 2, never, true, true}},
		"a mistake":                  {[]v1alpha1.Run{broken(a, noon, fault.InvalidExpression, 1, nil)}, 0, 1000 * time.Hour, want{CauseNone, 1, never, true, false}},
		"mended elsewhere, waits":    {[]v1alpha1.Run{broken(a, noon, fault.SecretMissing, 1, nil)}, 0, 59 * time.Second, want{CauseNone, 1, time.Minute, true, true}},
		"mended elsewhere":           {[]v1alpha1.Run{broken(a, noon, fault.SecretMissing, 1, nil)}, 0, time.Minute, want{CauseRetry, 2, never, true, true}},
		"another plan failed":        {[]v1alpha1.Run{broken(b, noon, fault.InvalidExpression, 7, nil)}, 0, 0, want{CauseFirst, 1, never, true, false}},
		"a result there was":         {[]v1alpha1.Run{committed(b, noon), broken(work(sync, "a").at(noon, revision(b, noon)), noon, fault.OutOfMemory, 1, revision(b, noon))}, 0, time.Second, want{CauseNone, 1, 10 * time.Second, true, true}},
		"not everybody was reached":  {[]v1alpha1.Run{incomplete(broken(a, noon, fault.DestinationDown, 1, revision(a, noon)))}, time.Hour, 10 * time.Second, want{CauseRetry, 2, 68 * time.Minute, true, true}},
		"and waits before":           {[]v1alpha1.Run{incomplete(broken(a, noon, fault.DestinationDown, 1, revision(a, noon)))}, time.Hour, 9 * time.Second, want{CauseNone, 1, 10 * time.Second, true, true}},
		"some were rejected":         {[]v1alpha1.Run{broken(a, noon, fault.RecordsRejected, 1, revision(a, noon))}, time.Hour, time.Minute, want{CauseNone, 1, time.Hour, false, false}},
		"the lake learned of later":  {[]v1alpha1.Run{committed(a, noon), incomplete(overtaken(next("a"), noon, revision(work(sync, "a", "x").at(noon, rev), noon)))}, 0, 0, want{CauseChanged, 1, never, false, false}},
		"incomplete, learned":        {[]v1alpha1.Run{incomplete(overtaken(a, noon, renumbered(a, 9)))}, 0, 0, want{CauseRetry, 1, never, false, false}},
		"there and back":             {[]v1alpha1.Run{committed(a, noon), broken(next("b"), noon, fault.DestinationDown, 4, rev)}, 0, 0, want{CauseRetry, 1, never, true, false}},
		"there and back, and lost":   {[]v1alpha1.Run{committed(a, noon), lost(next("b"), noon, 1)}, 0, 0, want{CauseRetry, 1, never, true, false}},
		"there and back, by mistake": {[]v1alpha1.Run{committed(a, noon), broken(next("b"), noon, fault.InvalidExpression, 1, rev)}, 0, 0, want{CauseRetry, 1, never, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(work(sync, "a"), c.runs, interval(c.interval), now(c.now))
			if got := (want{d.Cause, d.Attempt, after(d), d.Failure != nil, d.Retries}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func incomplete(r v1alpha1.Run) v1alpha1.Run {
	return with(r, func(rev *v1alpha1.RunRevision) { rev.Incomplete = true })
}

// renumbered is the plan's revision as another manager's run made it.
func renumbered(p *Plan, serial int64) *v1alpha1.RunRevision {
	q := *p
	return revision(q.renumber(serial), noon)
}

func TestThereAndBackSendsNothingWhereNothingWasSent(t *testing.T) {
	a := work(resolve, "a").at(noon, nil)
	runs := []v1alpha1.Run{committed(a, noon), broken(work(resolve, "b").at(noon, revision(a, noon)), noon, fault.OutOfMemory, 1, revision(a, noon))}
	if d := decide(work(resolve, "a"), runs); d.Cause != CauseNone || !d.InEffect || !d.Fresh {
		t.Errorf("people were made again although they are as declared: %+v", d)
	}
}

func TestABrokenSourceIsLookedAtByItsInterval(t *testing.T) {
	a := work(ingest, "a").at(noon, nil)
	for name, runs := range map[string][]v1alpha1.Run{
		"never read": {broken(a, noon, fault.ContractViolated, 1, nil)},
		"read once":  {committed(a, noon), broken(work(ingest, "a").at(noon, revision(a, noon)), noon, fault.ContractViolated, 1, revision(a, noon))},
	} {
		if d := decide(work(ingest, "a"), runs, interval(time.Hour), now(59*time.Minute)); d.Cause != CauseNone || after(d) != time.Hour || !d.Retries {
			t.Errorf("%s, waiting: %+v", name, d)
		}
		if d := decide(work(ingest, "a"), runs, interval(time.Hour), now(time.Hour)); d.Cause != CauseRetry || d.Attempt != 2 {
			t.Errorf("%s, after the interval: %+v", name, d)
		}
		if d := decide(work(ingest, "a"), runs, now(1000*time.Hour)); d.Cause != CauseNone || d.Retries {
			t.Errorf("%s, without an interval: %+v", name, d)
		}
	}
	// A source that is down is not asked less often because its interval is long.
	down := []v1alpha1.Run{committed(a, noon), broken(work(ingest, "a").at(noon, revision(a, noon)), noon, fault.DatabaseDown, 1, revision(a, noon))}
	if d := decide(work(ingest, "a"), down, interval(24*time.Hour), now(10*time.Second)); d.Cause != CauseRetry {
		t.Errorf("a source that was down: %+v", d)
	}
}

func TestAnIncompleteResultThatNobodyCanCompleteAges(t *testing.T) {
	a := work(sync, "a").at(noon, nil)
	runs := []v1alpha1.Run{incomplete(committed(a, noon))}
	if d := decide(work(sync, "a"), runs, interval(time.Hour), now(time.Minute)); d.Cause != CauseNone || after(d) != time.Hour {
		t.Errorf("the run said that nothing is left to be done: %+v", d)
	}
	if d := decide(work(sync, "a"), runs, interval(time.Hour), now(time.Hour)); d.Cause != CauseInterval {
		t.Errorf("it is as old as its interval: %q", d.Cause)
	}
}

func TestSuperseded(t *testing.T) {
	a := work(resolve, "a").at(noon, nil)
	theirs := renumbered(a, 7)
	d := decide(work(resolve, "a"), []v1alpha1.Run{overtaken(a, noon, theirs)})
	if d.Cause != CauseNone || d.Failure != nil || !d.InEffect || d.Plan.Serial != 8 {
		t.Errorf("the lake has the very result: %+v", d)
	}
	other := renumbered(work(resolve, "z").at(noon, nil), 7)
	d = decide(work(resolve, "a"), []v1alpha1.Run{overtaken(a, noon, other)}, now(0))
	if d.Cause != CauseChanged || d.Failure != nil || d.Plan.Base != other.Run || d.Plan.Run != "people-resolve-8" || d.Attempt != 1 {
		t.Errorf("the next builds on what was learned, at once: %+v %+v", d, d.Plan)
	}
	// A source that was overtaken has not been looked at.
	i := work(ingest, "a").at(noon, nil)
	if d := decide(work(ingest, "a"), []v1alpha1.Run{overtaken(i, noon, renumbered(i, 7))}); d.Cause != CausePoll {
		t.Errorf("nobody has looked at the source: %+v", d)
	}
	// Overtaken by nothing new: it would be again.
	rev := revision(a, noon)
	again := overtaken(work(resolve, "b").at(noon, rev), noon, rev)
	if d := decide(work(resolve, "b"), []v1alpha1.Run{committed(a, noon), again}, now(9*time.Second)); d.Cause != CauseNone || d.Failure == nil || !d.Retries {
		t.Errorf("nothing was learned and no time has passed: %+v", d)
	}
	if d := decide(work(resolve, "b"), []v1alpha1.Run{committed(a, noon), again}, now(10*time.Second)); d.Cause != CauseRetry || d.Attempt != 2 {
		t.Errorf("after the wait: %+v", d)
	}
}

// A Workspace may be given another claim, or its lake be lost.
func TestALakeThatIsEmptyIsLearnedOf(t *testing.T) {
	a := work(resolve, "a").at(noon, nil)
	runs := []v1alpha1.Run{committed(a, noon), overtaken(work(resolve, "b").at(noon, revision(a, noon)), noon, nil)}
	h := Histories(runs)[resolve]
	if h.Latest != nil || h.Outputs != nil || !h.CommittedAt.IsZero() {
		t.Fatalf("the lake has nothing, the newest run says: %+v", h)
	}
	d := Decide(Situation{Plan: work(resolve, "b").at(noon, nil), History: h, Now: noon})
	if d.Cause != CauseFirst || d.Plan.Base != "" || d.Plan.Serial != 3 || d.Failure != nil {
		t.Errorf("%+v %+v", d, d.Plan)
	}
	// But a run that was based on nothing and overtaken by nothing has learned nothing.
	h = Histories([]v1alpha1.Run{overtaken(a, noon, nil)})[resolve]
	if d := Decide(Situation{Plan: work(resolve, "a").at(noon, nil), History: h, Now: noon}); d.Cause != CauseNone || !d.Retries {
		t.Errorf("%+v", d)
	}
}

func approving(name, run string) func(*Situation) {
	return func(s *Situation) { s.Approve = map[string]string{name: run} }
}

func TestApprovalOfASync(t *testing.T) {
	p := work(sync, "a", "customers-evaluate-1").at(noon, nil)
	refused := broken(p, noon, fault.BudgetExceeded, 1, nil)
	wait := func(d Decision) bool { return d.Cause == CauseNone && !d.Retries && d.Plan.Approved == nil }
	same := func() *Plan { return work(sync, "a", "customers-evaluate-1") }
	d := decide(same(), []v1alpha1.Run{refused}, approving("mail", p.Run))
	if d.Cause != CauseApproved || !reflect.DeepEqual(d.Plan.Approved, []string{"mail"}) || d.Attempt != 1 {
		t.Errorf("approved: %+v %+v", d, d.Plan)
	}
	if !d.Plan.Now.Equal(p.Now) {
		t.Errorf("another time was approved: %s", d.Plan.Now)
	}
	if d := decide(same(), []v1alpha1.Run{refused}); !wait(d) {
		t.Errorf("not approved: %+v", d)
	}
	if d := decide(same(), []v1alpha1.Run{refused}, approving("mail", "mail-sync-7")); !wait(d) {
		t.Errorf("another run was approved: %+v", d)
	}
	if d := decide(work(sync, "a", "customers-evaluate-2"), []v1alpha1.Run{refused}, approving("mail", p.Run)); d.Cause != CauseFirst || d.Plan.Approved != nil {
		t.Errorf("the approval is of older data: %+v", d)
	}
	again := same().at(noon, nil)
	again.After(1)
	approved := committed(again, noon)
	if d := decide(same(), []v1alpha1.Run{refused, approved}, approving("mail", p.Run), interval(time.Minute)); d.Cause != CauseInterval || d.Plan.Approved != nil {
		t.Errorf("the approval was used, and the next run needs one of its own: %+v", d)
	}
	if d := decide(same(), []v1alpha1.Run{refused, broken(again, noon, fault.BudgetExceeded, 1, nil)}, approving("mail", p.Run)); !wait(d) {
		t.Errorf("the newer refusal was not approved: %+v", d)
	}
}

func TestAnApprovedRunThatBreaksStaysApproved(t *testing.T) {
	same := func() *Plan { return work(sync, "a", "customers-evaluate-1") }
	p := same().at(noon, nil)
	second := same().at(noon, nil)
	second.After(1)
	runs := []v1alpha1.Run{broken(p, noon, fault.BudgetExceeded, 1, nil), lost(second, noon, 1)}
	d := decide(same(), runs, approving("mail", p.Run), now(9*time.Second))
	if d.Cause != CauseNone || !d.Retries {
		t.Errorf("an approval is no reason to hurry: %+v", d)
	}
	d = decide(same(), runs, approving("mail", p.Run), now(10*time.Second))
	if d.Cause != CauseRetry || d.Attempt != 2 || !reflect.DeepEqual(d.Plan.Approved, []string{"mail"}) || !d.Plan.Now.Equal(p.Now) {
		t.Errorf("the plan that was approved has not been carried out yet: %+v %+v", d, d.Plan)
	}
	rejected := append(runs[:1:1], broken(second, noon, fault.RecordsRejected, 1, revision(second, noon)))
	if d := decide(same(), rejected, approving("mail", p.Run), interval(time.Minute)); d.Cause != CauseInterval || d.Plan.Approved != nil {
		t.Errorf("a run that did its work used the approval: %+v %+v", d, d.Plan)
	}
}

func TestApprovalOfSegments(t *testing.T) {
	p := work(evaluate, "a").at(noon, nil)
	over := with(committed(p, noon), func(r *v1alpha1.RunRevision) {
		r.Failures = []v1alpha1.RunFailure{
			{Kind: "Segment", Name: "big", Class: string(fault.BudgetExceeded)}, {Kind: "Segment", Name: "vip", Class: string(fault.BudgetExceeded)},
			{Kind: "Segment", Name: "bad", Class: string(fault.InvalidExpression)},
		}
	})
	approve := func(s *Situation) {
		s.Approve = map[string]string{"vip": p.Run, "big": p.Run, "bad": p.Run, "fine": p.Run, "old": "people-evaluate-0"}
	}
	d := decide(work(evaluate, "a"), []v1alpha1.Run{over}, approve)
	if d.Cause != CauseApproved || !reflect.DeepEqual(d.Plan.Approved, []string{"big", "vip"}) || d.Failure != nil {
		t.Errorf("%+v %+v", d, d.Plan)
	}
	next := committed(work(evaluate, "a").at(noon, over.Status.Result.Revision), noon)
	if d := decide(work(evaluate, "a"), []v1alpha1.Run{over, next}, approve); d.Cause != CauseNone || d.Plan.Approved != nil {
		t.Errorf("there is a newer evaluation: %+v", d)
	}
}

func TestRequests(t *testing.T) {
	p := work(sync, "a").at(noon, nil)
	request := func(s *Situation) { s.Requests = []v1alpha1.RunRequest{{Kind: "Activation", Name: "mail", Value: "1"}} }
	for name, runs := range map[string][]v1alpha1.Run{
		"up to date":         {committed(p, noon)},
		"waiting to retry":   {broken(p, noon, fault.DestinationDown, 3, nil)},
		"a mistake":          {broken(p, noon, fault.InvalidExpression, 1, nil)},
		"never run":          nil,
		"people were reject": {broken(p, noon, fault.RecordsRejected, 1, revision(p, noon))},
	} {
		if d := decide(work(sync, "a"), runs, request, now(time.Second)); d.Cause != CauseRequested || d.Attempt != 1 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
