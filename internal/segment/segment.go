// Package segment evaluates the Traits and Segments of one identity space: it attaches events and transactions to profiles, computes
// for each set of sources that purposes permit what the expressions say, in the order in which they need each other,
// and writes traits, segment_members and segment_log. One scan of each list serves all expressions; nested Segments read
// the membership that was just computed for the same purpose.
//
//	segment.go, run.go   the declaration and the course of a run
//	attach.go            which profile an event belongs to
//	level.go             the expressions of one level, for one class of purposes
//	budget.go            Segments that would change too much
//	members.go           membership and log; traits.go: the traits
//
// What does not live here: the language (segment/lang), when a run is due (plan), and committing (the caller).
package segment

import (
	"slices"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Everything is the purpose of what can only take people out.
const Everything = "*"

// Env is what a run works with.
type Env struct {
	Lake     *lake.Lake
	DB       *engine.DB
	Progress Progress // may be nil
}

// Progress is told how much of the work is done.
type Progress func(done, total int64, unit string)

// Config is one evaluation.
type Config struct {
	Rule     string // the IdentityRule, whose schema holds the tables
	Now      time.Time
	TimeZone string // of the Workspace; empty is UTC
	// Run is the name of this run, for segment_log.
	Run string
	// Identity is the revision of the people.
	Identity *lake.Revision
	// Sources of events and transactions; others are left aside.
	Sources []Source
	Classes []Class
	// IdentifierOrder are the kinds of identifiers, strongest first.
	IdentifierOrder []string
	Traits          []Trait
	Segments        []Segment
}

// Source is a DataSource that the people were made from.
type Source struct {
	Name       string
	RecordKind string // Event and Transaction count here
	Attributes []Attribute
	Revision   *lake.Revision
}

// Attribute is a column of a source.
type Attribute struct {
	Name string
	Type sqlgen.Type
	// Identifier is the kind of identifier that the column holds, else empty.
	Identifier string
}

// Class is a set of purposes that may use the same sources.
type Class struct {
	Name     string
	Purposes []string
	Sources  []string
}

// Trait is a computed attribute.
type Trait struct{ Name, Attribute, Expression string }

// Segment is a condition.
type Segment struct {
	Name, Where string
	// Rank orders the members; nil leaves them unordered.
	Rank *Rank
	// Purposes it is evaluated for; those of the Segments and Traits that need it are added.
	Purposes []string
	// Due is false for one whose last result is to be kept.
	Due bool
	// MaxChangePercent of its members who may enter and leave, for each purpose; one that would change more keeps its last
	// result. 0 is no limit.
	MaxChangePercent int64
}

// Rank orders the members of a Segment, those without a value last.
type Rank struct {
	By         string
	Descending bool
	Limit      *int64 // keeps this many members
}

// Failure is a Trait or Segment that was left out. What it was before is kept.
type Failure struct {
	Kind, Name string
	Err        error
}

// Result is what an evaluation did.
type Result struct {
	// Members has a line for each Segment and purpose that was evaluated or kept. One that failed and never had a result has none:
	// that is not the same as having no members.
	Members []Count
	// Traits has a line for each Trait and class, with the profiles that have a value.
	Traits []Count
	// Errors are the Traits and Segments that could not be evaluated.
	Errors []Failure
}

// Count is the size of a result. For names this is the Purpose of a Segment, the class of a Trait.
type Count struct {
	Name, Purpose        string
	Rows, Added, Removed int64
}

func outputName(segment, purpose string) string { return "segment/" + segment + "/" + purpose }

// Outputs are the counts as a revision reports them: a Segment is segment/<name>/<purpose>, a Trait trait/<name>/<class>. The next run
// reads from them which results there are: commit the revision with them.
func (r Result) Outputs() []lake.Output {
	var out []lake.Output
	for _, m := range r.Members {
		out = append(out, lake.Output{Name: outputName(m.Name, m.Purpose), Rows: m.Rows, Added: m.Added, Removed: m.Removed})
	}
	for _, t := range r.Traits {
		out = append(out, lake.Output{Name: "trait/" + t.Name + "/" + t.Purpose, Rows: t.Rows})
	}
	return out
}

// Tables of the rule that an evaluation writes.
func (c Config) traits() lake.Table  { return lake.Table{Schema: c.Rule, Name: "traits"} }
func (c Config) members() lake.Table { return lake.Table{Schema: c.Rule, Name: "segment_members"} }
func (c Config) log() lake.Table     { return lake.Table{Schema: c.Rule, Name: "segment_log"} }

// Tables of the rule that an evaluation reads.
func (c Config) profiles() lake.Table    { return lake.Table{Schema: c.Rule, Name: "profiles"} }
func (c Config) identifiers() lake.Table { return lake.Table{Schema: c.Rule, Name: "identifiers"} }

// permits says whether the class may use a source.
func (c Class) permits(source string) bool { return slices.Contains(c.Sources, source) }

var memberColumns = []lake.Column{
	{Name: "segment", Type: sqlgen.String}, {Name: "purpose", Type: sqlgen.String}, {Name: "profile_id", Type: sqlgen.String},
	{Name: "entered_at", Type: sqlgen.Timestamp}, {Name: "rank", Type: sqlgen.Integer},
}

var logColumns = []lake.Column{
	{Name: "run", Type: sqlgen.String}, {Name: "at", Type: sqlgen.Timestamp}, {Name: "segment", Type: sqlgen.String},
	{Name: "purpose", Type: sqlgen.String}, {Name: "profile_id", Type: sqlgen.String}, {Name: "event", Type: sqlgen.String},
}
