// Package manifest reads a tenant's declarations from YAML or JSON files and checks each one as the API server would:
// the same schemas, defaults and CEL rules, run by the same code. It reports every problem with its file and line.
//
// What does not live here: rules that need several objects, such as references and the types of expressions (plan), and
// anything that needs data.
package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// Options of Load.
type Options struct {
	// Namespace to take: objects that name another one are ignored. Empty means the only one that the objects name, or
	// "default"; objects that name several are then an error.
	Namespace string
}

// Set is what was loaded: valid objects of one namespace, with their defaults.
type Set struct {
	Objects   plan.Objects
	Namespace string
	// Ignored documents: of other API groups, of another namespace, or Runs.
	Ignored []Ignored

	where map[ref]*document
}

// Ignored is a document that Load left out, and why.
type Ignored struct {
	Pos
	Kind, Name, Reason string
}

// Pos is a place in a file. Line starts at 1; 0 means the file as a whole.
type Pos struct {
	File string
	Line int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Problem is one mistake in one document.
type Problem struct {
	Pos
	Kind, Name string // of the object, as far as they are known
	Field      string // path of the field, such as spec.fields[0].semantic; empty for the object as a whole
	Message    string
}

// Error is the problem on one line: file:line: Kind name: field: message.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.String())
	if p.Kind != "" {
		b.WriteString(": " + strings.TrimSpace(p.Kind+" "+p.Name))
	}
	if p.Field != "" {
		b.WriteString(": " + p.Field)
	}
	b.WriteString(": " + p.Message)
	return b.String()
}

// Problems are all mistakes of one Load, in order of file and line. Each unwraps to a fault.InvalidManifest.
type Problems []Problem

// Error has one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the class of each problem to package fault.
func (ps Problems) Unwrap() []error {
	out := make([]error, len(ps))
	for i, p := range ps {
		out[i] = fault.New(fault.InvalidManifest, "%w", p)
	}
	return out
}

type ref struct{ kind, name string }

// Pos is where a field of a loaded object stands, or the closest thing around it that is written down; an empty field
// means the object.
func (s *Set) Pos(kind, name, field string) Pos {
	d := s.where[ref{kind, name}]
	if d == nil {
		return Pos{}
	}
	return d.pos(field)
}

// Load reads files and folders; folders are read recursively. It returns Problems when any document is wrong, and
// fault.FileNotFound when a path does not exist.
func Load(paths []string, o Options) (*Set, error) {
	files, err := findFiles(paths)
	if err != nil {
		return nil, err
	}
	s := &Set{where: map[ref]*document{}}
	var problems Problems
	var ours []*document
	for _, f := range files {
		docs, ps := readFile(f)
		problems = append(problems, ps...)
		for _, d := range docs {
			if d.group() != group {
				s.ignore(d, "not of the API group "+group)
				continue
			}
			ours = append(ours, d)
		}
	}
	checks, err := checkers()
	if err != nil {
		return nil, err
	}
	ours, ps := s.chooseNamespace(ours, o.Namespace)
	problems = append(problems, ps...)
	for _, d := range ours {
		ps := checks.check(d, s.Namespace)
		if len(ps) == 0 {
			ps = s.add(d)
		}
		problems = append(problems, ps...)
	}
	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b Problem) int {
			if c := strings.Compare(a.File, b.File); c != 0 {
				return c
			}
			return a.Line - b.Line
		})
		return nil, problems
	}
	s.Objects.Sort()
	return s, nil
}

func (s *Set) ignore(d *document, reason string) {
	s.Ignored = append(s.Ignored, Ignored{Pos: d.pos(""), Kind: d.kind(), Name: d.name(), Reason: reason})
}

// chooseNamespace keeps the documents of the one namespace that is loaded. A document that names none belongs to it.
func (s *Set) chooseNamespace(docs []*document, want string) ([]*document, Problems) {
	s.Namespace = want
	var kept []*document
	var problems Problems
	var first *document
	for _, d := range docs {
		ns := d.namespace()
		switch {
		case ns == "" || ns == s.Namespace:
		case want != "":
			s.ignore(d, "of namespace "+ns)
			continue
		case first == nil:
			first, s.Namespace = d, ns
		default:
			problems = append(problems, d.problem("metadata.namespace",
				"is %s, but the object at %s is of namespace %s; name the one to take with -n", ns, first.pos(""), s.Namespace))
			continue
		}
		kept = append(kept, d)
	}
	if s.Namespace == "" {
		s.Namespace = "default"
	}
	return kept, problems
}
