package identity

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// card is a random record: the person, the hour and the values as text, empty for missing.
type card struct {
	source, key                            string
	person, hour, street, points, ok, nick string
}

var cardFields = append(text("@customerId", "street"), Field{Name: "points", Type: sqlgen.Integer}, Field{Name: "ok", Type: sqlgen.Boolean}, Field{Name: "nick", Type: sqlgen.String})

func (c card) row() string {
	return strings.Join([]string{c.key, c.hour, c.person, c.street, c.points, c.ok, c.nick}, "|")
}

func randomCards(r *rand.Rand, n int) []card {
	maybe := func(v string) string {
		if r.IntN(4) == 0 {
			return ""
		}
		return v
	}
	out := make([]card, n)
	for i := range out {
		out[i] = card{
			source: []string{"crm", "erp"}[r.IntN(2)], key: fmt.Sprintf("%03d", i), person: fmt.Sprintf("p%02d", r.IntN(n/6)),
			hour: maybe(strconv.Itoa(r.IntN(5))), street: maybe(strings.Repeat("s", 1+r.IntN(4))), points: maybe(strconv.Itoa(r.IntN(21) - 10)),
			ok: maybe([]string{"true", "false"}[r.IntN(2)]), nick: maybe(string(rune('A'+r.IntN(5))) + strings.Repeat("n", r.IntN(3))),
		}
	}
	return out
}

var cardPriority = map[string]int{"crm": 2, "erp": 1}

// naive gives the records of a person in the order in which the documentation ranks them for a group, best first. Values are those of the group.
func naive(cards []card, s Survivorship, values func(card) []string) []card {
	in := slices.DeleteFunc(slices.Clone(cards), func(c card) bool { return strings.Join(values(c), "") == "" })
	verified := func(c card) bool { return s.VerifiedBy != "" && c.ok == "true" }
	hour := func(c card, missing int) int {
		if c.hour == "" {
			return missing
		}
		n, _ := strconv.Atoi(c.hour)
		return n
	}
	times := func(c card) (n int) {
		for _, o := range in {
			if verified(o) == verified(c) && slices.Equal(values(o), values(c)) {
				n++
			}
		}
		return n
	}
	smaller := func(a, b card) int {
		x, y := values(a)[0], values(b)[0]
		i, notInteger := strconv.Atoi(x)
		j, neither := strconv.Atoi(y)
		if notInteger == nil && neither == nil {
			return cmp.Compare(i, j)
		}
		return cmp.Compare(x, y)
	}
	size := func(a, b card, sign int) int {
		switch x, y := values(a)[0] == "", values(b)[0] == ""; {
		case x && y:
			return 0
		case x:
			return 1
		case y:
			return -1
		}
		return sign * smaller(a, b)
	}
	slices.SortFunc(in, func(a, b card) int {
		if verified(a) != verified(b) {
			return map[bool]int{true: -1, false: 1}[verified(a)]
		}
		by := 0
		switch s.Strategy {
		case MostRecent:
			by = cmp.Compare(hour(b, -1), hour(a, -1))
		case First:
			by = cmp.Compare(hour(a, 99), hour(b, 99))
		case MostFrequent:
			by = cmp.Compare(times(b), times(a))
		case Longest:
			by = cmp.Compare(len(strings.Join(values(b), "")), len(strings.Join(values(a), "")))
		case Minimum:
			by = size(a, b, 1)
		case Maximum:
			by = size(a, b, -1)
		}
		return cmp.Or(by, cmp.Compare(cardPriority[a.source], cardPriority[b.source]), cmp.Compare(hour(b, -1), hour(a, -1)),
			cmp.Compare(a.source, b.source), cmp.Compare(a.key, b.key))
	})
	return in
}

// want is what a class sees of the people: profiles, lists of at most three nicknames, and how many have no place.
func survivorsOf(cards []card, class string, group, nick Survivorship) (profiles, lists, origins []string, cut int) {
	people := map[string][]card{}
	for _, c := range cards {
		if class == "both" || c.source == class {
			people[c.person] = append(people[c.person], c)
		}
	}
	for person, of := range people {
		row := []string{class, person, "", "", ""}
		both := naive(of, group, func(c card) []string {
			return map[bool][]string{true: {c.points, c.street}, false: {c.street, c.points}}[group.Attributes[0] == "points"]
		})
		if len(both) > 0 {
			row[2], row[3] = both[0].street, both[0].points
			for _, a := range group.Attributes {
				origins = append(origins, strings.Join([]string{class, person, a, both[0].source, both[0].key}, "|"))
			}
		}
		seen := map[string]bool{}
		for _, c := range naive(of, nick, func(c card) []string { return []string{c.nick} }) {
			if seen[c.nick] {
				continue
			}
			seen[c.nick] = true
			if len(seen) == 1 {
				row[4] = c.nick
			}
			if len(seen) > nick.List {
				cut++
				continue
			}
			lists = append(lists, strings.Join([]string{class, person, "nick", strconv.Itoa(len(seen)), c.nick, c.source, c.key}, "|"))
		}
		profiles = append(profiles, strings.Join(row, "|"))
	}
	return profiles, lists, origins, cut
}

// Random records survive as the documentation's words say, by every strategy, verified first or not, in a group of two and in a list, for each class.
func TestRandomSurvivors(t *testing.T) {
	for n, strategy := range strategies {
		for _, verifiedBy := range []string{"", "ok"} {
			t.Run(string(strategy)+verifiedBy, func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(n), 5))
				cards := randomCards(r, 300)
				group := Survivorship{Attributes: []string{"street", "points"}, Strategy: strategy, VerifiedBy: verifiedBy}
				if n%2 == 0 {
					slices.Reverse(group.Attributes)
				}
				nick := Survivorship{Attributes: []string{"nick"}, Strategy: strategy, VerifiedBy: verifiedBy, List: 3}
				w := newWorld(t)
				w.cfg.Deterministic, w.cfg.Survivorship = [][]string{{"customerId"}}, []Survivorship{group, nick}
				w.cfg.Classes = []Class{{"both", []string{"a"}, []string{"crm", "erp"}}, {"crm", []string{"b"}, []string{"crm"}}}
				for source, priority := range cardPriority {
					var rows []string
					for _, i := range r.Perm(len(cards)) {
						if cards[i].source == source {
							rows = append(rows, cards[i].row())
						}
					}
					w.source(source, Profile, priority, cardFields, rows...)
				}
				rev := w.run()
				var profiles, lists, origins []string
				cut := int64(0)
				for _, class := range []string{"both", "crm"} {
					p, l, o, n := survivorsOf(cards, class, group, nick)
					profiles, lists, origins, cut = append(profiles, p...), append(lists, l...), append(origins, o...), cut+int64(n)
				}
				slices.Sort(profiles)
				slices.Sort(lists)
				slices.Sort(origins)
				equal(t, "profiles", w.rows("profiles", "SELECT [class, customerId, street, points::VARCHAR, nick] FROM {t}"), profiles)
				listed := w.ofPeople("profile_values", "SELECT [class, customerId, attribute, place::VARCHAR, value, source, record_key] FROM {t}")
				equal(t, "lists", listed, lists)
				equal(t, "provenance", w.ofPeople("provenance", "SELECT [class, customerId, attribute, source, record_key] FROM {t} WHERE attribute IN ('street', 'points')"), origins)
				if got := w.outputOf(rev, "cut/nick"); got != cut || cut == 0 {
					t.Errorf("cut/nick is %d, want %d, and more than none", got, cut)
				}
			})
		}
	}
}

// ofPeople is rows of a relation that is joined with the customerId of its profiles.
func (w *world) ofPeople(relation, q string) []string {
	w.t.Helper()
	w.rows("profiles", "SELECT [class] FROM {t}") // makes the view
	return w.rows(relation, strings.ReplaceAll(q, "{t}", "{t} JOIN (SELECT class, profile_id, customerId FROM test_profiles) USING (class, profile_id)"))
}
