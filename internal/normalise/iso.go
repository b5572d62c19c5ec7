package normalise

import "strings"

// iso reads what has one meaning without a format: ISO 8601 and RFC 3339 dates and times (2026-03-31, 20260331,
// 2026-03-31T12:00:00.5+09:00, 2026-03-31 12:00), the year-first forms with / or . between, 2026년 3월 31일, 2026年3月31日, and an
// English month by name (31 March 2026, Mar 31, 2026). Forms that put day and month in an order that countries dispute
// need a format.
func iso(s string) (clock, bool) {
	c := clock{}
	s = plainDate(s)
	rest, ok := c.yearFirst(s)
	if !ok {
		rest, ok = c.monthName(s)
	}
	if !ok {
		return c, false
	}
	if rest != "" {
		if rest[0] != 'T' && rest[0] != 't' && rest[0] != ' ' {
			return c, false
		}
		if rest, ok = c.timeOfDay(strings.TrimLeft(rest[1:], " ")); !ok {
			return c, false
		}
	}
	return c, rest == "" && c.valid()
}

// plainDate writes a Korean or Japanese date with dashes.
func plainDate(s string) string {
	if isASCII(s) {
		return s
	}
	s = strings.NewReplacer("년 ", "-", "년", "-", "월 ", "-", "월", "-", "일", "", "年", "-", "月", "-", "日", "").Replace(s)
	return strings.TrimSpace(s)
}

func (c *clock) yearFirst(s string) (string, bool) {
	hi, ok1 := two(s)
	if !ok1 || len(s) < 8 {
		return s, false
	}
	lo, ok2 := two(s[2:])
	c.year = hi*100 + lo
	sep := s[4]
	if sep >= '0' && sep <= '9' {
		var ok3, ok4 bool
		c.month, ok3 = two(s[4:])
		c.day, ok4 = two(s[6:])
		return s[8:], ok2 && ok3 && ok4 && (len(s) == 8 || s[8] < '0' || s[8] > '9')
	}
	if !ok2 || sep != '-' && sep != '/' && sep != '.' {
		return s, false
	}
	var n int
	c.month, n = oneOrTwo(s[5:])
	rest := s[5+n:]
	if n == 0 || rest == "" || rest[0] != sep {
		return s, false
	}
	c.day, n = oneOrTwo(rest[1:])
	return rest[1+n:], n > 0
}

// monthName reads "31 March 2026", "31-Mar-2026" and "March 31, 2026".
func (c *clock) monthName(s string) (string, bool) {
	skip := func(s string) string { return strings.TrimLeft(s, " ,.-") }
	var n, length int
	if c.day, n = oneOrTwo(s); n > 0 {
		s = skip(s[n:])
		c.month, length = month(s)
		s = skip(s[length:])
	} else {
		c.month, length = month(s)
		s = skip(s[length:])
		c.day, n = oneOrTwo(s)
		s = skip(s[n:])
	}
	hi, ok1 := two(s)
	if n == 0 || c.month == 0 || !ok1 {
		return s, false
	}
	lo, ok2 := two(s[2:])
	c.year = hi*100 + lo
	return s[min(4, len(s)):], ok2
}

func (c *clock) timeOfDay(s string) (string, bool) {
	var n int
	if c.hour, n = oneOrTwo(s); n == 0 || len(s) <= n || s[n] != ':' {
		return s, false
	}
	s = s[n+1:]
	var ok bool
	if c.minute, ok = two(s); !ok {
		return s, false
	}
	s = s[2:]
	if strings.HasPrefix(s, ":") {
		if c.second, ok = two(s[1:]); !ok {
			return s, false
		}
		s = s[3:]
		if s != "" && (s[0] == '.' || s[0] == ',') {
			if s = c.fraction(s[1:]); c.nanos < 0 {
				return s, false
			}
		}
	}
	if s = strings.TrimLeft(s, " "); s == "" {
		return s, true
	}
	if strings.EqualFold(s, "UTC") || strings.EqualFold(s, "GMT") {
		c.hasZone = true
		return "", true
	}
	return c.zone(s)
}

// fraction reads the digits after the seconds; nanos is -1 if there are none.
func (c *clock) fraction(s string) string {
	n, v := 0, 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		if n < 9 {
			v = v*10 + int(s[n]-'0')
		}
		n++
	}
	for i := n; i < 9; i++ {
		v *= 10
	}
	c.nanos = v
	if n == 0 {
		c.nanos = -1
	}
	return s[n:]
}

// oneOrTwo reads a number of one or two digits and says how many there were.
func oneOrTwo(s string) (value, digits int) {
	for digits < len(s) && digits < 2 && s[digits] >= '0' && s[digits] <= '9' {
		value = value*10 + int(s[digits]-'0')
		digits++
	}
	return value, digits
}
