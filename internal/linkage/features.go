package linkage

import (
	"strings"

	"github.com/kith-dev/kith/internal/linkage/parallel"
	"github.com/kith-dev/kith/internal/normalise/person"
)

// part of a value, or a form of it, that candidates agree in.
type part string

// The parts.
const (
	whole    part = "value"
	sound    part = "sound"
	full     part = "full" // the sound of what a given name is short for
	initial  part = "initial"
	first3   part = "first3"
	last4    part = "last4"
	last7    part = "last7"
	district part = "district" // of a postcode
	area     part = "area"     // of a postcode
	year     part = "year"
	monthDay part = "monthDay"
	yearOf   part = "yearMonth"
	local    part = "local" // of an address of electronic mail
)

// of gives the hash of a part of each value, 0 where it has none.
func (c *column) of(p part) []uint64 {
	if h, ok := c.parts[p]; ok {
		return h
	}
	out := make([]uint64, len(c.values))
	parallel.Stretches(len(out), func(from, to int) {
		for i := from; i < to; i++ {
			if s := partOf(p, c.values[i]); s != "" {
				out[i] = hash(s)
			}
		}
	})
	c.parts[p] = out
	return out
}

func partOf(p part, v string) string {
	switch p {
	case whole:
		return v
	case sound:
		return soundOf(v)
	case full:
		return soundOf(person.FullGivenName(v))
	case initial:
		return firstLetters(v, 1)
	case first3:
		return firstLetters(v, 3)
	case last4:
		return lastLetters(v, 4)
	case last7:
		return lastLetters(v, 7)
	case district:
		return districtOf(v)
	case area:
		return firstLetters(v, 2)
	case local:
		s, _, _ := strings.Cut(v, "@")
		return s
	}
	d, ok := dateOf(v)
	switch {
	case !ok:
	case p == year:
		return v[:4]
	case d.yearOnly():
	case p == monthDay:
		return v[4:]
	case p == yearOf:
		return v[:6]
	}
	return ""
}

// firstLetters are n letters, or none where there are fewer.
func firstLetters(v string, n int) string {
	for i := range v {
		if n == 0 {
			return v[:i]
		}
		n--
	}
	if n > 0 {
		return ""
	}
	return v
}

func lastLetters(v string, n int) string {
	r := []rune(v)
	if len(r) < n {
		return ""
	}
	return string(r[len(r)-n:])
}

// districtOf a postcode is what stands before its last space, or else its first half.
func districtOf(v string) string {
	if i := strings.LastIndexByte(v, ' '); i > 0 {
		return v[:i]
	}
	if len(v) < 3 {
		return ""
	}
	return v[:(len(v)+1)/2]
}

// soundOf a name is the name itself where its script tells nothing of it.
func soundOf(v string) string {
	if s := person.Sound(v); s != "" {
		return s
	}
	return v
}

// hash of a text that never changes from version to version, as models hold such numbers: FNV-1a of 64 bits, mixed. It is never 0.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h) | 1
}

// mix is the finaliser of SplitMix64.
func mix(h uint64) uint64 {
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
