package linkage

import "slices"

// Records are what is compared: for each record the numbers of its values.
type Records struct {
	columns []*column
	rows    []int32 // those of a record beside each other, -1 for none
	n       int
	// The columns of names, -1 for none. family is that of surnames where there are no given names.
	given, surname, family int
	scheme                 *Scheme // nil where everything follows from the kinds
}

// New takes columns of the same length.
func New(columns []Column) *Records { return newRecords(columns, nil) }

func newRecords(columns []Column, scheme *Scheme) *Records {
	r := &Records{n: len(columns[0].IDs), scheme: scheme}
	columns = slices.DeleteFunc(slices.Clone(withParts(columns)), func(c Column) bool { return !scheme.keeps(c.Name) })
	r.given, r.surname = indexOf(columns, GivenName), indexOf(columns, Surname)
	r.family = r.surname
	if r.given >= 0 && r.surname >= 0 {
		r.family = len(columns)
		columns = append(columns[:len(columns):len(columns)], familyOf(columns[r.given], columns[r.surname]))
	}
	r.columns = make([]*column, len(columns))
	ids := make([][]int32, len(columns))
	atOnce(len(columns), func(j int) { r.columns[j], ids[j] = newColumn(columns[j]) })
	w := len(columns)
	r.rows = make([]int32, w*r.n)
	inParts(r.n, func(from, to int) {
		for i := from; i < to; i++ {
			for j := range ids {
				r.rows[i*w+j] = ids[j][i]
			}
		}
	})
	return r
}

// familyOf is the surname of each record, or its given name where that is all it has: people write the only name they give into either field.
func familyOf(given, surname Column) Column {
	f := Column{Kind: family, Name: "family", IDs: make([]int32, len(surname.IDs))}
	f.Values = append(append(f.Values, surname.Values...), given.Values...)
	for i, id := range surname.IDs {
		f.IDs[i] = id
		if id < 0 && given.IDs[i] >= 0 {
			f.IDs[i] = given.IDs[i] + int32(len(surname.Values))
		}
	}
	return f
}

// Len is the number of records.
func (r *Records) Len() int { return r.n }

func (r *Records) row(i int32) []int32 {
	w := len(r.columns)
	return r.rows[int(i)*w : int(i)*w+w : int(i)*w+w]
}

// find is the first column of a kind, or -1.
func (r *Records) find(k Kind) int {
	for i, c := range r.columns {
		if c.kind == k {
			return i
		}
	}
	return -1
}

func (r *Records) all(kinds ...Kind) (out []int) {
	for i, c := range r.columns {
		for _, k := range kinds {
			if c.kind == k {
				out = append(out, i)
			}
		}
	}
	return out
}
