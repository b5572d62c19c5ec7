package linkage

import (
	"slices"
	"strconv"

	"github.com/kith-dev/kith/internal/linkage/parallel"
	"github.com/kith-dev/kith/internal/normalise/person"
)

// withParts gives the columns without full names and full addresses: their parts stand in the columns of given names, surnames, streets and so
// on, where a record has none of its own. What tells father from son stands in a column of its own where there are names.
func withParts(columns []Column) []Column {
	columns = taken(columns, FullName, person.ParseName, []piece[person.FullName]{
		{GivenName, func(n person.FullName) string { return n.Given }},
		{MiddleName, func(n person.FullName) string { return n.Middle }},
		{Surname, func(n person.FullName) string { return n.Surname }},
		{generation, func(n person.FullName) string { return generationText(n.Generation()) }},
	})
	columns = withoutGenerations(columns)
	return taken(columns, FullAddress, person.ParseAddress, []piece[person.Address]{
		{Street, func(a person.Address) string { return a.Street }},
		{HouseNumber, func(a person.Address) string { return a.HouseNumber }},
		{City, func(a person.Address) string { return a.City }},
		{Region, func(a person.Address) string { return a.Region }},
		{Postcode, func(a person.Address) string { return a.Postcode }},
	})
}

// piece of a text that was taken apart.
type piece[T any] struct {
	kind Kind
	of   func(T) string
}

// taken apart are the values of the column of a kind, if there is one. The parts of a record that has one of them of its own are not taken: they would
// be mixed.
func taken[T any](columns []Column, kind Kind, parse func(string) T, parts []piece[T]) []Column {
	at := indexOf(columns, kind)
	if at < 0 {
		return columns
	}
	full := columns[at]
	out := slices.Delete(slices.Clone(columns), at, at+1)
	parsed := make([]T, len(full.Values))
	parallel.Each(len(parsed), func(i int) { parsed[i] = parse(full.Values[i]) })
	own := make([]bool, len(full.IDs))
	for _, c := range out {
		if slices.ContainsFunc(parts, func(p piece[T]) bool { return p.kind == c.Kind }) {
			for i, id := range c.IDs {
				own[i] = own[i] || id >= 0
			}
		}
	}
	for _, p := range parts {
		part := NewColumn(p.kind, string(p.kind), len(full.IDs))
		for i, id := range full.IDs {
			if id >= 0 && !own[i] {
				part.Set(i, p.of(parsed[id]))
			}
		}
		if j := indexOf(out, p.kind); j >= 0 {
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

// withoutGenerations takes what tells father from son out of the names of persons, into a column of its own.
func withoutGenerations(columns []Column) []Column {
	out := slices.Clone(columns)
	at, named := indexOf(out, generation), false
	var found Column
	if at >= 0 {
		found = out[at]
	} else {
		at, found = len(out), NewColumn(generation, string(generation), len(columns[0].IDs))
	}
	for i, c := range out {
		if c.Kind != GivenName && c.Kind != MiddleName && c.Kind != Surname {
			continue
		}
		named = true
		names, generations := make([]string, len(c.Values)), make([]int, len(c.Values))
		parallel.Stretches(len(names), func(from, to int) {
			for v := from; v < to; v++ {
				names[v], generations[v] = person.Generation(c.Values[v])
			}
		})
		for record, id := range c.IDs {
			if id >= 0 && found.IDs[record] < 0 {
				found.Set(record, generationText(generations[id]))
			}
		}
		out[i].Values = names
	}
	switch {
	case !named:
		return columns
	case at < len(out):
		out[at] = found
		return out
	}
	return append(out, found)
}

// generationText is empty for none.
func generationText(g int) string {
	if g == 0 {
		return ""
	}
	return strconv.Itoa(g)
}
