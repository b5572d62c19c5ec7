package examples

import "testing"

// TestStory runs the story of the README at its full size, and every figure and person of it is compared with the generator's truth.
func TestStory(t *testing.T) {
	w := newTenant(t, 20000, 9000)
	retail := w.retail()
	if o := w.run(dayOne); !o.Changed {
		t.Fatal("the first run changed nothing")
	}
	retail.Compare(1)
	for reason, want := range map[string]int{"Eligible": 720, "Excluded": 40} {
		if got := retail.Count(`SELECT count(*) FROM activation."early-access-email" WHERE reason = '` + reason + `'`); got != want {
			t.Errorf("%s: %d people, the story has %d", reason, got, want)
		}
	}
	if got := retail.Count(`SELECT count(*) FROM activation."early-access-email" WHERE reason LIKE 'Consent%'`); got != 240 {
		t.Errorf("no consent: %d people, the story has 240", got)
	}

	before := w.receiver.State()
	if o := w.run(dayOne); o.Changed {
		t.Errorf("the second run changed something: %+v", o.Steps)
	}
	if after := w.receiver.State(); after.Requests != before.Requests {
		t.Errorf("the second run sent %d requests", after.Requests-before.Requests)
	}

	w.generate(2)
	w.run(dayTwo)
	retail.Compare(2)
	after := w.receiver.State()
	entered, left := after.Upserted-before.Upserted, after.Removed-before.Removed
	if entered != 42 || left != 41 || len(after.Members) != 721 {
		t.Errorf("day two: %d entered, %d left, %d remain; the story has 42, 41 and 721", entered, left, len(after.Members))
	}
	if got := retail.Count(`SELECT count(*) FROM activation."early-access-email" WHERE outcome = 'Removed' AND reason = 'ConsentWithdrawn'`); got != 35 {
		t.Errorf("%d left because they withdrew consent, the story has 35", got)
	}
	if got := retail.Count(`SELECT count(*) FROM activation."early-access-email" WHERE outcome = 'Removed' AND reason = 'LeftAudience'`); got != 6 {
		t.Errorf("%d left because they returned what they bought, the story has 6", got)
	}
}
