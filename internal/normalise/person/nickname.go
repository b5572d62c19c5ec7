package person

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed nicknames.txt
var nicknameText string

// nicknames has, for each name of nicknames.txt, the groups that it stands in, ascending.
var nicknames = sync.OnceValue(func() map[string][]int32 {
	groups := map[string][]int32{}
	id := int32(0)
	for line := range strings.Lines(nicknameText) {
		names := strings.Fields(line)
		if len(names) == 0 || names[0] == "#" {
			continue
		}
		for _, n := range names {
			if n = petKey(Fold(n)); !slices.Contains(groups[n], id) {
				groups[n] = append(groups[n], id)
			}
		}
		id++
	}
	return groups
})

// GivenNameGroups are the groups of given names that one person may go by which a folded name stands in: bob and robert share one;
// chris stands in those of christopher and christine. A name that no list knows has none. The numbers mean nothing outside
// this process, and the slice is shared: it is not to be changed.
func GivenNameGroups(folded string) []int32 { return nicknames()[petKey(folded)] }

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
