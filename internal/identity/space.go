package identity

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// space is a Config, checked, with everything numbered.
type space struct {
	sources []Source // in order of name; a source's number is its place
	// kinds of values. Those of identifiers come first, in the order in which an event's are tried, the anonymous one last of them;
	// after them the attributes that rules and guards look at.
	kinds       []string
	identifiers int // how many of kinds are identifiers
	rules       []rule
	guards      []guard
	automatic   []automatic
	attributes  []attribute // of profiles
	groups      []group
	classes     []class
	scheme      *linkage.Scheme // how records are compared; nil where they are not
}

type rule struct {
	number int // from 1
	kinds  []int
	label  string // email, phone+birthDate
}

// attribute is a column of profiles.
type attribute struct {
	name string
	typ  sqlgen.Type
	// kind of identifier whose values from other than Profile records fill it, or -1.
	kind int
}

// group is attributes that survive together.
type group struct {
	attributes []int
	strategy   Strategy
	verifiedBy int // attribute, or -1
	list       int // how many values are kept; 0 for none
}

type class struct {
	name    string
	sources []int
}

// The columns of profiles and provenance besides attributes.
var reserved = []string{"class", "profile_id", "known"}

func newSpace(cfg Config) (*space, error) {
	s := &space{sources: slices.Clone(cfg.Sources)}
	slices.SortFunc(s.sources, func(a, b Source) int { return cmp.Compare(a.Name, b.Name) })
	for _, step := range []func(Config) error{s.checkSources, s.checkOverrides, s.numberKinds, s.numberRules, s.numberGuards, s.numberAutomatic, s.listAttributes, s.groupAttributes, s.listClasses, s.schemeOf} {
		if err := step(cfg); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func invalid(cfg Config, format string, args ...any) error {
	return fault.New(fault.InvalidManifest, "IdentityRule %s: "+format, append([]any{cfg.Plan.Subject}, args...)...)
}

func missing(cfg Config, format string, args ...any) error {
	return fault.New(fault.ReferenceNotFound, "IdentityRule %s: "+format, append([]any{cfg.Plan.Subject}, args...)...)
}

func (s *space) checkSources(cfg Config) error {
	if cfg.Plan.Subject == "" || cfg.Plan.Run == "" {
		return fault.New(fault.Internal, "a plan to resolve people names no rule or no run")
	}
	for i, src := range s.sources {
		if i > 0 && s.sources[i-1].Name == src.Name {
			return invalid(cfg, "source %q is named twice", src.Name)
		}
		if !slices.Contains([]RecordKind{Profile, Event, Transaction, Consent}, src.RecordKind) {
			return invalid(cfg, "source %q has records of kind %q, which say nothing about people", src.Name, src.RecordKind)
		}
		if src.Revision == nil {
			return fault.New(fault.Internal, "IdentityRule %s: no revision of source %q", cfg.Plan.Subject, src.Name)
		}
	}
	return nil
}

// numberKinds puts identifiers into the order of the rules that name them, then by name, anonymous ones last.
func (s *space) numberKinds(cfg Config) error {
	have := map[string]bool{}
	for _, src := range s.sources {
		for _, f := range src.Fields {
			have[f.Identifier] = true
		}
	}
	var named, rest []string
	for _, parts := range cfg.Deterministic {
		for _, p := range parts {
			if have[p] && p != AnonymousID && !slices.Contains(named, p) {
				named = append(named, p)
			}
		}
	}
	for k := range have {
		if k != "" && k != AnonymousID && !slices.Contains(named, k) {
			rest = append(rest, k)
		}
	}
	slices.Sort(rest)
	s.kinds = append(named, rest...)
	if have[AnonymousID] {
		s.kinds = append(s.kinds, AnonymousID)
	}
	s.identifiers = len(s.kinds)
	return nil
}

// anonymous is the number of the anonymous kind, or -1.
func (s *space) anonymous() int {
	if s.identifiers > 0 && s.kinds[s.identifiers-1] == AnonymousID {
		return s.identifiers - 1
	}
	return -1
}

// kind is the number of an identifier's kind, or else of an attribute of Profile records, which gets one; -1 for neither.
func (s *space) kind(name string) int {
	if i := slices.Index(s.kinds, name); i >= 0 {
		return i
	}
	for _, src := range s.sources {
		if src.RecordKind == Profile && slices.ContainsFunc(src.Fields, func(f Field) bool { return f.Name == name }) {
			s.kinds = append(s.kinds, name)
			return len(s.kinds) - 1
		}
	}
	return -1
}

func (s *space) numberRules(cfg Config) error {
	for i, parts := range cfg.Deterministic {
		r := rule{number: i + 1, label: strings.Join(parts, "+")}
		identifies := false
		for _, p := range parts {
			k := s.kind(p)
			switch {
			case k < 0:
				return missing(cfg, "rule %d names %q, and no source has such an identifier, nor a Profile source such an attribute", r.number, p)
			case k == s.anonymous() && cfg.Anonymous.OnIdentify == Isolate:
				return invalid(cfg, "rule %d matches by %s, which anonymous.onIdentify: Isolate keeps apart from people; take it out of the rule", r.number, AnonymousID)
			case slices.Contains(r.kinds, k):
				return invalid(cfg, "rule %d names %q twice", r.number, p)
			}
			identifies = identifies || k < s.identifiers
			r.kinds = append(r.kinds, k)
		}
		if !identifies {
			return invalid(cfg, "rule %d names no identifier: attributes such as a name or a date of birth only count beside one", r.number)
		}
		s.rules = append(s.rules, r)
	}
	return nil
}

func (s *space) numberGuards(cfg Config) error {
	for _, name := range cfg.Guards.Separate {
		k := s.kind(name)
		if k < 0 {
			return missing(cfg, "guards.separate names %q, and no source has such an identifier, nor a Profile source such an attribute", name)
		}
		s.guards = append(s.guards, guard{kind: k, limit: 1, separate: true})
	}
	for _, l := range cfg.Guards.Limits {
		k := slices.Index(s.kinds[:s.identifiers], l.Identifier)
		if k < 0 {
			return missing(cfg, "guards.limits names %q, and no source has such an identifier", l.Identifier)
		}
		if l.PerProfile < 1 {
			return invalid(cfg, "guards.limits allows %d values of %q in a profile; the least is 1", l.PerProfile, l.Identifier)
		}
		if l.Window > 0 && k == s.anonymous() {
			return invalid(cfg, "guards.limits has a window for %s, which profiles get from events; its limit is for all time", AnonymousID)
		}
		s.guards = append(s.guards, guard{kind: k, limit: l.PerProfile, window: l.Window})
	}
	if n := cfg.Guards.MaxRecords; n > 0 {
		s.guards = append(s.guards, guard{kind: ofSize, limit: n})
	}
	for _, b := range cfg.Guards.BlockedValues {
		if !slices.Contains(s.kinds[:s.identifiers], b.Identifier) {
			return missing(cfg, "guards.blockedValues names %q, and no source has such an identifier", b.Identifier)
		}
		for _, p := range b.Patterns {
			if _, err := regexp.Compile(p); err != nil {
				return invalid(cfg, "guards.blockedValues of %q: the pattern %q is no RE2 expression: %w", b.Identifier, p, err)
			}
		}
	}
	return nil
}

// listAttributes makes the columns of profiles: the fields of Profile sources, then the kinds of identifiers that none of them has as a field.
func (s *space) listAttributes(cfg Config) error {
	from := map[string]string{} // folded name -> the source that has it
	add := func(source string, f Field) error {
		folded := strings.ToLower(f.Name)
		if slices.Contains(reserved, folded) {
			return invalid(cfg, "source %q has a field %q, which is a column of profiles already; give the field another name", source, f.Name)
		}
		i := slices.IndexFunc(s.attributes, func(a attribute) bool { return strings.ToLower(a.name) == folded })
		if i < 0 {
			from[folded] = source
			s.attributes = append(s.attributes, attribute{f.Name, f.Type, slices.Index(s.kinds[:s.identifiers], f.Name)})
			return nil
		}
		switch a := s.attributes[i]; {
		case a.name != f.Name:
			return invalid(cfg, "source %q has a field %q and source %q a field %q, which differ at most in upper and lower case; rename one",
				from[folded], a.name, source, f.Name)
		case a.typ != f.Type:
			return invalid(cfg, "attribute %q is %s in source %q and %s in source %q; give one of them another name", f.Name, a.typ, from[folded], f.Type, source)
		}
		return nil
	}
	for _, src := range s.sources {
		if src.RecordKind != Profile {
			continue
		}
		for _, f := range src.Fields {
			if err := add(src.Name, f); err != nil {
				return err
			}
		}
	}
	for _, src := range s.sources {
		for _, f := range src.Fields {
			if f.Identifier == "" {
				continue
			}
			if err := add(src.Name, Field{Name: f.Identifier, Type: sqlgen.String}); err != nil {
				return err
			}
		}
	}
	return nil
}

var strategies = []Strategy{MostRecent, SourcePriority, MostFrequent, Longest, First, Minimum, Maximum}

func (s *space) groupAttributes(cfg Config) error {
	taken := map[int]bool{}
	for _, g := range cfg.Survivorship {
		out := group{strategy: g.Strategy, verifiedBy: -1, list: g.List}
		switch {
		case !slices.Contains(strategies, g.Strategy):
			return invalid(cfg, "survivorship has the unknown strategy %q", g.Strategy)
		case g.List > 0 && len(g.Attributes) != 1:
			return invalid(cfg, "survivorship keeps a list of the group %v; a list is of one attribute", g.Attributes)
		}
		for _, name := range g.Attributes {
			i := s.attribute(name)
			if i < 0 {
				return missing(cfg, "survivorship names %q, and no Profile source has such an attribute", name)
			}
			if taken[i] {
				return invalid(cfg, "survivorship names %q twice; an attribute moves with one group only", name)
			}
			taken[i] = true
			out.attributes = append(out.attributes, i)
		}
		if g.VerifiedBy != "" {
			out.verifiedBy = s.attribute(g.VerifiedBy)
			switch {
			case out.verifiedBy < 0:
				return missing(cfg, "survivorship of %v is verifiedBy %q, and no Profile source has such an attribute", g.Attributes, g.VerifiedBy)
			case s.attributes[out.verifiedBy].typ != sqlgen.Boolean:
				return invalid(cfg, "survivorship of %v is verifiedBy %q, which is %s, not boolean", g.Attributes, g.VerifiedBy, s.attributes[out.verifiedBy].typ)
			}
		}
		s.groups = append(s.groups, out)
	}
	for i := range s.attributes {
		if !taken[i] {
			s.groups = append(s.groups, group{attributes: []int{i}, strategy: SourcePriority, verifiedBy: -1})
		}
	}
	return nil
}

// attribute is the number of an attribute, or -1.
func (s *space) attribute(name string) int {
	return slices.IndexFunc(s.attributes, func(a attribute) bool { return a.name == name })
}

func (s *space) listClasses(cfg Config) error {
	for _, c := range cfg.Classes {
		out := class{name: c.Name}
		for _, name := range c.Sources {
			i := slices.IndexFunc(s.sources, func(src Source) bool { return src.Name == name })
			if i < 0 {
				return fault.New(fault.Internal, "IdentityRule %s: class %q reads source %q, which the rule does not", cfg.Plan.Subject, c.Name, name)
			}
			out.sources = append(out.sources, i)
		}
		s.classes = append(s.classes, out)
	}
	return nil
}

// columns of a source that hold values of kinds, in order of kind; several may hold the same.
func (s *space) columns(src Source) (out []column) {
	for k, name := range s.kinds {
		for _, f := range src.Fields {
			identifies := k < s.identifiers && f.Identifier == name
			if identifies || k >= s.identifiers && src.RecordKind == Profile && f.Name == name {
				out = append(out, column{f.Name, k})
			}
		}
	}
	return out
}

type column struct {
	name string
	kind int
}
