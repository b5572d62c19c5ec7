package linkage

import (
	"slices"

	"github.com/kith-dev/kith/internal/normalise/person"
)

// withPartsOfNames gives the columns without full names: their parts stand in the columns of given names, middle names and surnames where
// a record has none of its own.
func withPartsOfNames(columns []Column) []Column {
	at := slices.IndexFunc(columns, func(c Column) bool { return c.Kind == FullName })
	if at < 0 {
		return columns
	}
	full := columns[at]
	out := slices.Delete(slices.Clone(columns), at, at+1)
	parsed := make([]person.FullName, len(full.Values))
	atOnce(len(parsed), func(i int) { parsed[i] = person.ParseName(full.Values[i]) })
	own := make([]bool, len(full.IDs)) // records that have a part of their name already
	for _, c := range out {
		if c.Kind == GivenName || c.Kind == Surname {
			for i, id := range c.IDs {
				own[i] = own[i] || id >= 0
			}
		}
	}
	for _, p := range []struct {
		kind Kind
		of   func(person.FullName) string
	}{
		{GivenName, func(n person.FullName) string { return n.Given }},
		{MiddleName, func(n person.FullName) string { return n.Middle }},
		{Surname, func(n person.FullName) string { return n.Surname }},
	} {
		part := NewColumn(p.kind, string(p.kind), len(full.IDs))
		for i, id := range full.IDs {
			if id >= 0 && !own[i] {
				part.Set(i, p.of(parsed[id]))
			}
		}
		if j := slices.IndexFunc(out, func(c Column) bool { return c.Kind == p.kind }); j >= 0 {
			out[j] = filled(out[j], part)
		} else {
			out = append(out, part)
		}
	}
	return out
}

// filled has the values of a, and those of b where a has none.
func filled(a, b Column) Column {
	out := NewColumn(a.Kind, a.Name, len(a.IDs))
	for i, id := range a.IDs {
		switch {
		case id >= 0:
			out.Set(i, a.Values[id])
		case b.IDs[i] >= 0:
			out.Set(i, b.Values[b.IDs[i]])
		}
	}
	return out
}
