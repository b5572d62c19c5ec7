package normalise

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Layout reads dates and timestamps of one format. The zero Layout reads ISO 8601 and RFC 3339 (iso.go).
type Layout struct{ steps []step }

// step is one directive of a format (verb) or a character that must stand there (verb 0).
type step struct {
	verb    byte
	literal byte
}

// digits that the numeric directives take at most.
var width = map[byte]int{'Y': 4, 'y': 2, 'm': 2, 'd': 2, 'e': 2, 'H': 2, 'I': 2, 'M': 2, 'S': 2, 'j': 3, 'f': 9, 's': 18}

var expand = strings.NewReplacer("%T", "%H:%M:%S", "%R", "%H:%M", "%F", "%Y-%m-%d", "%D", "%m/%d/%y", "%h", "%b")

// ParseLayout compiles a format of strptime: %Y %y %m %d %e %j %H %I %p %M %S %f (fraction of a second) %z %Z (UTC, GMT or Z) %b %B
// %a %A %s (seconds since 1970) %T %R %F %D %%. The empty format is the zero Layout.
func ParseLayout(format string) (Layout, error) {
	var l Layout
	f := expand.Replace(format)
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			l.steps = append(l.steps, step{literal: f[i]})
			continue
		}
		i++
		if i == len(f) {
			return Layout{}, fmt.Errorf("format %q ends in a lone %%", format)
		}
		switch c := f[i]; {
		case c == '%':
			l.steps = append(l.steps, step{literal: '%'})
		case width[c] > 0 || strings.IndexByte("pzZbBaA", c) >= 0:
			l.steps = append(l.steps, step{verb: c})
		default:
			return Layout{}, fmt.Errorf("format %q has %%%c, which is not a directive", format, c)
		}
	}
	return l, nil
}

// clock is what a text says about a moment.
type clock struct {
	year, month, day, yearDay    int
	hour, minute, second, nanos  int
	pm, twelve, hasZone, isEpoch bool
	offset                       int // seconds east of UTC
	epoch                        int64
}

// Time reads a moment; where the text names no offset it is in loc. The result is in UTC with microseconds.
func (l Layout) Time(s string, loc *time.Location) (time.Time, bool) {
	c, ok := l.read(strings.TrimSpace(s))
	if !ok {
		return time.Time{}, false
	}
	if c.isEpoch {
		t := time.Unix(c.epoch, int64(c.nanos)).UTC()
		return t.Truncate(time.Microsecond), t.Year() >= 1 && t.Year() <= 9999
	}
	zone := loc
	if c.hasZone {
		zone = time.UTC
	}
	t := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second-c.offset, c.nanos, zone)
	return t.UTC().Truncate(time.Microsecond), true
}

// Date reads a day, as midnight UTC of it; a time of day that follows is not looked at.
func (l Layout) Date(s string) (time.Time, bool) {
	c, ok := l.read(strings.TrimSpace(s))
	if !ok || c.isEpoch {
		return time.Time{}, false
	}
	return time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC), true
}

func (l Layout) read(s string) (clock, bool) {
	if len(l.steps) == 0 {
		return iso(s)
	}
	c := clock{month: 1, day: 1}
	ok := true
	for _, st := range l.steps {
		switch {
		case st.verb == 0 && st.literal == ' ':
			s = strings.TrimLeft(s, " \t")
		case st.verb == 0:
			if s == "" || s[0] != st.literal {
				return c, false
			}
			s = s[1:]
		case width[st.verb] > 0:
			s, ok = c.number(st.verb, s)
		default:
			s, ok = c.word(st.verb, s)
		}
		if !ok {
			return c, false
		}
	}
	if c.yearDay > 0 && c.year > 0 {
		t := time.Date(c.year, 1, c.yearDay, 0, 0, 0, 0, time.UTC)
		c.month, c.day = int(t.Month()), t.Day()
		ok = t.Year() == c.year
	}
	return c, ok && strings.TrimSpace(s) == "" && c.valid()
}

func (c *clock) number(verb byte, s string) (string, bool) {
	n := 0
	if verb == 'e' {
		s = strings.TrimLeft(s, " ")
	}
	negative := verb == 's' && strings.HasPrefix(s, "-")
	if negative {
		s = s[1:]
	}
	for n < len(s) && n < width[verb] && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	v, err := strconv.ParseInt(s[:n], 10, 64)
	if err != nil || verb == 'Y' && n != 4 {
		return s, false
	}
	switch verb {
	case 'Y':
		c.year = int(v)
	case 'y':
		c.year = 1900 + int(v)
		if v < 69 {
			c.year += 100
		}
	case 'm':
		c.month = int(v)
	case 'd', 'e':
		c.day = int(v)
	case 'j':
		c.yearDay = int(v)
		return s[n:], v >= 1 && v <= 366
	case 'H':
		c.hour = int(v)
	case 'I':
		c.hour, c.twelve = int(v), true
		return s[n:], v >= 1 && v <= 12
	case 'M':
		c.minute = int(v)
	case 'S':
		c.second = int(v)
	case 'f':
		c.nanos = int(v)
		for i := n; i < 9; i++ {
			c.nanos *= 10
		}
	case 's':
		c.epoch, c.isEpoch = v, true
		if negative {
			c.epoch = -v
		}
	}
	return s[n:], true
}

func (c *clock) word(verb byte, s string) (string, bool) {
	switch verb {
	case 'z':
		return c.zone(s)
	case 'Z':
		for _, z := range []string{"UTC", "GMT", "Z"} {
			if len(s) >= len(z) && strings.EqualFold(s[:len(z)], z) {
				c.hasZone = true
				return s[len(z):], true
			}
		}
		return s, false
	case 'p':
		if len(s) < 2 || s[1]|0x20 != 'm' || s[0]|0x20 != 'a' && s[0]|0x20 != 'p' {
			return s, false
		}
		c.pm = s[0]|0x20 == 'p'
		return s[2:], true
	case 'b', 'B':
		m, n := month(s)
		c.month = m
		return s[n:], m > 0
	default:
		for d := time.Sunday; d <= time.Saturday; d++ {
			if n := prefixWord(s, d.String()); n > 0 {
				return s[n:], true
			}
		}
		return s, false
	}
}

// month reads an English name of a month, whole or of three letters; 0 if there is none.
func month(s string) (m, length int) {
	for m := time.January; m <= time.December; m++ {
		if n := prefixWord(s, m.String()); n > 0 {
			return int(m), n
		}
	}
	return 0, 0
}

// prefixWord is the length of word, or of its first three letters, at the start of s.
func prefixWord(s, word string) int {
	for _, n := range []int{len(word), 3} {
		if len(s) >= n && strings.EqualFold(s[:n], word[:n]) {
			return n
		}
	}
	return 0
}

// zone reads Z, +09:00, +0900 or +09.
func (c *clock) zone(s string) (string, bool) {
	c.hasZone = true
	if s != "" && (s[0] == 'Z' || s[0] == 'z') {
		return s[1:], true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return s, false
	}
	h, okH := two(s[1:])
	rest := s[3:]
	m, okM := 0, true
	if min := strings.TrimPrefix(rest, ":"); len(min) >= 2 && min[0] >= '0' && min[0] <= '9' {
		m, okM = two(min)
		rest = min[2:]
	}
	c.offset = h*3600 + m*60
	if s[0] == '-' {
		c.offset = -c.offset
	}
	return rest, okH && okM && h <= 15 && m < 60
}

func two(s string) (int, bool) {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

// valid checks ranges and settles the hour of a twelve-hour clock. A leap second is taken as the second after it.
func (c *clock) valid() bool {
	if c.isEpoch {
		return true
	}
	if c.twelve {
		c.hour %= 12
		if c.pm {
			c.hour += 12
		}
	}
	return c.year >= 1 && c.year <= 9999 && c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= daysIn(c.year, c.month) &&
		c.hour <= 23 && c.minute <= 59 && c.second <= 60
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
