// Package sqlgen makes SQL. Scalar expressions are a small tree (expr.go) that a Dialect renders, so that the compiler
// of segments and the clauses built from a user's declarations stay independent of an engine; statements are templates with named,
// typed holes (Format), so that what a statement does can be read where it is used while identifiers are always quoted
// and values always rendered by type.
//
// What does not live here: running SQL (engine) and what the queries mean (identity, segment, activation).
package sqlgen

import (
	"regexp"
	"strings"
)

// Query is SQL text made by this package.
type Query string

// Ident is a name to be quoted, qualified where it has dots between its parts: build it with Name.
type Ident struct{ parts []string }

// Name is a possibly qualified identifier: Name("source", "crm") renders as "source"."crm".
func Name(parts ...string) Ident { return Ident{parts: parts} }

// Args fill the holes of a template. An Ident, []Ident, Expr, []Expr, Query or []Query is rendered as what it is, lists separated by
// commas; anything else is rendered as a literal of its Go type.
type Args map[string]any

var hole = regexp.MustCompile(`\{[a-zA-Z_][a-zA-Z0-9_]*\}`)

// Format fills each {hole} of a template for DuckDB. A hole without an argument is left as it stands, which no engine parses.
func Format(template string, args Args) Query {
	return Query(hole.ReplaceAllStringFunc(template, func(h string) string {
		v, ok := args[h[1:len(h)-1]]
		if !ok {
			return h
		}
		return fill(DuckDB, v)
	}))
}

func fill(d Dialect, v any) string {
	switch x := v.(type) {
	case Query:
		return string(x)
	case []Query:
		return join(x, func(q Query) string { return string(q) })
	case Ident:
		return d.Ident(x)
	case []Ident:
		return join(x, d.Ident)
	case Expr:
		return Render(d, x)
	case []Expr:
		return join(x, func(e Expr) string { return Render(d, e) })
	default:
		return d.Literal(v)
	}
}

func join[T any](xs []T, f func(T) string) string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = f(x)
	}
	return strings.Join(out, ", ")
}

// Names makes one unqualified identifier of each name.
func Names(names ...string) []Ident {
	out := make([]Ident, len(names))
	for i, n := range names {
		out[i] = Name(n)
	}
	return out
}

// UnionAll stacks queries that have the same columns.
func UnionAll(queries ...Query) Query {
	parts := make([]string, len(queries))
	for i, q := range queries {
		parts[i] = "(" + string(q) + ")"
	}
	return Query(strings.Join(parts, "\nUNION ALL\n"))
}

// Lines puts parts of a statement one after the other.
func Lines(parts ...Query) Query {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return Query(strings.Join(out, "\n"))
}
