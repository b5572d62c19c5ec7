package identity

import (
	"time"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// RecordKind is what the rows of a source are.
type RecordKind string

// The kinds of rows. Only Profile records are matched and counted; the others attach to profiles by their identifiers.
const (
	Profile     RecordKind = "Profile"
	Event       RecordKind = "Event"
	Transaction RecordKind = "Transaction"
	Consent     RecordKind = "Consent"
	Override    RecordKind = "Override" // of Config.Overrides only
)

// OnIdentify is what becomes of a visitor's past when it turns out who he is.
type OnIdentify string

// The ways.
const (
	Link    OnIdentify = "Link"    // it is the person's past
	Isolate OnIdentify = "Isolate" // it stays a profile of its own
)

// AnonymousID is the kind of identifier that stands for a visitor, or a device, rather than for a person.
const AnonymousID = "anonymousId"

// Field is a declared column of a source.
type Field struct {
	Name     string // of the column and the attribute
	Semantic string // empty for none
	Type     sqlgen.Type
	// Identifier is the kind of identifier in the column: email, phone or the identifier's name; empty when it is none.
	Identifier string
	// Compare is how an attribute without a semantic takes part in probabilistic matching: Text, Exact, Date or Number; empty for not at all.
	Compare string
}

// Source is one DataSource as the space reads it.
type Source struct {
	Name       string
	RecordKind RecordKind
	Priority   int // in survivorship; 1 is trusted most
	Fields     []Field
	Revision   *lake.Revision
}

// Anonymous visitors. The zero value links them and keeps them for ever.
type Anonymous struct {
	OnIdentify OnIdentify
	// ExpiresAfter is how long after its last activity a profile without any other identifier ends; 0 is never.
	ExpiresAfter time.Duration
}

// Blocked values of one kind of identifier. Patterns are RE2 expressions, found anywhere in the value.
type Blocked struct {
	Identifier       string
	Values, Patterns []string
}

// Automatic stops a value of an identifier from counting when it occurs in Profile records with too many different values of something else.
type Automatic struct {
	Per string // the identifier
	// Distinct names what is counted: an identifier, an attribute, or the semantic of attributes. Values are compared regardless of case.
	Distinct string
	Above    int // the most different values with which the value still counts
}

// Limit on how many different values of an identifier a profile can have.
type Limit struct {
	Identifier string
	PerProfile int
	// Window: only values count that Profile records show no further apart than this; 0 is for all time. A value that some record
	// shows without a time, or that no Profile record shows, always counts.
	Window time.Duration
}

// Guards act before anything is merged.
type Guards struct {
	BlockedValues []Blocked
	// Automatic guards. Nil stands for the usual ones, as far as Profile sources have what they name; an empty list for none.
	Automatic []Automatic
	Limits    []Limit
	// Separate names what a profile can have one value of only: kinds of identifiers, or attributes of Profile records.
	Separate []string
	// MaxRecords is how many Profile records a profile can have; 0 is any number.
	MaxRecords int
}

// Strategy chooses, among the records of a profile, the one that gives the values of a group of attributes. What is
// equal by the strategy is decided by priority, then the later record, then source and key.
type Strategy string

// The strategies. A group that is not declared takes SourcePriority.
const (
	MostRecent     Strategy = "MostRecent"     // the record that was changed last
	SourcePriority Strategy = "SourcePriority" // the record of the source trusted most
	MostFrequent   Strategy = "MostFrequent"   // the values that most records have
	Longest        Strategy = "Longest"        // the longest text
	First          Strategy = "First"          // the record that was changed first; one without a time comes after all that have one
	Minimum        Strategy = "Minimum"        // the smallest value of the group's first attribute by its type, text by its code points
	Maximum        Strategy = "Maximum"        // the largest
)

// Survivorship of a group of attributes, which move together: all of them come from one record.
type Survivorship struct {
	Attributes []string
	Strategy   Strategy
	// VerifiedBy is a boolean attribute: where it is true in some of the records, only those take part. Empty for none.
	VerifiedBy string
	// List is how many different values of the group's one attribute are kept in profile_values, best first; 0 for none.
	List int
}

// Class is a set of purposes that may read the same sources.
type Class struct {
	Name              string
	Purposes, Sources []string
}

// Matching by probability. The zero value lets everything follow from the semantics and the data.
type Matching struct {
	Declaration linkage.Declaration
	// Threshold is the least mean weight of the pairs between two profiles that are joined, in bits.
	Threshold float64
	// Version of the model that is pinned; 0 for none.
	Version int
	// Import is a model that is pinned, as JSON, and From where it is from; nil for none.
	Import []byte
	From   string
}

// Config is one run of one IdentityRule.
type Config struct {
	Plan    lake.Plan // Subject is the rule's name and the schema of its relations, Now the clock
	Sources []Source
	// Deterministic rules, strongest first. Each names at least one kind of identifier, and maybe attributes of Profile
	// records: records that agree in all of them are one person. Attributes agree regardless of upper and lower case.
	Deterministic [][]string
	// Probabilistic matching, after the deterministic rules; nil for none.
	Probabilistic *Matching
	// Overrides are decisions of people about which records are one person, and which are not; nil for none.
	Overrides    *Source
	Anonymous    Anonymous
	Guards       Guards
	Survivorship []Survivorship
	Classes      []Class
	// MaxChangePercent of the people of the base who may change in this run (see Churn); 0 is no limit.
	MaxChangePercent int
	// Labels is the source, of kind Label, by which the people are judged and never made; nil for none.
	Labels *Source
}
