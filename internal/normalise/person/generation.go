package person

import "strings"

// generations are the words behind a name that tell father from son: the first of a name, the second and so on. Senior is the first and junior the
// second.
var generations = map[string]int{
	"sr": 1, "snr": 1, "senior": 1, "i": 1, "1st": 1,
	"jr": 2, "jnr": 2, "junior": 2, "ii": 2, "2nd": 2, "filho": 2,
	"iii": 3, "3rd": 3, "neto": 3, "iv": 4, "4th": 4, "5th": 5,
}

// Generation takes the word that tells father from son off the end of a name, a given name, a surname or a whole one: "Smith Jr." is Smith, of the second
// generation, and "Smith, Robert III" of the third. It is 0 where there is none. A lone I is one in capitals and without a dot, else an initial; what stands
// alone is a name: Junior Smith.
func Generation(name string) (rest string, generation int) {
	rest = strings.TrimRight(name, " ,")
	at := strings.LastIndexAny(rest, " ,")
	if at < 0 {
		return name, 0
	}
	last := rest[at+1:]
	if strings.EqualFold(strings.TrimSuffix(last, "."), "i") && last != "I" {
		return name, 0
	}
	g := generations[wordKey(last)]
	before := strings.TrimRight(rest[:at], " ,")
	if g == 0 || before == "" {
		return name, 0
	}
	return before, g
}

// Generation that the suffixes of the name tell, 0 for none.
func (n FullName) Generation() int {
	for _, s := range strings.FieldsFunc(n.Suffix, func(r rune) bool { return r == ' ' || r == ',' }) {
		if g := generations[wordKey(s)]; g > 0 {
			return g
		}
	}
	return 0
}
