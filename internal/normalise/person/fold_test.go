package person

import "testing"

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " ": "", "Smith": "smith", "smith": "smith", "O'Brien": "obrien", "O’Brien": "obrien", "OBrien": "obrien", "O Brien": "obrien", "o brien": "obrien",
		"Mc Donald": "mcdonald", "O": "o", "O J": "o j", "Anne-Marie": "anne marie", "Jean--Luc ": "jean luc", "J.R.R.": "j r r", "St. John": "st john",
		"Müller": "muller", "Mu\u0308ller": "muller", "MÜLLER": "muller", "Weiß": "weiss", "WEISS": "weiss", "ẞ": "ss", "Æsir Øre": "aesir ore", "Łukasz": "lukasz",
		"Đorđe": "dorde", "Þór": "thor", "Cœur": "coeur", "Işık": "isik", "İpek": "ipek", "Nuñez": "nunez", "Ｓｍｉｔｈ": "smith", "ﬁnn": "finn",
		"Ёлкин": "елкин", "Άννα": "αννα", "김철수": "김철수", "김 철수": "김 철수", "諸葛亮": "諸葛亮", "ﾀﾛｳ": "タロウ", "ｶﾞｸ": "ガク", "たろう": "タロウ", "がく": "ガク",
		"ジョン・スミス": "ジョン スミス", "佐々木": "佐々木", "サトー": "サトー", "Keoʻeaumoku": "keoeaumoku", "Nahi'ena'ena": "nahienaena",
		"أحمد": "احمد", "مُحَمَّد": "محمد", "अनिल": "अनिल", "สมชาย": "สมชาย", "שָׁלוֹם": "שלום", "a\u200bb": "ab", "Jürgen (Jogi)": "jurgen jogi",
	} {
		got := Fold(in)
		if got != want {
			t.Errorf("Fold(%q) = %q; want %q", in, got, want)
		}
		if again := Fold(got); again != got {
			t.Errorf("Fold of its own result %q = %q: not stable", got, again)
		}
	}
}

func TestFoldedASCIIIsNotCopied(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Fold("anne marie") }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkFold(b *testing.B) {
	for _, in := range []string{"Robertson", "robertson", "O'Brien-Smith", "Müller", "김철수"} {
		b.Run(in, func(b *testing.B) {
			for b.Loop() {
				Fold(in)
			}
		})
	}
}
