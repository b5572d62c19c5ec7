package people

import "github.com/kith-dev/kith/hack/datagen/draw"

// mistake is one way in which a record comes to differ from the truth. It reports whether it changed something: a record may lack
// the field, or the name a letter that could be misread.
type mistake struct {
	share int64
	make  func(r draw.RNG, rec *Record) bool
}

// mistakes with their shares, in percent of all mistakes.
var mistakes = []mistake{
	{11, func(r draw.RNG, rec *Record) bool { return change(&rec.Given, misspelt(r, rec.Given)) }},
	{11, func(r draw.RNG, rec *Record) bool { return change(&rec.Surname, misspelt(r, rec.Surname)) }},
	{5, func(r draw.RNG, rec *Record) bool { return change(&rec.Given, misheardOnce(r, rec.Given)) }},
	{8, func(r draw.RNG, rec *Record) bool { return change(&rec.Surname, misheardOnce(r, rec.Surname)) }},
	{2, func(r draw.RNG, rec *Record) bool { return change(&rec.Given, misreadOnce(r, rec.Given)) }},
	{4, func(r draw.RNG, rec *Record) bool { return change(&rec.Surname, misreadOnce(r, rec.Surname)) }},
	{4, func(_ draw.RNG, rec *Record) bool { return change(&rec.Given, initial(rec.Given)) }},
	{3, func(_ draw.RNG, rec *Record) bool {
		rec.Given, rec.Surname = rec.Surname, rec.Given
		return rec.Given != rec.Surname
	}},
	{3, func(_ draw.RNG, rec *Record) bool { // the second name is the one that is used
		if len([]rune(rec.Middle)) < 2 {
			return false
		}
		rec.Given, rec.Middle = rec.Middle, ""
		return true
	}},
	{4, func(_ draw.RNG, rec *Record) bool {
		return rec.BirthDate != "" && change(&rec.BirthDate, dayAndMonthSwapped(rec.BirthDate))
	}},
	{9, func(r draw.RNG, rec *Record) bool {
		return rec.BirthDate != "" && change(&rec.BirthDate, wrongDate(r, rec.BirthDate))
	}},
	{9, func(r draw.RNG, rec *Record) bool { return change(&rec.Phone, wrongDigit(r, rec.Phone, 0)) }},
	{9, func(r draw.RNG, rec *Record) bool {
		return rec.Email != "" && change(&rec.Email, wrongEmail(r, rec.Email))
	}},
	{6, func(r draw.RNG, rec *Record) bool { return change(&rec.Street, misspelt(r, rec.Street)) }},
	{5, func(_ draw.RNG, rec *Record) bool { return change(&rec.HouseNumber, "") }},
	{4, func(r draw.RNG, rec *Record) bool { return change(&rec.Postcode, wrongDigit(r, rec.Postcode, 0)) }},
	{3, func(r draw.RNG, rec *Record) bool { return change(&rec.City, misspelt(r, rec.City)) }},
}

var mistakeBy = func() shares {
	var weights []int64
	for _, k := range mistakes {
		weights = append(weights, k.share)
	}
	return sharesOf(weights...)
}()

func change(field *string, to string) bool {
	if *field == to {
		return false
	}
	*field = to
	return true
}

func initial(name string) string {
	if runes := []rune(name); len(runes) > 1 && !isHangul(runes[0]) {
		return string(runes[:1])
	}
	return name
}

// mistakenAtOnce: how many mistakes a record has that has any.
var mistakenAtOnce = sharesOf(65, 25, 7, 3)

// damage makes the mistakes of a record. What a source writes without marks it always writes so, hence it is no mistake here.
func (m *maker) damage(rec *Record, s *source) {
	r := m.r
	if r.Percent(withoutMarksPercent) {
		german := r.Percent(70)
		for _, f := range []*string{&rec.Given, &rec.Middle, &rec.Surname, &rec.Street, &rec.City} {
			*f = withoutMarks(*f, german)
		}
	}
	if !r.Percent(s.mistaken) {
		return
	}
	for range 1 + mistakenAtOnce.draw(r) {
		for range 6 { // until one fits the record
			if mistakes[mistakeBy.draw(r)].make(r, rec) {
				break
			}
		}
	}
}

// withoutMarksPercent of records have lost the marks on their letters.
const withoutMarksPercent = 18
