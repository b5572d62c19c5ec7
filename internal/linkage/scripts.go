package linkage

import (
	"unicode"

	"github.com/kith-dev/kith/internal/normalise/person"
)

// spelt is how a name is written: its script, and the name in Latin letters, of none where its script says nothing of its sound.
type spelt struct {
	script int
	latin  text
}

// scripts that names are written in. The number of a script is its place, and len(scripts) is that of all others.
var scripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Hebrew, unicode.Hangul, unicode.Han, unicode.Katakana,
	unicode.Armenian, unicode.Georgian, unicode.Devanagari, unicode.Bengali, unicode.Tamil, unicode.Telugu, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// scriptOf a text is that of its first letter.
func scriptOf(t *text) int {
	if t.runes == nil {
		return 0
	}
	for _, r := range t.runes {
		for i, s := range scripts {
			if unicode.Is(s, r) {
				return i
			}
		}
	}
	return len(scripts)
}

// spelt says how each value is written, nil where all are in Latin letters.
func (c *column) spelt() []spelt {
	out := make([]spelt, len(c.values))
	foreign := false
	for i := range c.values {
		if out[i].script = scriptOf(&c.texts[i]); out[i].script != 0 {
			foreign = true
		}
	}
	if !foreign {
		return nil
	}
	for i, v := range c.values {
		out[i].latin = newText(person.Latin(v))
	}
	return out
}

// across is how alike two names in different scripts are. They are never equal, and one that can't be read in the other's letters tells nothing.
func (n *names) across(a, b int32) level {
	x, y := &n.spelt[a].latin, &n.spelt[b].latin
	switch {
	case x.len() == 0 || y.len() == 0:
		return missing
	case n.sounds[a] == n.sounds[b], min(x.len(), y.len()) > 2 && within(x, y, 1):
		return nameNearly
	}
	switch s := jaroWinkler(x, y, alike); {
	case s >= nearly:
		return nameNearly
	case n.related(a, b):
		return namePet
	case s >= alike:
		return nameSimilar
	}
	return differs
}
