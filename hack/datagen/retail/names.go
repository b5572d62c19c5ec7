package retail

import "strings"

// written is one name in its own script and in the letters that an address may have.
type written struct{ native, roman string }

// nationality has its names; the CRM's code page, CP949, holds all of them except the accents of latinGiven.
type nationality struct{ surnames, given []written }

var koreans = nationality{
	surnames: []written{
		{"김", "kim"}, {"이", "lee"}, {"박", "park"}, {"최", "choi"}, {"정", "jung"}, {"강", "kang"}, {"조", "cho"}, {"윤", "yoon"}, {"장", "jang"},
		{"임", "lim"}, {"한", "han"}, {"오", "oh"}, {"서", "seo"}, {"신", "shin"}, {"권", "kwon"}, {"황", "hwang"}, {"안", "ahn"}, {"송", "song"},
		{"남궁", "namgung"}, {"선우", "sunwoo"},
	},
	given: []written{
		{"민준", "minjun"}, {"서준", "seojun"}, {"도윤", "doyun"}, {"예준", "yejun"}, {"시우", "siwoo"}, {"하준", "hajun"}, {"지호", "jiho"}, {"지후", "jihoo"},
		{"준우", "junwoo"}, {"현우", "hyunwoo"}, {"서연", "seoyeon"}, {"서윤", "seoyun"}, {"지우", "jiwoo"}, {"서현", "seohyun"}, {"하은", "haeun"},
		{"하윤", "hayun"}, {"민서", "minseo"}, {"지유", "jiyu"}, {"채원", "chaewon"}, {"수아", "sua"}, {"영호", "youngho"}, {"정숙", "jungsook"},
		{"미경", "mikyung"}, {"성민", "sungmin"}, {"은지", "eunji"}, {"설믜", "seolmui"}, {"봄", "bom"}, {"슬", "seul"}, {"한결", "hangyeol"}, {"빛나", "bitna"},
	},
}

var japanese = nationality{
	surnames: []written{
		{"佐藤", "sato"}, {"鈴木", "suzuki"}, {"高橋", "takahashi"}, {"田中", "tanaka"}, {"伊藤", "ito"}, {"山本", "yamamoto"}, {"中村", "nakamura"},
		{"小林", "kobayashi"}, {"加藤", "kato"}, {"吉田", "yoshida"}, {"木村", "kimura"}, {"松本", "matsumoto"},
	},
	given: []written{
		{"さくら", "sakura"}, {"ひなた", "hinata"}, {"あおい", "aoi"}, {"ハルト", "haruto"}, {"ユウタ", "yuta"}, {"ケンジ", "kenji"}, {"健太", "kenta"},
		{"花子", "hanako"}, {"美", "mi"}, {"陽太", "yota"},
	},
}

var latin = nationality{
	surnames: []written{
		{"Smith", "smith"}, {"Garcia", "garcia"}, {"Nguyen", "nguyen"}, {"Dubois", "dubois"}, {"O'Brien", "obrien"}, {"Rossi", "rossi"}, {"Schmidt", "schmidt"},
		{"van den Berg", "vandenberg"},
	},
	given: []written{
		{"Emma", "emma"}, {"Oliver", "oliver"}, {"Zoë", "zoe"}, {"José", "jose"}, {"Anaïs", "anais"}, {"Liam", "liam"}, {"Mia", "mia"}, {"Jean-Luc", "jeanluc"},
	},
}

// nationalityOf is Korean for 85 in 100, Japanese for 8, Latin for 7.
func nationalityOf(n int64) nationality {
	switch {
	case n < 85:
		return koreans
	case n < 93:
		return japanese
	}
	return latin
}

// withoutAccents is how the CRM spells a name that its code page cannot hold.
var withoutAccents = strings.NewReplacer("ë", "e", "é", "e", "ï", "i")

// misspelt swaps two letters, or doubles the only one: what a clerk makes of a name heard on the telephone.
func misspelt(name string) string {
	runes := []rune(name)
	if len(runes) < 2 {
		return name + name
	}
	last := len(runes) - 1
	runes[last], runes[last-1] = runes[last-1], runes[last]
	if string(runes) == name {
		return name + string(runes[last])
	}
	return string(runes)
}
