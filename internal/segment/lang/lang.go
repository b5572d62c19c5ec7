// Package lang is the language of Segments, Traits and Activation fields: CEL, type-checked against the schema of an identity
// space and compiled to SQL expressions. It is pure and free of cgo, so that the manager checks with the very code that a worker
// evaluates with: what compiles runs.
//
// Meaning, where SQL, CEL and common sense differ:
//
//   - Missing is missing. An operator, comparison or function of a missing value is missing (for a condition: unknown); && and ||
//     are three-valued; a ternary with an unknown condition is missing. has(x.f) and orElse(x, default) are never unknown.
//   - filter keeps the elements for which its condition is true. exists is true if its condition is true for at least one element,
//     all if it is true for every element; both are else false, never unknown.
//   - sum, avg, min and max are missing if one of their terms is; the sum of nothing is 0, the others of nothing are
//     missing. latest is the element with the greatest time (ties: by source, then by key), or its value; elements without a time are passed over.
//   - decimal is decimal(18,4). Beside a decimal an integer is exact, and so is a double constant with at most four decimals; any other
//     double makes the calculation one of doubles, rounded back to four decimals. `/` and avg of integers and decimals are decimal, with
//     fifteen significant digits. What does not fit its type, and division by zero, is missing; only doubles can be infinite.
//   - percentile(x) is the percent rank of the profile's x, (rank-1)/(n-1), among the n known profiles that have one, 1.0 if
//     it is the only one; ties share the lowest rank; for everyone else it is missing.
//   - days(n) is n times 24 hours. Time accessors, date(t) and timestamp(d) use the Workspace's time zone.
//
// What does not live here: reading tables, attaching events to profiles and the order of evaluation (segment).
package lang

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones are checked where the machine may have no list of them

	"cel.dev/cel-go/cel"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Attr is a field of a profile, event or transaction.
type Attr struct {
	Name string
	Type sqlgen.Type
	// Conflict, if not empty, says why the attribute can't be used, such as "it is decimal in shop and string in web".
	Conflict string
}

// Schema is what expressions of one identity space can name. Elements of Events and Transactions have `source` and `time` besides,
// events `name`, and profiles `known`.
type Schema struct {
	Profile, Events, Transactions []Attr
	Segments                      []string
}

// Options are what expressions are compiled for.
type Options struct {
	// Now is the value of `now`.
	Now time.Time
	// TimeZone is the IANA name of the Workspace's time zone; empty is UTC.
	TimeZone string
	// Rank declares the variable `rank`: the person's place in a ranked Segment.
	Rank bool
}

// Compiler checks and compiles expressions of one schema. It is not safe for concurrent use.
type Compiler struct {
	env    *cel.Env
	types  *provider
	schema Schema
	now    time.Time
	zone   *time.Location
}

// Compiled is an expression as SQL. Its columns are: Col("p", attribute) of the profile, Col("p", "known") and Col("p", "rank");
// Col("p", SegmentColumn(name)), a boolean that is never missing; Col(Aggregate.From(), Aggregate.Name), missing for a profile without
// elements; Col("w", Window.Name).
type Compiled struct {
	Type       sqlgen.Type
	Value      sqlgen.Expr
	Aggregates []Aggregate
	Windows    []Window
	// Profile are the attributes that the expression names, Segments those of its inSegment, both sorted.
	Profile, Segments []string
	// Elements are the columns of each list that its Aggregates read, sorted: attributes, or ElementSource and the like.
	Elements map[List][]string
}

// SegmentColumn is the column of p that says whether the profile is in a Segment. No attribute can have such a name in an expression.
func SegmentColumn(name string) string { return "@in " + name }

// List is a list of a profile's elements.
type List string

// The lists.
const (
	Events       List = "events"
	Transactions List = "transactions"
)

// Columns of an element that are not among its attributes. No attribute can have such a name in an expression.
const (
	ElementSource = "@source" // the name of its DataSource, never missing
	ElementTime   = "@time"   // when it happened
	ElementKey    = "@key"    // what identifies it in its source, never missing
)

// Aggregate is computed once per profile over its elements: Value over Col("e", column), and over columns of p
// where it is Correlated. Equal Aggregates of several expressions have equal names.
type Aggregate struct {
	List       List
	Name       string
	Value      sqlgen.Expr
	Correlated bool
}

// From is the relation that holds the aggregates of a list, those that are correlated apart.
func (a Aggregate) From() string {
	if a.Correlated {
		return string(a.List) + "_p"
	}
	return string(a.List)
}

// Window is the percent rank of Value, over columns of p and of aggregates, among the known profiles that have one.
type Window struct {
	Name  string
	Value sqlgen.Expr
}

// New makes a Compiler. An unknown time zone is InvalidManifest.
func New(s Schema, o Options) (*Compiler, error) {
	zone, err := location(o.TimeZone)
	if err != nil {
		return nil, err
	}
	base, err := baseEnv()
	if err != nil {
		return nil, err
	}
	types := newProvider(s, o.Rank)
	vars := []cel.EnvOption{
		cel.CustomTypeProvider(types), cel.Variable("profile", profileType), cel.Variable("events", cel.ListType(eventType)),
		cel.Variable("transactions", cel.ListType(transactionType)), cel.Variable("now", cel.TimestampType),
	}
	if o.Rank {
		vars = append(vars, cel.Variable("rank", cel.IntType))
	}
	env, err := base.Extend(vars...)
	if err != nil {
		return nil, fault.New(fault.Internal, "declare the expression language: %w", err)
	}
	return &Compiler{env: env, types: types, schema: s, now: o.Now.UTC().Truncate(time.Microsecond), zone: zone}, nil
}

// location takes names that mean the same on every machine and in the engine.
func location(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	foreign := slices.Contains([]string{"Local", "localtime", "posixrules"}, name) || strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/")
	if err != nil || foreign {
		return nil, fault.New(fault.InvalidManifest, "%q is not a time zone; give an IANA name such as Asia/Seoul", name)
	}
	return zone, nil
}

// Condition compiles an expression that must be boolean. Errors are InvalidExpression with "line:column: message", or
// ReferenceNotFound where inSegment names no Segment.
func (c *Compiler) Condition(expr string) (*Compiled, error) {
	out, err := c.compile(expr)
	if err != nil {
		return nil, err
	}
	if out.Type != sqlgen.Boolean {
		return nil, fault.New(fault.InvalidExpression, "1:1: the condition is %s; it has to be boolean, such as a comparison", article(string(out.Type)))
	}
	return out, nil
}

// Value compiles an expression whose type a column can have: any but a duration, a list or an element.
func (c *Compiler) Value(expr string) (*Compiled, error) { return c.compile(expr) }

// CompileProfile compiles an expression over one profile's attributes (and rank, with Options.Rank), as the fields of an Activation
// are: no lists, no inSegment, no percentile. The result refers to Col("p", attribute), Col("p", "known") and Col("p", "rank").
func CompileProfile(s Schema, expr string, o Options) (sqlgen.Expr, sqlgen.Type, error) {
	c, err := New(s, o)
	if err != nil {
		return nil, "", err
	}
	out, err := c.compile(expr)
	if err != nil {
		return nil, "", err
	}
	if len(out.Aggregates)+len(out.Windows)+len(out.Segments) > 0 {
		return nil, "", fault.New(fault.InvalidExpression,
			"1:1: only profile, now and rank can be used here; put events, transactions, inSegment and percentile into a Trait and name its attribute")
	}
	return out.Value, out.Type, nil
}
