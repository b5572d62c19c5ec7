package retail

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// groups is a union-find over records and identifiers that keeps two loyalty cards apart.
type groups struct {
	parent map[string]string
	card   map[string]string // root -> the loyalty card of its group
}

func (g *groups) find(x string) string {
	p, ok := g.parent[x]
	if !ok || p == x {
		g.parent[x] = x
		return x
	}
	root := g.find(p)
	g.parent[x] = root
	return root
}

func (g *groups) join(a, b string) {
	a, b = g.find(a), g.find(b)
	if a == b || g.card[a] != "" && g.card[b] != "" && g.card[a] != g.card[b] {
		return
	}
	if g.card[a] == "" {
		g.card[a] = g.card[b]
	}
	g.parent[b] = a
}

func normalEmail(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if !strings.Contains(s, "@") || s == junkEmail {
		return ""
	}
	return s
}

func normalPhone(s string) string {
	n := digits(s)
	n = strings.TrimPrefix(strings.TrimPrefix(n, "82"), "0")
	if n == "" || strings.HasSuffix(n, "00000000") {
		return ""
	}
	return n
}

// profileColumns and eventColumns name the identifiers of each source, in the order of the rules: card, email, phone.
var (
	profileColumns = map[string][3]string{sourceCRM: {"멤버십카드", "이메일", "휴대전화"}, sourceLoyalty: {"card_no", "email", "mobile"}}
	eventColumns   = map[string][]string{
		sourceWeb: {"user_email", "anonymous_id"}, sourceShop: {"email"}, sourceTill: {"카드번호"}, sourceService: {"customer_no", "email"},
		sourceConsents: {"email", "phone", "loyalty_card"},
	}
	identifierOf = map[string]string{
		"user_email": "email", "email": "email", "anonymous_id": "anonymous", "카드번호": "card", "loyalty_card": "card", "customer_no": "customer",
		"phone": "phone",
	}
)

// resolve groups the records with the rules of examples/retail, strongest first, and gives each group's records.
func resolve(w *world) map[string][]string {
	g := &groups{parent: map[string]string{}, card: map[string]string{}}
	for level, kind := range []string{"card", "email", "phone"} {
		for _, source := range []string{sourceCRM, sourceLoyalty} {
			for _, key := range slices.Sorted(maps.Keys(w.rows[source])) {
				value := w.rows[source][key][profileColumns[source][level]]
				switch kind {
				case "email":
					value = normalEmail(value)
				case "phone":
					value = normalPhone(value)
				}
				record := source + "/" + key
				if kind == "card" && source == sourceCRM {
					g.join("customer:"+key, record)
				}
				if value == "" {
					continue
				}
				if kind == "card" {
					g.card[g.find("card:"+value)] = value
				}
				g.join(kind+":"+value, record)
			}
		}
	}
	for source, columns := range eventColumns {
		for key, r := range w.rows[source] {
			for _, column := range columns {
				value := r[column]
				switch identifierOf[column] {
				case "email":
					value = normalEmail(value)
				case "phone":
					value = normalPhone(value)
				}
				if value != "" {
					g.join(identifierOf[column]+":"+value, source+"/"+key)
				}
			}
		}
	}
	out := map[string][]string{}
	for x := range g.parent {
		if strings.Contains(x, "/") && !strings.Contains(x, ":") {
			out[g.find(x)] = append(out[g.find(x)], x)
		}
	}
	return out
}

// checkPeople compares the groups with truth/people.csv: every person is one group, and no two people are in one.
func checkPeople(t *testing.T, dir string, w *world, people, visitors int) map[string]string {
	t.Helper()
	owner := map[string]string{}
	members := map[string]int{}
	for _, r := range readTruth(t, dir, "people.csv") {
		owner[r[1]+"/"+r[2]] = r[0]
		members[r[0]]++
	}
	known, anonymous := 0, 0
	for root, records := range resolve(w) {
		person := owner[records[0]]
		if person == "" {
			t.Errorf("%s is on file and belongs to nobody", records[0])
			continue
		}
		if strings.HasPrefix(person, "P") {
			known++
		} else {
			anonymous++
		}
		for _, r := range records {
			if owner[r] != person {
				t.Errorf("%s: %s is of %q, %s of %q", root, r, owner[r], records[0], person)
			}
		}
		if len(records) != members[person] {
			t.Errorf("%s has %d records in one group, and %d in all", person, len(records), members[person])
		}
	}
	if known != people || anonymous != visitors {
		t.Errorf("%d people and %d visitors on file, want %d and %d", known, anonymous, people, visitors)
	}
	return owner
}
