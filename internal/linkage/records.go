package linkage

import (
	"math/bits"
	"slices"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// Records are what is compared: for each record the numbers of its values. Inside of it the records have numbers of their own, by which those that
// are compared with each other mostly are near each other in memory; what comes in and goes out has the caller's.
type Records struct {
	columns []*column
	places  []int32   // by number: the caller's
	ids     [][]int32 // by column: of each record, -1 for none
	rows    []int32   // the same, those of a record beside each other
	stride  int       // of rows
	n       int
	// The columns of names, -1 for none. family is that of surnames where there are no given names.
	given, surname, family, generation int
	scheme                             *Scheme // nil where everything follows from the kinds
	learned                            *fitted // the model that was learned last, until it is used
}

// New takes columns of the same length.
func New(columns []Column) *Records { return newRecords(columns, nil) }

func newRecords(columns []Column, scheme *Scheme) *Records {
	r := &Records{n: len(columns[0].IDs), scheme: scheme}
	columns = slices.DeleteFunc(slices.Clone(withParts(columns)), func(c Column) bool { return !scheme.keeps(c.Name) })
	r.given, r.surname, r.generation = indexOf(columns, GivenName), indexOf(columns, Surname), indexOf(columns, generation)
	r.family = r.surname
	if r.given >= 0 && r.surname >= 0 {
		r.family = len(columns)
		columns = append(columns[:len(columns):len(columns)], familyOf(columns[r.given], columns[r.surname]))
	}
	r.columns = make([]*column, len(columns))
	r.ids = make([][]int32, len(columns))
	r.places = neighbours(columns)
	parallel.Each(len(columns), func(j int) { r.columns[j], r.ids[j] = newColumn(columns[j], r.places) })
	r.stride = strideOf(len(columns))
	r.rows = make([]int32, r.stride*r.n)
	parallel.Stretches(r.n, func(from, to int) {
		for j, ids := range r.ids {
			for i := from; i < to; i++ {
				r.rows[i*r.stride+j] = ids[i]
			}
		}
	})
	return r
}

// neighbours are the records in an order in which those of one place stand together, as most that are compared with each other are.
func neighbours(columns []Column) []int32 {
	n := len(columns[0].IDs)
	by := 0
	for _, k := range []Kind{Surname, City, Street, Postcode} {
		if j := indexOf(columns, k); j >= 0 {
			by = j
		}
	}
	begin := make([]int32, len(columns[by].Values)+2) // of each value, from the second on; those without one come first
	for _, id := range columns[by].IDs {
		begin[id+2]++
	}
	for i := 1; i < len(begin); i++ {
		begin[i] += begin[i-1]
	}
	out := make([]int32, n)
	for i, id := range columns[by].IDs {
		at := &begin[id+1]
		out[*at] = int32(i)
		*at++
	}
	return out
}

// strideOf rows of so many numbers: none lies in more lines of the processor's cache, of 16 numbers each, than it has to.
func strideOf(columns int) int {
	if columns > 8 {
		return (columns + 15) &^ 15
	}
	return 1 << bits.Len(uint(columns-1))
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
	at := int(i) * r.stride
	return r.rows[at : at+len(r.columns) : at+len(r.columns)]
}

// manyValues are more than stay in the processor's cache by themselves.
const manyValues = 1 << 12

// load the rows of records, and the texts in which they differ from another, into the processor's cache, where they are needed next: reading them
// together takes little longer than reading one.
func (r *Records) load(other int32, records []int32) (sum int32) {
	for _, i := range records {
		sum += r.rows[int(i)*r.stride]
	}
	row := r.row(other)
	for j, c := range r.columns {
		if len(c.texts) < manyValues || row[j] < 0 {
			continue
		}
		for _, i := range records {
			if id := r.rows[int(i)*r.stride+j]; id >= 0 && id != row[j] {
				sum += c.texts[id].n
			}
		}
	}
	return sum
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
