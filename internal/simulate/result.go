package simulate

import (
	"slices"
	"time"

	"github.com/kith-dev/kith/internal/local"
)

// Result is what would change, by IdentityRule.
type Result struct {
	Rules []Rule `json:"rules"`
}

// Rule is what would become of one space. It has counts, names of objects and attributes, and profile ids where examples were asked for; never a
// value of a person.
type Rule struct {
	Name string    `json:"name"`
	Now  time.Time `json:"now"` // the time that counted as now
	// Base is the revision of people that all is compared with; empty where there is none, and all is new.
	Base string `json:"base,omitempty"`
	// NewerSources have rows that the base was made without: what they change is counted too.
	NewerSources []string `json:"newerSources,omitempty"`

	People   Profiles `json:"people"`   // who are known
	Visitors Profiles `json:"visitors"` // who are known by an anonymousId only
	Change   Change   `json:"change"`
	Records  Records  `json:"records"`
	// Values are the surviving values that change, of profiles that stay.
	Values      []Value      `json:"values"`
	Segments    []Segment    `json:"segments"`
	Activations []Activation `json:"activations"`
	// Examples of what happens to profile ids.
	Examples []Example `json:"examples,omitempty"`
	// Problems of Traits and Segments that can't be evaluated.
	Problems []local.Problem `json:"problems,omitempty"`
}

// Profiles are how many there are, and how many ids begin and end.
type Profiles struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	Begin  int64 `json:"begin"`
	End    int64 `json:"end"`
}

// Change of the people that there were, as the budget of the rule counts them.
type Change struct {
	People           int64   `json:"people"`
	Percent          float64 `json:"percent"`
	Merges           int64   `json:"merges"`
	Splits           int64   `json:"splits"`
	Moves            int64   `json:"moves"`
	Retired          int64   `json:"retired"`
	MaxChangePercent int32   `json:"maxChangePercent,omitempty"` // 0 is no budget
	OverBudget       bool    `json:"overBudget"`
}

// Records are Profile records: those that belong to another profile id, and those that only one of the two revisions has.
type Records struct {
	Moved int64 `json:"moved"`
	Added int64 `json:"added"`
	Gone  int64 `json:"gone"`
}

// Value is an attribute, and for how many profiles another value survives.
type Value struct {
	Attribute string `json:"attribute"`
	Profiles  int64  `json:"profiles"`
}

// Segment for one purpose. Members are counted by profile id: one whose profile is merged into another leaves.
type Segment struct {
	Name       string `json:"name"`
	Purpose    string `json:"purpose"`
	Before     int64  `json:"before"`
	Entering   int64  `json:"entering"`
	Leaving    int64  `json:"leaving"`
	After      int64  `json:"after"`
	OverBudget bool   `json:"overBudget"`
}

// Activation is what its next run would do at the destination.
type Activation struct {
	Name       string `json:"name"`
	Audience   int64  `json:"audience"`
	Eligible   int64  `json:"eligible"`
	Before     int64  `json:"before"` // people at the destination
	Added      int64  `json:"added"`
	Updated    int64  `json:"updated"`
	Removed    int64  `json:"removed"`
	After      int64  `json:"after"`
	OverBudget bool   `json:"overBudget"`
	Refusal    string `json:"refusal,omitempty"` // what a run that goes over the budget would say
	// Problem is why it can't be told; the counts are 0 then.
	Problem *local.Problem `json:"problem,omitempty"`
}

// Example of an event of lineage. An id is empty where the event has none.
type Example struct {
	Event string `json:"event"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// Changes says whether anything would be another one than before.
func (r Rule) Changes() bool {
	return r.Records != Records{} || len(r.Values) > 0 || r.Change.People > 0 ||
		r.People.Begin+r.People.End+r.Visitors.Begin+r.Visitors.End > 0 ||
		slices.ContainsFunc(r.Segments, func(s Segment) bool { return s.Entering+s.Leaving > 0 }) ||
		slices.ContainsFunc(r.Activations, func(a Activation) bool { return a.Added+a.Updated+a.Removed > 0 })
}

// OverBudget says whether some run would wait for an approval.
func (r Rule) OverBudget() bool {
	return r.Change.OverBudget || slices.ContainsFunc(r.Segments, func(s Segment) bool { return s.OverBudget }) ||
		slices.ContainsFunc(r.Activations, func(a Activation) bool { return a.OverBudget })
}

// Failures are the problems of the rule and its Activations.
func (r Rule) Failures() []local.Problem {
	out := slices.Clone(r.Problems)
	for _, a := range r.Activations {
		if a.Problem != nil {
			out = append(out, *a.Problem)
		}
	}
	return out
}

// Changes says whether anything would change in some space.
func (r Result) Changes() bool { return slices.ContainsFunc(r.Rules, Rule.Changes) }

// OverBudget says whether some run would wait for an approval.
func (r Result) OverBudget() bool { return slices.ContainsFunc(r.Rules, Rule.OverBudget) }
