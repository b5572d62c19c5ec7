package person

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// pieces are what the rules look for, to be thrown together.
var pieces = strings.Split(`a|A.|O|o'|Mc|Smith|de|la|von|Dr.|Jr.|Ph.|D.|née|geb.|the|of|and|y|&|,|,|,|(|)|"|'|‘|’|“|[|]|King|Mr|US|MA|V|i|`+
	`1|12|5a|N165|W2123|3/12|1/2|99999|1012|AB|SW1A|1AA|9999|#|No.|box|PO|rr|apt|fl|3rd|floor|ph|ph1|dept|mail|code|attn|c/o|C/|St|Ave|Rd|N|NW|north|`+
	`rue|calle|highway|county|road|fm|us|NY|New York|CA|in|broadway|strasse|Hauptstr.|usa|;|-|–|/|.|`+
	`김|철수|남궁|님|서울특별시|강남구|테헤란로|12길|역삼동|산|산1|山田|高橋|東京都|市|区|丁|丁目|一丁目|2番|県|の|ー|ッ|ャ|シャ|カ゛|々|😊|ß|İ|ı|e\u0301|\u0301|\u200b|\xff|０`, "|")

// Whatever is thrown at them, no function panics, and folding twice is folding once.
func TestRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var b strings.Builder
		for range r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
			if r.IntN(4) > 0 {
				b.WriteByte(' ')
			}
		}
		s := b.String()
		folded := Fold(s)
		if again := Fold(folded); again != folded {
			t.Fatalf("Fold(%q) = %q, and of that %q", s, folded, again)
		}
		ParseName(s)
		ParseAddress(s)
		Street(s)
		StreetRoot(s)
		HouseNumber(s)
		Unit(s)
		Sound(s)
		Sound(folded)
		Mailbox(s + "@gmail.com")
		LocalPart(s)
		Related(folded, s)
	}
}
