package person

import (
	"strings"
	"testing"
)

func TestRelated(t *testing.T) {
	for _, pair := range []string{
		"bob robert", "robert bob", "liz elizabeth", "bill william", "chris christopher", "chris christine", "peggy margaret", "dick richard", "jack john",
		"ted edward", "ted theodore", "sasha aleksandr", "саша александр", "pepe jose", "paco francisco", "beppe giuseppe", "kasia katarzyna", "gosia malgorzata",
		"sepp josef", "uschi ursula", "manu emmanuel", "john juan", "steven stephen", "kathy katherine", "bärbel barbara", "same same", "vickie vicky", "jodie jodi", "bobbi robert",
	} {
		a, b, _ := strings.Cut(pair, " ")
		if !Related(Fold(a), Fold(b)) {
			t.Errorf("%s and %s are not related", a, b)
		}
	}
	for _, pair := range []string{"albert robert", "christopher christine", "edward theodore", "john mary", "unheard unknown", "liz bill", "carl carly"} {
		a, b, _ := strings.Cut(pair, " ")
		if Related(a, b) {
			t.Errorf("%s and %s are related", a, b)
		}
	}
	if Related("", "") {
		t.Error("two missing names are related")
	}
	if n := len(GivenNameGroups("chris")); n < 2 {
		t.Errorf("chris stands in %d groups", n)
	}
}

// The lookup finds half of the pairs of a published list of nicknames, many of which are rare or of past centuries, and three in four of those
// whose full name occurs twenty times or more among 15,000 Australian records.
func TestRelatedAgainstPublishedList(t *testing.T) {
	inUse := map[string]int{}
	for _, file := range []string{"identity/febrl3.csv", "identity/febrl4a.csv", "identity/febrl4b.csv"} {
		for _, row := range shared(t, file)[1:] {
			inUse[row[1]]++
		}
	}
	var all, found, common, commonFound int
	for _, row := range shared(t, "identity/nicknames.csv")[1:] {
		for _, nick := range row[1:] {
			if nick == "" {
				continue
			}
			related := Related(Fold(row[0]), Fold(nick))
			all++
			if related {
				found++
			}
			if inUse[row[0]] >= 20 {
				common++
				if related {
					commonFound++
				} else {
					t.Logf("%s and %s are not related", row[0], nick)
				}
			}
		}
	}
	t.Logf("nicknames: %d of %d pairs, %d of %d of common names", found, all, commonFound, common)
	if all != 2362 || found*100 < all*50 || commonFound*100 < common*75 {
		t.Errorf("%d of %d pairs, %d of %d of common names", found, all, commonFound, common)
	}
}

func TestGenderOf(t *testing.T) {
	for name, want := range map[string]Gender{
		"mark": Male, "marsha": Female, "patrick": Male, "patricia": Female, "bob": Male, "peggy": Female, "jürgen": Male, "waltraud": Female, "сергей": Male, "ирина": Female,
		"andrea": AnyGender, "pat": AnyGender, "chris": AnyGender, "kim": AnyGender, "jean": AnyGender, "tony": AnyGender, "toni": AnyGender, "unheard": AnyGender, "": AnyGender,
	} {
		if got := GenderOf(Fold(name)); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestFullGivenName(t *testing.T) {
	for name, want := range map[string]string{
		"bob": "robert", "robert": "robert", "peggie": "margaret", "margaret": "margaret", "bill": "william", "margarita": "margarita", "unheard": "unheard", "": "",
	} {
		if got := FullGivenName(Fold(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func BenchmarkRelated(b *testing.B) {
	for b.Loop() {
		Related("elizabeth", "bob")
	}
}
