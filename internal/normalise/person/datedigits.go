package person

import (
	"strings"
	"unicode"
)

// DateDigits is a date as it was written as eight digits, the year first: 19610403 for 1961-04-03, 4/3/61, 1961年4月3日, Apr 3, 1961 and
// 3-Apr-61. A year of two digits is of 1930 to 2029. Which of two numbers is the month nobody can tell, so the first is taken for it. What is no
// date of three parts comes back as the digits it has.
func DateDigits(s string) string {
	parts, month := dateParts(s)
	year, first, second := "", "", ""
	switch {
	case month != "" && len(parts) == 2 && len(parts[0]) == 4: // 1961 Apr 3
		year, first, second = parts[0], month, parts[1]
	case month != "" && len(parts) == 2:
		year, first, second = parts[1], month, parts[0]
	case month == "" && len(parts) == 3 && len(parts[0]) == 4:
		year, first, second = parts[0], parts[1], parts[2]
	case month == "" && len(parts) == 3:
		year, first, second = parts[2], parts[0], parts[1]
	}
	if year = century(year); year == "" || len(first) > 2 || len(second) > 2 {
		return strings.Map(asciiDigit, s)
	}
	return year + "0"[:2-len(first)] + first + "0"[:2-len(second)] + second
}

// century gives a year its four digits; empty for what is no year.
func century(year string) string {
	switch {
	case len(year) == 4:
		return year
	case len(year) != 2:
		return ""
	case year >= "30":
		return "19" + year
	}
	return "20" + year
}

func asciiDigit(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// dateParts are the numbers of a text, and the month that a word of it is, as two digits. What follows a whole date is the time of the day.
func dateParts(s string) (numbers []string, month string) {
	for rest := s; rest != "" && len(numbers) < 3 && (month == "" || len(numbers) < 2); {
		letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }
		number := func(r rune) bool { return r >= '0' && r <= '9' }
		switch {
		case number(rune(rest[0])):
			n := len(rest) - len(strings.TrimLeftFunc(rest, number))
			numbers, rest = append(numbers, rest[:n]), rest[n:]
		default:
			word := rest
			if end := strings.IndexFunc(rest, number); end >= 0 {
				word = rest[:end]
			}
			rest = rest[len(word):]
			for _, w := range strings.FieldsFunc(word, func(r rune) bool { return !letter(r) }) {
				if m := months[Fold(w)]; m != "" {
					month = m
				}
			}
		}
	}
	return numbers, month
}

// months by their names and what these are short for, in the languages in which they are commonest.
var months = func() map[string]string {
	m := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(monthText), "\n") {
		for _, w := range strings.Fields(line) {
			m[w] = string([]byte{'0' + byte((i+1)/10), '0' + byte((i+1)%10)})
		}
	}
	return m
}()

// monthText has a line for each month: English, German, French, Spanish, Italian, Portuguese, Dutch.
//
//nolint:misspell // other languages
const monthText = `
jan january januar janvier janv enero ene gennaio gen janeiro januari
feb february februar fevrier fevr fev febrero febbraio fevereiro februari
mar march marz mrz mars marzo marco maart mrt
apr april avril avr abril abr aprile
may mai mayo maggio mag maio mei
jun june juni juin junio giugno giu junho
jul july juli juillet juil julio luglio lug julho
aug august aout agosto ago augustus
sep sept september septembre septiembre settembre set setembro
oct october oktober okt octobre octubre ottobre ott outubro out
nov november novembre noviembre novembro
dec december dezember dez decembre diciembre dic dicembre dezembro`
