package person

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// eastAsian reads a name in Hangul, Han characters or kana; false if it is written in anything else.
//
// Hangul without a space is split behind the surname, one syllable or one of the few surnames of two. Han characters are split
// behind a surname that is on a list; what begins with none is kept whole, as Japanese surnames have one to three characters and only a dictionary
// of all tells where they end. Such a name, and one that has kana and no space, is Given, like any single word.
func eastAsian(s string) (FullName, bool) {
	var n FullName
	fields := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '・' || r == '･' })
	if len(fields) == 0 || slices.ContainsFunc(fields, func(f string) bool { return strings.ContainsFunc(f, notEastAsian) }) {
		return n, false
	}
	fields = n.takeHonorific(fields)
	hangul := !strings.ContainsFunc(strings.Join(fields, ""), func(r rune) bool { return !unicode.Is(unicode.Hangul, r) })
	switch {
	case len(fields) > 2 || len(fields) == 2 && katakanaOnly(fields):
		// A foreign name in kana keeps its own order.
		n.Given, n.Surname = fields[0], fields[len(fields)-1]
		n.Middle = strings.Join(fields[1:len(fields)-1], " ")
	case len(fields) == 2 && hangul && utf8.RuneCountInString(fields[0]) > 1 && utf8.RuneCountInString(fields[1]) == 1:
		n.Given, n.Surname = fields[0], fields[1]
	case len(fields) == 2:
		n.Surname, n.Given = fields[0], fields[1]
	case hangul:
		n.Surname, n.Given = splitHangul(fields[0])
	default:
		n.Surname, n.Given = splitHan(fields[0])
	}
	return n, true
}

func notEastAsian(r rune) bool {
	return !unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana) && r != 'ー'
}

func katakanaOnly(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool {
		return strings.ContainsFunc(f, func(r rune) bool { return !unicode.Is(unicode.Katakana, r) && r != 'ー' })
	})
}

// honorifics stand behind a name. 씨 and 군 end given names as well and count only as a word of their own.
var (
	honorifics     = []string{"님", "様", "さん", "殿", "先生", "女士", "小姐"}
	honorificWords = []string{"님", "씨", "군", "양", "귀하", "様", "さん", "殿", "先生", "氏", "女士", "小姐"}
)

func (n *FullName) takeHonorific(fields []string) []string {
	last := fields[len(fields)-1]
	if len(fields) > 1 && slices.Contains(honorificWords, last) {
		// "김 양" is a whole name, of the surname Kim; "김영희 양" is not.
		if len(fields) > 2 || utf8.RuneCountInString(fields[0]) > 2 || strings.Contains("님씨귀하様さん殿先生氏", last) {
			n.Title = last
			return fields[:len(fields)-1]
		}
	}
	for _, h := range honorifics {
		if name, ok := strings.CutSuffix(last, h); ok && utf8.RuneCountInString(name) > 1 {
			n.Title = h
			return append(slices.Clone(fields[:len(fields)-1]), name)
		}
	}
	return fields
}

// hangulSurnames are the Korean surnames of two syllables.
var hangulSurnames = words(`남궁 선우 제갈 황보 사공 독고 동방 서문 어금 망절 무본 소봉 장곡 강전`)

func splitHangul(s string) (surname, given string) {
	const syllable = len("김")
	switch n := len(s) / syllable; {
	case n == 1 || n > 5:
		return "", s
	case n > 2 && hangulSurnames[s[:2*syllable]], n == 2 && hangulSurnames[s]:
		return s[:2*syllable], s[2*syllable:]
	}
	return s[:syllable], s[syllable:]
}

// hanSurnames are Chinese surnames of two characters, in both scripts, and Japanese ones that begin with a character which is a Chinese
// surname by itself, so that 高橋健 is not split behind 高.
var hanSurnames = words(`
	欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 令狐 慕容 司徒 司空 夏侯 宇文 长孙 長孫 端木 百里 呼延 南宫 南宮 东郭 東郭 轩辕 軒轅 独孤 獨孤 西门 西門
	申屠 太史 公冶 澹台 澹臺 宗政 濮阳 濮陽 淳于 单于 單于 钟离 鍾離 闾丘 閭丘 鲜于 鮮于 拓跋 万俟 第五
	高橋 高木 高田 高野 高山 高井 小林 林田 石川 石井 石田 石原 石黒 金子 金田 金井 金沢 安藤 安田 安部 安達 江口 江藤 江川 武田 武藤 平野 平田 平井 平山 水野 水谷 池田 白石 白井
	安倍 関口 黒田 谷口 谷川 竹内 竹田 秋山 秋元 秋田 古川 古田 古賀 柳田 柳沢 杉山 杉本 森田 森本 森下 田中 田村 田口 田辺 田代 田島 原田 宮本 宮崎 向井 和田 岡田 岡本 岡崎 今井 今村
	河野 河合 丸山 大野 大塚 荒井 荒木 成田 熊谷 星野 沢田 上田 上野 上原 増田 内田 東田 児玉 中村 中島 中山 中野 中川 千葉 片山 松本 松田 松井 松尾 松岡 桜井 菊地 菊池 木村 木下`)

// hanSurname are the Chinese surnames of one character that together cover nearly everyone, in both scripts.
const hanSurname = "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林郑鄭谢謝罗羅梁宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭萧田董袁潘于於蒋蔣蔡余馀杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鍾鐘谭譚陆陸汪范范金石廖贾賈夏韦韋付傅方白邹鄒孟熊秦邱江尹薛闫閆段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯常温康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂苗曲盛游骆駱齊卞鮑鲍"

func splitHan(s string) (surname, given string) {
	chars := []rune(s)
	if len(chars) < 2 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) {
		return "", s
	}
	if first := string(chars[:2]); hanSurnames[first] {
		return first, string(chars[2:])
	}
	if len(chars) > 3 || !strings.ContainsRune(hanSurname, chars[0]) {
		return "", s
	}
	return string(chars[:1]), string(chars[1:])
}
