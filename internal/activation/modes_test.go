package activation_test

import (
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/fault"
)

// pairWorld has two people at the receiver already.
func pairWorld(t *testing.T, mode activation.Mode) (*world, *receiver) {
	w := newWorld(t)
	w.people = map[string]*human{
		"a": {email: "a@x", name: "Ann", segments: []string{"vip"}, consent: granted()},
		"b": {email: "b@x", name: "Bob", segments: []string{"vip"}, consent: granted()},
	}
	w.settle()
	r := newReceiver(t)
	if res := w.run(mode, r.destination()); res.Added != 2 {
		t.Fatalf("%+v", res)
	}
	return w, r
}

const (
	ann = `{"email":"a@x","name":"Ann"}`
	bob = `{"email":"b@x","name":"Bob"}`
)

func TestChangedKeyIsRemovalAndAddition(t *testing.T) {
	t.Parallel()
	for _, mode := range []activation.Mode{activation.Mirror, activation.UpsertOnly} {
		w, r := pairWorld(t, mode)
		w.people["a"].email = "ann@x"
		w.settle()
		res := w.run(mode, r.destination())
		r.holds(t, map[string]string{"ann@x": `{"email":"ann@x","name":"Ann"}`, "b@x": bob})
		if res.Added != 1 || res.Removed != 1 || res.Audience != 2 || res.Reasons["Eligible"] != 2 {
			t.Errorf("%s: %+v", mode, res)
		}
		rowsAre(t, w.ledgerRows(), "a a@x Removed KeyChanged ", "a ann@x Sent Eligible ", "b b@x Sent Eligible ")
	}
}

func TestMergeSendsNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []activation.Mode{activation.Mirror, activation.UpsertOnly, activation.Append} {
		w, r := pairWorld(t, mode)
		// a was merged into m and m into z; b is gone without a trace and its record has a new profile.
		w.people["z"], w.people["y"] = w.people["a"], w.people["b"]
		delete(w.people, "a")
		delete(w.people, "b")
		w.merges = [][2]string{{"a", "m"}, {"m", "z"}}
		w.settle()
		before := len(r.requests)
		res := w.run(mode, r.destination())
		if len(r.requests) != before || res.Unchanged != 2 {
			t.Errorf("%s: %d requests more, %+v", mode, len(r.requests)-before, res)
		}
		rowsAre(t, w.ledgerRows(), "y b@x Sent Eligible ", "z a@x Sent Eligible ")
	}
}

// TestExclusionFollowsMerge keeps somebody out whose excluded half was merged away after the evaluation.
func TestExclusionFollowsMerge(t *testing.T) {
	t.Parallel()
	w, r := pairWorld(t, activation.Mirror)
	w.people["gone"] = &human{excluded: []string{"staff"}}
	w.settle()
	evaluated := w.rev["Evaluate"]
	delete(w.people, "gone")
	w.merges = [][2]string{{"gone", "a"}}
	w.settle()
	w.rev["Evaluate"] = evaluated
	w.run(activation.Mirror, r.destination())
	r.holds(t, map[string]string{"b@x": bob})
}

func TestKeyThatMovesToAnotherPerson(t *testing.T) {
	t.Parallel()
	w, r := pairWorld(t, activation.Mirror)
	w.people["a"].consent = withdrawn()
	w.people["c"] = &human{email: "a@x", name: "Cy", segments: []string{"vip"}, consent: granted()}
	w.settle()
	w.run(activation.Mirror, r.destination())
	r.holds(t, map[string]string{"a@x": `{"email":"a@x","name":"Cy"}`, "b@x": bob})
	rowsAre(t, w.ledgerRows(), "a - Withheld ConsentWithdrawn ", "b b@x Sent Eligible ", "c a@x Sent Eligible ")
}

func TestUpsertTakesOutOnlyRefusals(t *testing.T) {
	t.Parallel()
	w, r := pairWorld(t, activation.UpsertOnly)
	w.people["a"].segments = nil
	w.people["b"].name = "Rob"
	w.settle()
	w.run(activation.UpsertOnly, r.destination())
	rob := `{"email":"b@x","name":"Rob"}`
	r.holds(t, map[string]string{"a@x": ann, "b@x": rob})
	rowsAre(t, w.ledgerRows(), "a a@x Sent LeftAudience ", "b b@x Sent Eligible ")
	w.people["b"].email = ""
	w.settle()
	w.run(activation.UpsertOnly, r.destination())
	r.holds(t, map[string]string{"a@x": ann, "b@x": rob})
	rowsAre(t, w.ledgerRows(), "a a@x Sent LeftAudience ", "b b@x Sent KeyMissing ")
	w.people["a"].consent = withdrawn() // after leaving the audience
	w.people["b"].excluded = []string{"staff"}
	w.settle()
	res := w.run(activation.UpsertOnly, r.destination())
	r.holds(t, map[string]string{})
	rowsAre(t, w.ledgerRows(), "a a@x Removed LeftAudience ConsentWithdrawn", "b b@x Removed Excluded staff")
	if res.Removed != 2 || res.Audience != 1 {
		t.Errorf("%+v", res)
	}
	w.run(activation.UpsertOnly, r.destination())
	rowsAre(t, w.ledgerRows(), "b - Withheld Excluded staff")
}

func TestAppendSendsOnce(t *testing.T) {
	t.Parallel()
	w, r := pairWorld(t, activation.Append)
	w.people["a"].name, w.people["b"].segments = "Anna", nil
	w.people["c"] = &human{email: "c@x", segments: []string{"vip"}, consent: granted()}
	w.settle()
	res := w.run(activation.Append, r.destination())
	r.holds(t, map[string]string{"a@x": ann, "b@x": bob, "c@x": `{"email":"c@x","name":""}`})
	if res.Added != 1 || res.Updated+res.Removed != 0 {
		t.Errorf("%+v", res)
	}
	w.people["a"].consent = withdrawn()
	w.people["b"].segments = []string{"vip"}
	w.people["c"].email = "c2@x"
	w.settle()
	w.run(activation.Append, r.destination())
	rowsAre(t, w.ledgerRows(), "a a@x Sent ConsentWithdrawn ", "b b@x Sent Eligible ", "c c2@x Sent Eligible ", "c c@x Sent KeyChanged ")
	for key, n := range r.sends {
		if n != 1 {
			t.Errorf("%s was sent %d times", key, n)
		}
	}
}

func TestAudienceThatIsNotKnown(t *testing.T) {
	t.Parallel()
	w, r := pairWorld(t, activation.Mirror)
	for _, missing := range []string{"segment/new/marketing", "segment/staff/*"} {
		w.missing = missing
		w.settle()
		_, err := activation.Run(w.ctx, w.env(), w.config(activation.Mirror), r.destination())
		if !fault.Is(err, fault.ReferenceNotFound) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	w.missing = ""
	w.settle()
	c := w.config(activation.Mirror)
	c.Class = "none"
	if _, err := activation.Run(w.ctx, w.env(), c, r.destination()); !fault.Is(err, fault.ReferenceNotFound) {
		t.Errorf("without profiles of the class: %v", err)
	}
	c = w.config(activation.Mirror)
	c.Fields[1].Expr = activationColumn("nickname")
	if _, err := activation.Run(w.ctx, w.env(), c, r.destination()); !fault.Is(err, fault.ReferenceNotFound) {
		t.Errorf("without an attribute that a field names: %v", err)
	}
	r.holds(t, map[string]string{"a@x": ann, "b@x": bob})
}
