package linkage

import "slices"

// key is a part of a column's values.
type key struct {
	column int
	part   part
}

// rule makes candidates of the records that agree in all of its keys.
type rule struct {
	name string
	keys []key
	// symmetric: the values may stand in each other's column.
	symmetric bool
}

// rules that follow from the kinds of the columns. What they have in common is that two records of a person, of which each lacks a field or has
// a mistake in one, still agree in one of them.
func (r *Records) rules() (out []rule) {
	if r.scheme.spelled() {
		return r.spelled()
	}
	add := func(keys ...key) {
		if !slices.ContainsFunc(keys, func(k key) bool { return k.column < 0 }) {
			out = append(out, r.ruleOf(keys))
		}
	}
	given, sur, born := r.given, r.family, r.find(BirthDate)
	code, city := r.find(Postcode), r.find(City)
	street, house := r.find(Street), r.find(HouseNumber)
	for _, i := range r.all(Identifier, Email, Phone) {
		add(key{i, whole})
	}
	for _, i := range r.all(Email) {
		add(key{i, local})
	}
	if given >= 0 && sur >= 0 {
		out = append(out, bothNames(given, sur))
	}
	add(key{born, whole}, key{sur, sound})
	add(key{born, whole}, key{given, sound})
	add(key{code, whole}, key{given, initial})
	add(key{code, whole}, key{sur, initial})
	add(key{given, full}, key{sur, sound})
	add(key{born, whole}, key{code, district})
	add(key{born, whole}, key{city, whole})
	add(key{sur, sound}, key{code, district})
	add(key{sur, sound}, key{born, year})
	add(key{given, whole}, key{code, district}, key{born, year})
	add(key{sur, last4}, key{given, initial})
	add(key{sur, first3}, key{given, first3}, key{born, year})
	add(key{sur, sound}, key{born, monthDay})
	add(key{given, sound}, key{born, monthDay})
	add(key{given, sound}, key{born, yearOf})
	add(key{sur, sound}, key{city, whole})
	add(key{given, whole}, key{city, whole}, key{born, year})
	add(key{street, whole}, key{house, whole})
	add(key{street, whole}, key{given, sound})
	add(key{street, whole}, key{sur, sound})
	for _, i := range r.all(Text) {
		add(key{i, whole}, key{sur, sound})
		add(key{i, whole}, key{given, sound}, key{born, year})
		add(key{i, whole}, key{code, district}, key{born, year})
		add(key{i, whole}, key{born, whole})
	}
	return out[:min(len(out), maxRules)]
}

// divisions are the keys by which a block that is too large is divided, one after the other.
func (r *Records) divisions() (out []key) {
	for _, d := range []struct {
		kind Kind
		part part
	}{
		{BirthDate, year}, {GivenName, initial}, {Surname, initial}, {Postcode, district}, {City, whole}, {BirthDate, monthDay},
		{GivenName, whole}, {Surname, whole}, {Street, whole},
	} {
		if c := r.find(d.kind); c >= 0 {
			out = append(out, key{c, d.part})
		}
	}
	return out
}
