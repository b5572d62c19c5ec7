package person

import (
	"strings"
	"unicode/utf8"
)

// Latin is a folded text in Latin letters, written by its sound: Hangul, kana, and the letters of Cyrillic, Greek, Arabic, Hebrew and Khmer. It is "" if the text
// has a character that says nothing of its sound, as Han characters do. Arabic and Hebrew leave out most vowels, and so does what they are written as.
func Latin(folded string) string {
	if folded != "" && folded[0] < utf8.RuneSelf {
		return folded
	}
	return romanise(folded)
}

// romanise writes other letters in Latin ones; "" if the text has a character that it can't.
func romanise(s string) string {
	var out []byte
	doubled := false
	for _, r := range s {
		var latin string
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == ' ':
			latin = string(r)
		case '가' <= r && r <= '힣':
			out = appendHangul(out, r)
			continue
		case r == 'ッ':
			doubled = true
			continue
		case r == 'ー':
			continue // a long vowel sounds like a short one
		default:
			var known bool
			if latin, known = latinOf[r]; !known {
				return ""
			}
		}
		if smallKana[r] && len(out) > 0 {
			// キャ is kya: the small letter takes the place of the vowel before it. シャ is sha, without the y.
			out = out[:len(out)-1]
			if n := len(out); n > 0 && (out[n-1] == 'h' || out[n-1] == 'j') {
				latin = strings.TrimPrefix(latin, "y")
			}
		}
		if latin == "" {
			continue
		}
		if doubled && latin[0] != 'c' {
			out = append(out, latin[0])
		} else if doubled {
			out = append(out, 't') // ッチ is tchi
		}
		doubled = false
		out = append(out, latin...)
	}
	return string(out)
}

// The Revised Romanization of Korea by the parts of a syllable, in the order of Unicode. Initial ㄱ, ㄷ, ㅂ are written k, t, p: before e and i a g
// would be read as in George.
var (
	hangulInitial = [...]string{"k", "kk", "n", "t", "tt", "r", "m", "p", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"}
	hangulVowel   = [...]string{
		"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i",
	}
	hangulFinal = [...]string{
		"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t",
	}
)

// appendHangul takes a syllable apart by the formula of Unicode chapter 3.12: 28 finals to each of 21 vowels, 588 syllables to
// each initial. Syllables are kept apart, as finals do not become initials of the next in the way people write their names.
func appendHangul(out []byte, r rune) []byte {
	n := int(r - '가')
	if len(out) > 0 && out[len(out)-1] != ' ' {
		out = append(out, ' ')
	}
	out = append(out, hangulInitial[n/588]...)
	out = append(out, hangulVowel[n%588/28]...)
	return append(out, hangulFinal[n%28]...)
}

// latinOf has the other letters: kana by Hepburn, Cyrillic about as passports do (ICAO 9303), Greek, Arabic, Hebrew and Khmer as newspapers do. ь and ъ have no sound.
var latinOf = func() map[rune]string {
	m := map[rune]string{}
	for _, pair := range strings.Fields(`
		アa イi ウu エe オo カka キki クku ケke コko ガga ギgi グgu ゲge ゴgo サsa シshi スsu セse ソso ザza ジji ズzu ゼze ゾzo
		タta チchi ツtsu テte トto ダda ヂji ヅzu デde ドdo ナna ニni ヌnu ネne ノno ハha ヒhi フfu ヘhe ホho バba ビbi ブbu ベbe ボbo
		パpa ピpi プpu ペpe ポpo マma ミmi ムmu メme モmo ヤya ユyu ヨyo ラra リri ルru レre ロro ワwa ヰi ヱe ヲo ンn ヴvu
		ァa ィi ゥu ェe ォo ャya ュyu ョyo ヮwa
		аa бb вv гg дd еe жzh зz иi кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ыy ь эe юyu яya іi єe ґg ђdj јy љlj њnj ћc џdz
		αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo
		اa بb تt ثth جj حh خkh دd ذdh رr زz سs شsh صs ضd طt ظz عa غgh فf قq كk لl مm نn هh وw يy ىa ةa ءa پp چch ژzh گg کk یy
		אa בb גg דd הh וv זz חh טt יy כk ךk לl מm םm נn ןn סs עa פp ףf צts ץts קk רr שsh תt
		កk ខkh គk ឃkh ងng ចch ឆch ជch ឈch ញnh ដd ឋth ឌd ឍth ណn តt ថth ទt ធth នn បb ផph ពp ភph មm យy រr លl វv សs ហh ឡl អa
		ាa ិi ីi ឹu ឺu ុu ូu ួuo ើaeu ឿoeu ៀie េe ែae ៃai ោao ៅau ំam ះah ៉ ៊ ់ ្`) {
		r, n := utf8.DecodeRuneInString(pair)
		m[r] = pair[n:]
	}
	return m
}()

// smallKana change the syllable before them.
var smallKana = map[rune]bool{'ァ': true, 'ィ': true, 'ゥ': true, 'ェ': true, 'ォ': true, 'ャ': true, 'ュ': true, 'ョ': true, 'ヮ': true}

// koreanSpelling leads the ways in which Koreans spell a surname, in Hangul and in Latin letters, to one that Sound reads, where
// no rule would bring them together.
var koreanSpelling = func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(koreanText) {
		if names := strings.Fields(line); len(names) > 0 {
			for _, n := range names {
				m[n] = names[0]
			}
		}
	}
	return m
}()

const koreanText = `
kim 김 gim ghim keem
lee 이 리 yi rhee ree rhie
park 박 bak pak bark pack
choi 최 choe choy
jung 정 jeong chung chong joung jeung
jo 조 cho joe
yoon 윤 yun youn yune
jang 장 chang jahng
lim 임 림 im rim yim leem
shin 신 sin shinn
ryu 유 류 yu yoo you lyu rhyu yoo
hwang 황 whang
jeon 전 jun chun jon chon
noh 노 로 no roh ro nho
shim 심 sim
joo 주 ju chu choo
woo 우 u wu
heo 허 hur huh her hoh
ra 나 라 na nah rah
ha 하 hah
ji 지 chi jee
jin 진 chin jean
pyo 표
yeo 여 yuh yoh
yeom 염 yum youm
`
