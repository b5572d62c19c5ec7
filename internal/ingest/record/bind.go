package record

import (
	"strings"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// maxColumns bounds the columns of one source. Above it, keys of a JSON object are data rather than names.
const maxColumns = 2000

// Binding says where in a row of given input columns each part of the declaration is.
type Binding struct {
	columns []string
	fields  []int // of each attribute; -1 for an expression or a column that is not there
	key     []int
	time    int
	extra   []int // input columns that no field declares
	row     []rowRef
}

// rowRef is a column that expressions see: the typed attribute made of it if there is one, or else the value as it came.
type rowRef struct {
	name         string
	column, attr int
}

// Bind finds the declared columns among those of the input; a declared column that is not there has no value. It fails with
// InvalidManifest where two columns of the table would have the same name.
func (s *Schema) Bind(columns []string) (*Binding, error) {
	if len(columns) > maxColumns {
		return nil, s.invalid("the input has more than %d columns; if its keys are data, turn them into values first", maxColumns)
	}
	b := &Binding{columns: columns, time: indexOf(columns, s.cfg.Timestamp.Column)}
	declared := map[string]bool{}
	for _, a := range s.attrs {
		at := -1
		if a.expr == nil {
			at = indexOf(columns, a.from)
			declared[a.from] = true
		}
		b.fields = append(b.fields, at)
	}
	for _, k := range s.cfg.Key {
		b.key = append(b.key, indexOf(columns, k))
	}
	if err := s.bindExtra(b, declared); err != nil {
		return nil, err
	}
	s.bindRow(b)
	return b, nil
}

// bindExtra lists the undeclared columns. One with the name of an attribute that an expression makes is that expression's
// input under another form, and is not kept beside it.
func (s *Schema) bindExtra(b *Binding, declared map[string]bool) error {
	taken := map[string]string{}
	for _, n := range []string{KeyColumn, TimeColumn, RunColumn, IngestedColumn, InvalidColumn} {
		taken[n] = "a column that every source has"
	}
	made := map[string]bool{}
	for _, a := range s.attrs {
		lower := strings.ToLower(a.Name)
		taken[lower] = "the attribute " + a.Name
		made[lower] = a.expr != nil
	}
	for i, c := range b.columns {
		lower := strings.ToLower(c)
		if declared[c] || made[lower] {
			continue
		}
		if other, ok := taken[lower]; ok {
			return s.invalid("the input column %q and %s would have the same name (upper and lower case are not told apart); "+
				"declare the column in fields with a name of its own", c, other)
		}
		taken[lower] = "another input column"
		b.extra = append(b.extra, i)
	}
	return nil
}

func (s *Schema) bindRow(b *Binding) {
	var names []string
	all := false
	programs := s.programs()
	for _, a := range s.attrs {
		if a.expr != nil {
			programs = append(programs, a.expr)
		}
	}
	for _, p := range programs {
		names = append(names, p.columns...)
		all = all || p.all
	}
	if all {
		names = b.columns
	}
	seen := map[string]bool{}
	for _, n := range names {
		at := indexOf(b.columns, n)
		if at < 0 || seen[n] {
			continue
		}
		seen[n] = true
		ref := rowRef{n, at, -1}
		for i, a := range s.attrs {
			if a.expr == nil && a.from == n && a.Type != sqlgen.String {
				ref.attr = i
			}
		}
		b.row = append(b.row, ref)
	}
}

// Extra are the names of the undeclared columns, kept as text. With more input columns it only grows at its end.
func (b *Binding) Extra() []string {
	out := make([]string, len(b.extra))
	for i, at := range b.extra {
		out[i] = b.columns[at]
	}
	return out
}

// Width is the number of values of a Record.
func (b *Binding) Width() int { return len(b.fields) + len(b.extra) }
