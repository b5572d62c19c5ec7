package person

import (
	"encoding/json"
	"testing"
)

func TestParseName(t *testing.T) {
	for in, want := range map[string]FullName{
		"":                            {},
		" , ":                         {},
		"Madonna":                     {Given: "Madonna"},
		"Mr. Smith":                   {Title: "Mr.", Surname: "Smith"},
		"Sir Elton":                   {Title: "Sir", Given: "Elton"},
		"Mr and Mrs John Smith":       {Title: "Mr and Mrs", Given: "John", Surname: "Smith"},
		"Smith, Jr.":                  {Given: "Smith", Suffix: "Jr."},
		"Smith, J.R.":                 {Surname: "Smith", Given: "J.R."},
		"Dean Martin":                 {Given: "Dean", Surname: "Martin"},
		"Yo Yo Ma":                    {Given: "Yo", Middle: "Yo", Surname: "Ma"},
		"YO YO MA":                    {Given: "YO", Middle: "YO", Surname: "MA"},
		"Anna Schmidt MA":             {Given: "Anna", Surname: "Schmidt", Suffix: "MA"},
		"Ludwig van Beethoven":        {Given: "Ludwig", Surname: "van Beethoven"},
		"von Trapp":                   {Surname: "von Trapp"},
		"Vega, Juan de la":            {Surname: "de la Vega", Given: "Juan"},
		"Osama bin Laden":             {Given: "Osama", Surname: "bin Laden"},
		"Harun al-Rashid":             {Given: "Harun", Surname: "al-Rashid"},
		"Maria da Silva dos Santos":   {Given: "Maria", Middle: "da Silva", Surname: "dos Santos"},
		"Dr. rer. nat. Angela Merkel": {Title: "Dr. rer. nat.", Given: "Angela", Surname: "Merkel"},
		"Dipl.-Ing. Karl Braun":       {Title: "Dipl.-Ing.", Given: "Karl", Surname: "Braun"},
		"Angela Merkel geb. Kasner":   {Given: "Angela", Surname: "Merkel", Maiden: "Kasner"},
		"Angela Merkel (née Kasner)":  {Given: "Angela", Surname: "Merkel", Maiden: "Kasner"},
		"Robert “Bob” De Niro":        {Given: "Robert", Nickname: "Bob", Surname: "De Niro"},
		"Robert 'Bob' O'Neill":        {Given: "Robert", Nickname: "Bob", Surname: "O'Neill"},
		"Ann (unclosed Smith":         {Given: "Ann", Middle: "(unclosed", Surname: "Smith"},
		"John van":                    {Given: "John", Surname: "van"},
		"김철수":                         {Surname: "김", Given: "철수"},
		"김철수님":                        {Title: "님", Surname: "김", Given: "철수"},
		"김철수 씨":                       {Title: "씨", Surname: "김", Given: "철수"},
		"김 철수":                        {Surname: "김", Given: "철수"},
		"철수 김":                        {Surname: "김", Given: "철수"},
		"김 양":                         {Surname: "김", Given: "양"},
		"허준":                          {Surname: "허", Given: "준"},
		"남궁민수":                        {Surname: "남궁", Given: "민수"},
		"남궁민":                         {Surname: "남궁", Given: "민"},
		"제갈공명":                        {Surname: "제갈", Given: "공명"},
		"철":                           {Given: "철"},
		"王伟":                          {Surname: "王", Given: "伟"},
		"司马相如":                        {Surname: "司马", Given: "相如"},
		"諸葛亮":                         {Surname: "諸葛", Given: "亮"},
		"高橋健":                         {Surname: "高橋", Given: "健"},
		"山田太郎":                        {Given: "山田太郎"},
		"山田 太郎":                       {Surname: "山田", Given: "太郎"},
		"山田　太郎 様":                     {Title: "様", Surname: "山田", Given: "太郎"},
		"やまだ たろう":                     {Surname: "やまだ", Given: "たろう"},
		"山田はなこ":                       {Given: "山田はなこ"},
		"ジョン・スミス":                     {Given: "ジョン", Surname: "スミス"},
		"Juan Carlos Pérez y García de la Vega": {Given: "Juan", Middle: "Carlos Pérez y García", Surname: "de la Vega"},
	} {
		if got := ParseName(in); got != want {
			t.Errorf("ParseName(%q) = %+v; want %+v", in, got, want)
		}
	}
}

// The parts that another parser's tests assert come out as they say. Those that do not are told in the log.
func TestParseNameAgainstReference(t *testing.T) {
	right, judged := 0, 0
	for _, row := range shared(t, "normalise/names.csv")[1:] {
		var want map[string]string
		if err := json.Unmarshal([]byte(row[1]), &want); err != nil {
			t.Fatal(err)
		}
		n := ParseName(row[0])
		got := map[string]string{
			"title": n.Title, "first": n.Given, "middle": n.Middle, "last": n.Surname, "suffix": n.Suffix, "nickname": n.Nickname, "maiden": n.Maiden,
		}
		judged++
		agree := true
		for part, value := range want {
			if _, known := got[part]; !known || got[part] != value {
				agree = false
				t.Logf("%q: %s is %q; the reference says %q", row[0], part, got[part], value)
			}
		}
		if agree {
			right++
		}
	}
	t.Logf("names: %d of %d agree", right, judged)
	if judged != 118 || right < 117 {
		t.Errorf("%d of %d agree", right, judged)
	}
}

func BenchmarkParseName(b *testing.B) {
	for _, in := range []string{"John Smith", "de la Vega, Dr. Juan Q. Xavier III", "김철수"} {
		b.Run(in, func(b *testing.B) {
			for b.Loop() {
				ParseName(in)
			}
		})
	}
}
