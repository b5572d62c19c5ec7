package lang

import (
	"fmt"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func TestOrder(t *testing.T) {
	levels, failed := Order(map[string][]string{
		"d": {"b", "c"}, "c": {"a"}, "b": {"a", "elsewhere"}, "a": nil, "x": {"y"}, "y": {"z"}, "z": {"x", "a"}, "self": {"self"}, "on-x": {"x", "d"},
	})
	if got := fmt.Sprint(levels); got != "[[a] [b c] [d]]" {
		t.Error(got)
	}
	for n, want := range map[string]string{
		"x": "these need each other: x -> y -> z -> x; break the circle", "z": "these need each other: z -> x -> y -> z; break the circle",
		"self": "these need each other: self -> self; break the circle", "on-x": "on-x can't be computed, because what it needs stands in a circle",
	} {
		if err := failed[n]; !fault.Is(err, fault.CyclicReference) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", n, err, want)
		}
	}
	if len(failed) != 5 {
		t.Errorf("got %v", failed)
	}
}

func TestAnalyse(t *testing.T) {
	s := SchemaOf([]Source{
		{Name: "crm", Kind: "Profile", Attrs: []Attr{{Name: "age", Type: sqlgen.Integer}, {Name: "tier", Type: sqlgen.String}}},
		{Name: "loyalty", Kind: "Profile", Attrs: []Attr{{Name: "age", Type: sqlgen.Integer}, {Name: "tier", Type: sqlgen.Integer}}},
		{Name: "shop", Kind: "Transaction", Attrs: []Attr{{Name: "amount", Type: sqlgen.Decimal}}},
		{Name: "consents", Kind: "Consent", Attrs: []Attr{{Name: "status", Type: sqlgen.String}}},
	}, nil)
	traits := []Trait{{"spend", "spend", "transactions.sum(t, t.amount)"}, {"share", "share", "percentile(profile.spend)"}, {"of-tier", "ofTier", "profile.tier + 'x'"},
		{"on-tier", "onTier", "profile.ofTier"}, {"clash", "AGE", "1"}, {"again", "Spend", "2"}, {"elite", "elite", `inSegment("top")`}}
	segments := []Segment{{"top", "profile.share > 0.9", "profile.spend"}, {"rest", `!inSegment("top") && !profile.elite`, ""}, {"odd", "profile.spend", ""}, {"on-odd", `inSegment("odd")`, ""},
		{"no-order", "true", "profile.elite"}}
	space, err := Analyse(s, Options{Now: now}, traits, segments)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for i, level := range space.Levels {
		for _, item := range level {
			order = append(order, fmt.Sprint(i, " ", Key(item.Kind, item.Name)))
		}
	}
	if got := fmt.Sprint(order); got != "[0 Trait spend 1 Trait share 2 Segment top 3 Trait elite 4 Segment rest]" {
		t.Error(got)
	}
	for key, want := range map[string]fault.Class{
		"Trait of-tier": fault.InvalidExpression, "Trait on-tier": fault.InvalidExpression, "Trait clash": fault.InvalidManifest, "Trait again": fault.InvalidManifest,
		"Segment odd": fault.InvalidExpression, "Segment on-odd": fault.InvalidExpression, "Segment no-order": fault.InvalidExpression,
	} {
		if err := space.Failed[key]; !fault.Is(err, want) {
			t.Errorf("%s: got %v, want class %s", key, err, want)
		}
	}
	if len(space.Failed) != 7 {
		t.Errorf("got %v", space.Failed)
	}
	if err := space.Failed["Segment on-odd"]; err.Error() != "it needs Segment odd, which can't be computed" {
		t.Error(err)
	}
}

func TestUnionOfDifferentTypes(t *testing.T) {
	s := SchemaOf([]Source{{Name: "a", Kind: "Event", Attrs: []Attr{{Name: "x", Type: sqlgen.Integer}}}, {Name: "b", Kind: "Event", Attrs: []Attr{{Name: "x", Type: sqlgen.String}}}}, nil)
	c, err := New(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Condition("events.exists(e, e.x == 1)"); err == nil || err.Error() != "1:19: x can't be used: it is an integer in one source and a string in b; give one of them another name" {
		t.Error(err)
	}
	if _, err := c.Condition("events.exists(e, e.name == 'a')"); err != nil {
		t.Error(err)
	}
}
