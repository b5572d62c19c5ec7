package person

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed nicknames.txt
var nicknameText string

// Gender that a given name tells.
type Gender uint8

// The genders of names.
const (
	AnyGender Gender = iota // a name of both, or one that no list knows
	Male
	Female
)

// listed is what nicknames.txt says of a name: the groups that it stands in, ascending, the full name that it most often is short for, which is itself where a group
// begins with it, and whose names the sections of its groups are.
type listed struct {
	groups       []int32
	full         string
	male, female bool
}

// nicknames has every name of nicknames.txt.
var nicknames = sync.OnceValue(func() map[string]*listed {
	names := map[string]*listed{}
	id := int32(0)
	var male, female bool // that the section is of
	for line := range strings.Lines(nicknameText) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "#" {
			male, female = slices.Contains(words, "men"), slices.Contains(words, "women")
			continue
		}
		for i, w := range words {
			key := petKey(Fold(w))
			n := names[key]
			if n == nil {
				n = &listed{full: Fold(words[0])}
				names[key] = n
			}
			if i == 0 {
				n.full = Fold(w)
			}
			if !slices.Contains(n.groups, id) {
				n.groups = append(n.groups, id)
			}
			n.male, n.female = n.male || male, n.female || female
		}
		id++
	}
	return names
})

// GivenNameGroups are the groups of given names that one person may go by which a folded name stands in: bob and robert share one;
// chris stands in those of christopher and christine. A name that no list knows has none. The numbers mean nothing outside
// this process, and the slice is shared: it is not to be changed.
func GivenNameGroups(folded string) []int32 {
	if n := nicknames()[petKey(folded)]; n != nil {
		return n.groups
	}
	return nil
}

// FullGivenName is what a folded given name is most often short for: robert for bob, and for robert. A name that no list knows is itself.
func FullGivenName(folded string) string {
	if n := nicknames()[petKey(folded)]; n != nil {
		return n.full
	}
	return folded
}

// GenderOf a folded given name, in all languages whose names are listed: andrea is a man in Italy and a woman in England, so it tells none.
func GenderOf(folded string) Gender {
	switch n := nicknames()[petKey(folded)]; {
	case n == nil || n.male == n.female:
		return AnyGender
	case n.male:
		return Male
	}
	return Female
}

// Related reports whether two folded given names may be the same person's: they are spelt alike or share a group. It is not
// transitive: bert is albert and robert, who are not each other.
func Related(a, b string) bool {
	if petKey(a) == petKey(b) {
		return a != ""
	}
	of := GivenNameGroups(b)
	return slices.ContainsFunc(GivenNameGroups(a), func(g int32) bool { return slices.Contains(of, g) })
}

// petKey ends a name in y that ends in ie, ey or i: the endings of pet names are spelt in any of these ways (Vicky, Vickie, Vicki).
func petKey(name string) string {
	switch n := len(name); {
	case n < 4:
	case name[n-2:] == "ie" || name[n-2:] == "ey":
		return name[:n-2] + "y"
	case name[n-1] == 'i':
		return name[:n-1] + "y"
	}
	return name
}
