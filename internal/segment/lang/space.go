package lang

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/kith-dev/kith/internal/fault"
)

// Source is a DataSource as expressions see it.
type Source struct {
	Name string
	// Kind is the kind of its records; only Profile, Event and Transaction have fields in expressions.
	Kind  string
	Attrs []Attr
}

// SchemaOf is the schema of an identity space with these sources and Segments; Traits add themselves in Analyse.
func SchemaOf(sources []Source, segments []string) Schema {
	out := Schema{Segments: segments}
	for _, s := range sources {
		switch s.Kind {
		case "Profile":
			out.Profile = Union(out.Profile, s.Name, s.Attrs)
		case "Event":
			out.Events = Union(out.Events, s.Name, s.Attrs)
		case "Transaction":
			out.Transactions = Union(out.Transactions, s.Name, s.Attrs)
		}
	}
	return out
}

// Trait is a named expression that becomes an attribute of profiles.
type Trait struct{ Name, Attribute, Expression string }

// Segment is a named condition; RankBy orders its members and may be empty.
type Segment struct{ Name, Where, RankBy string }

// Item is a Trait or Segment that can be computed.
type Item struct {
	Kind, Name string
	// Attribute of a Trait.
	Attribute string
	// Value of a Trait or condition of a Segment.
	Value *Compiled
	// Rank is what a ranked Segment is ordered by, else nil.
	Rank *Compiled
}

// Key names an item in error messages and in Space.Failed: "Trait ltv", "Segment high-value".
func Key(kind, name string) string { return kind + " " + name }

// Space is everything that one evaluation computes.
type Space struct {
	// Levels of items; each needs only items of levels before it.
	Levels [][]Item
	// Failed are the items that can't be computed and why, by Key. What needs one of them is among them.
	Failed map[string]error
	// Schema with the attributes of the Traits.
	Schema Schema
}

type declaration struct {
	item        Item
	expressions []string
	needs       []string
}

// Analyse checks and compiles all Traits and Segments of an identity space. One that is wrong takes down only what
// needs it. The error is for Options that are wrong.
func Analyse(s Schema, o Options, traits []Trait, segments []Segment) (*Space, error) {
	for _, g := range segments {
		if !slices.Contains(s.Segments, g.Name) {
			s.Segments = append(slices.Clip(s.Segments), g.Name)
		}
	}
	c, err := New(s, o)
	if err != nil {
		return nil, err
	}
	out := &Space{Failed: map[string]error{}, Schema: s}
	declared := out.declare(c, traits, segments)
	needs := map[string][]string{}
	for k, d := range declared {
		if out.Failed[k] == nil {
			needs[k] = d.needs
		}
	}
	levels, circles := Order(needs)
	for k, err := range circles {
		out.Failed[k] = err
	}
	for _, level := range levels {
		if c, err = New(out.Schema, o); err != nil {
			return nil, err
		}
		out.level(c, level, declared)
	}
	if c, err = New(out.Schema, o); err != nil {
		return nil, err
	}
	for _, level := range levels {
		out.retell(c, level, declared)
	}
	return out, nil
}

// retell compiles what failed once more, with every Trait in sight: the message can then name the one that was misspelled.
func (s *Space) retell(c *Compiler, keys []string, declared map[string]*declaration) {
	for _, k := range keys {
		item := declared[k].item
		if s.Failed[k] == nil {
			continue
		}
		if err := s.compile(c, declared[k], &item); err != nil {
			s.Failed[k] = err
		}
	}
}

// declare lists what there is and what it needs. Traits that can't be told from an attribute or from each other fail.
func (s *Space) declare(c *Compiler, traits []Trait, segments []Segment) map[string]*declaration {
	out := map[string]*declaration{}
	byAttribute := map[string]string{}
	for _, t := range traits {
		k, fold := Key("Trait", t.Name), strings.ToLower(t.Attribute)
		out[k] = &declaration{item: Item{Kind: "Trait", Name: t.Name, Attribute: t.Attribute}, expressions: []string{t.Expression}}
		other, taken := byAttribute[fold]
		switch {
		case fold == "known" || fold == "rank" || slices.ContainsFunc(s.Schema.Profile, func(a Attr) bool { return strings.ToLower(a.Name) == fold }):
			s.Failed[k] = fault.New(fault.InvalidManifest, "attribute %s is one that profiles already have; give the Trait another one", t.Attribute)
		case taken:
			s.Failed[k] = fault.New(fault.InvalidManifest, "attribute %s is that of %s too; give one of them another one", t.Attribute, other)
		default:
			byAttribute[fold] = k
		}
	}
	for _, g := range segments {
		d := &declaration{item: Item{Kind: "Segment", Name: g.Name}, expressions: []string{g.Where}}
		if g.RankBy != "" {
			d.expressions = append(d.expressions, g.RankBy)
		}
		out[Key("Segment", g.Name)] = d
	}
	for _, d := range out {
		for _, e := range d.expressions {
			attributes, segments := c.references(e)
			for _, a := range attributes {
				if k, ok := byAttribute[strings.ToLower(a)]; ok {
					d.needs = append(d.needs, k)
				}
			}
			for _, g := range segments {
				d.needs = append(d.needs, Key("Segment", g))
			}
		}
	}
	return out
}

// references are the attributes of the profile and the Segments that an expression names. Of what does not parse there are none:
// compiling it will say so.
func (c *Compiler) references(expr string) (attributes, segments []string) {
	parsed, issues := c.env.Parse(expr)
	if issues.Err() != nil {
		return nil, nil
	}
	ast.PreOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			if s := e.AsSelect(); s.Operand().Kind() == ast.IdentKind && s.Operand().AsIdent() == "profile" {
				attributes = append(attributes, s.FieldName())
			}
		case ast.CallKind:
			if call := e.AsCall(); call.FunctionName() == "inSegment" && len(call.Args()) == 1 && call.Args()[0].Kind() == ast.LiteralKind {
				if name, ok := call.Args()[0].AsLiteral().(types.String); ok {
					segments = append(segments, string(name))
				}
			}
		}
	}))
	return attributes, segments
}

// level compiles the items of one level and adds its Traits to the schema.
func (s *Space) level(c *Compiler, keys []string, declared map[string]*declaration) {
	var items []Item
	for _, k := range keys {
		d := declared[k]
		item := d.item
		if err := s.compile(c, d, &item); err != nil {
			s.Failed[k] = err
			continue
		}
		if item.Kind == "Trait" {
			s.Schema.Profile = append(slices.Clip(s.Schema.Profile), Attr{Name: item.Attribute, Type: item.Value.Type})
		}
		items = append(items, item)
	}
	if len(items) > 0 {
		s.Levels = append(s.Levels, items)
	}
}

func (s *Space) compile(c *Compiler, d *declaration, item *Item) error {
	for _, n := range d.needs {
		if err := s.Failed[n]; err != nil {
			return fault.New(fault.ClassOf(err), "it needs %s, which can't be computed", n)
		}
	}
	var err error
	if item.Kind == "Trait" {
		item.Value, err = c.Value(d.expressions[0])
		return err
	}
	if item.Value, err = c.Condition(d.expressions[0]); err != nil || len(d.expressions) == 1 {
		return err
	}
	if item.Rank, err = c.Value(d.expressions[1]); err != nil {
		return fault.New(fault.ClassOf(err), "rank.by: %w", err)
	}
	if !slices.ContainsFunc(stored, func(t *cel.Type) bool { return t == celTypes[item.Rank.Type] }) {
		return fault.New(fault.InvalidExpression, "rank.by: 1:1: %s has no order", article(string(item.Rank.Type)))
	}
	return nil
}
