package person

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// asianAddress reads an address in Korean or Japanese; false if it is in neither.
func asianAddress(s string) (Address, bool) {
	hangul, other := false, false
	for _, r := range s {
		hangul = hangul || unicode.Is(unicode.Hangul, r)
		other = other || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
	}
	switch {
	case hangul:
		return koreanAddress(norm.NFKC.String(s)), true
	case other:
		return japaneseAddress(norm.NFKC.String(s)), true
	}
	return Address{}, false
}

// koreanProvinces are the ways to write a province or metropolitan city, by the short one.
var koreanProvinces = pairs(`
	서울: 서울특별시 서울시
	부산: 부산광역시 부산시
	대구: 대구광역시 대구시
	인천: 인천광역시 인천시
	광주: 광주광역시
	대전: 대전광역시 대전시
	울산: 울산광역시 울산시
	세종: 세종특별자치시 세종시
	경기: 경기도
	강원: 강원도 강원특별자치도
	충북: 충청북도
	충남: 충청남도
	전북: 전라북도 전북특별자치도
	전남: 전라남도
	경북: 경상북도
	경남: 경상남도
	제주: 제주도 제주특별자치도`)

// koreanAddress reads "province city road number (quarter)", and the older form with a quarter and a lot number for road and number.
func koreanAddress(s string) Address {
	var a Address
	var units []string
	lot := "" // the quarter, which is the street unless a road follows
	fields := koreanFields(s)
	for i, w := range fields {
		next := ""
		if i+1 < len(fields) {
			next = fields[i+1]
		}
		switch {
		case w == "대한민국" || w == "한국":
		case a.Postcode == "" && (shape(w) == "99999" || shape(w) == "999-999"):
			a.Postcode = w
		case a.HouseNumber != "" && a.Street != "":
			if unit := strings.TrimRight(w, "동호실층"); unit != "" && (hasDigit(unit) || unit == "b") {
				units = append(units, unit)
			}
		case a.Region == "" && a.City == "" && koreanProvinces[w] != "":
			a.Region = koreanProvinces[w]
		case a.Street != "" && strings.HasSuffix(w, "길") && isDigit(w[0]): // 테헤란로 12길
			a.Street += w
		case a.Street == "" && koreanRoad(w):
			a.Street = w
		case isDigit(w[0]) && (a.Street != "" || lot != ""):
			a.HouseNumber = strings.TrimSuffix(strings.TrimSuffix(w, "번지"), "번")
			if a.Street == "" {
				a.Street = lot
			}
		case a.Street == "" && strings.HasPrefix(w, "산") && len(w) > len("산") && isDigit(w[len("산")]):
			a.Street, a.HouseNumber = lot, w
		case a.Street == "" && (endsIn(w, "동리가") && next != "" || lot != "" && endsIn(w, "읍면")):
			lot = w
		case a.Street == "" && endsIn(w, "시군구읍면"):
			a.City = strings.TrimSpace(a.City + " " + w)
		}
	}
	if a.Street == "" {
		a.Street = lot
	}
	a.Unit = strings.Join(units, "-")
	return a
}

// koreanFields are the words, with a number split off the road that it is glued to, without the quarter in parentheses.
func koreanFields(s string) []string {
	var fields []string
	inside := false
	for _, w := range strings.FieldsFunc(strings.NewReplacer("(", " ( ", ")", " ) ", ",", " ").Replace(strings.ToLower(s)), unicode.IsSpace) {
		switch {
		case w == "(" || w == ")":
			inside = w == "("
			continue
		case inside && shape(w) != "99999":
			continue
		}
		if at := strings.LastIndexAny(w, "로길동"); at > 0 {
			name, tail := w[:at+len("로")], w[at+len("로"):]
			if tail != "" && strings.Trim(tail, "0123456789-") == "" {
				fields = append(fields, name, tail)
				continue
			}
		}
		fields = append(fields, w)
	}
	return fields
}

func koreanRoad(w string) bool { return endsIn(w, "로길") && len(w) > len("로") }

// endsIn reports whether the last character of a word is one of the given.
func endsIn(w, chars string) bool {
	return len(w) > 3 && strings.Contains(chars, w[len(w)-3:])
}

// japaneseAddress reads "prefecture city quarter 1-2-3 building": the numbers of block, lot and house are HouseNumber, in digits and with hyphens
// (一丁目2番3号 is 1-2-3), and the quarter is Street. A fourth number, or one behind a building, is Unit.
func japaneseAddress(s string) Address {
	var a Address
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s), "〒"))
	if shape(firstField(s)) == "999-9999" || shape(firstField(s)) == "9999999" {
		a.Postcode = strings.ReplaceAll(firstField(s), "-", "")
		s = s[len(firstField(s)):]
	}
	s = strings.TrimPrefix(strings.TrimSpace(s), "日本")
	chars := []rune(strings.Join(strings.Fields(s), " "))
	if n := prefecture(chars); n > 0 {
		a.Region, chars = string(chars[:n]), chars[n:]
	}
	if n := municipality(chars); n > 0 {
		a.City, chars = string(chars[:n]), chars[n:]
	}
	quarter, numbers, building := japaneseNumbers(chars)
	a.Street, a.City = Fold(quarter), strings.TrimSpace(a.City)
	if len(numbers) > 3 {
		a.Unit, numbers = numbers[3], numbers[:3]
	} else {
		tail := strings.FieldsFunc(building, func(r rune) bool { return r < '0' || r > '9' })
		if len(tail) > 0 {
			a.Unit = tail[len(tail)-1]
		}
	}
	a.HouseNumber = strings.Join(numbers, "-")
	return a
}

func firstField(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}

// prefecture is how many characters name one: 東京都, 北海道, 京都府, 大阪府 or two or three and 県.
func prefecture(chars []rune) int {
	if len(chars) < 3 {
		return 0
	}
	switch string(chars[:3]) {
	case "東京都", "北海道", "京都府", "大阪府":
		return 3
	}
	return 1 + slices.Index(chars[:min(4, len(chars))], '県')
}

// municipality is how many characters name a city with its ward, a ward of Tokyo, or a town in its district.
func municipality(chars []rune) int {
	for _, kind := range "市区町村" {
		at := slices.Index(chars[min(1, len(chars)):], kind) + 1
		if at == 0 || slices.ContainsFunc(chars[:at], unicode.IsDigit) {
			continue
		}
		if at+1 < len(chars) && chars[at+1] == kind { // 四日市市
			at++
		}
		if ward := slices.Index(chars[at+1:min(at+5, len(chars))], '区'); kind == '市' && ward > 0 {
			at += 1 + ward
		}
		return at + 1
	}
	return 0
}

// japaneseNumbers are the numbers behind the name of a quarter and what stands behind them.
func japaneseNumbers(chars []rune) (quarter string, numbers []string, building string) {
	at := 0
	for at < len(chars) && !unicode.IsDigit(chars[at]) {
		if chars[at] == '丁' && at > 0 && kanjiDigit(chars[at-1]) > 0 {
			at--
			chars = slices.Clone(chars)
			chars[at] = '0' + kanjiDigit(chars[at])
			break
		}
		at++
	}
	quarter = strings.TrimSpace(string(chars[:at]))
	number := ""
	for at < len(chars) {
		r := chars[at]
		switch {
		case '0' <= r && r <= '9':
			number += string(r)
		case number != "" && strings.ContainsRune("-丁番号の−‐―ー", r):
			numbers, number = append(numbers, number), ""
		case number == "" && len(numbers) > 0 && strings.ContainsRune("目地の", r):
		default:
			if number != "" {
				numbers = append(numbers, number)
			}
			return quarter, numbers, string(chars[at:])
		}
		at++
	}
	if number != "" {
		numbers = append(numbers, number)
	}
	return quarter, numbers, ""
}

// kanjiDigit is the value of a numeral from one to nine, else 0.
func kanjiDigit(r rune) rune { return rune(slices.Index([]rune("〇一二三四五六七八九"), r)) }
