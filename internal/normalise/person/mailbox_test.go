package person

import "testing"

func TestMailbox(t *testing.T) {
	for in, want := range map[string]string{
		"ada.love.lace+news@gmail.com": "adalovelace@gmail.com", "a.d.a@googlemail.com": "ada@gmail.com", "ada@gmail.com": "ada@gmail.com", "+ada@gmail.com": "+ada@gmail.com",
		"ada.l+x@outlook.com": "ada.l@outlook.com", "ada+x@hotmail.co.uk": "ada@hotmail.co.uk", "ada+x@live.fr": "ada@live.fr", "ada+x@outlook.com.br": "ada@outlook.com.br",
		"ada+x+y@me.com": "ada@icloud.com", "ada@mac.com": "ada@icloud.com", "a.da@icloud.com": "a.da@icloud.com", "ada+x@fastmail.fm": "ada@fastmail.fm",
		"ada+x@proton.me": "ada@proton.me", "ada+x@protonmail.com": "ada@protonmail.com", "ada-shop@yahoo.com": "ada@yahoo.com", "ada-shop@yahoo.co.jp": "ada@yahoo.co.jp",
		"ada+x@yahoo.com": "ada+x@yahoo.com", "ada-x@gmail.com": "ada-x@gmail.com", "a.d.a+x@example.org": "a.d.a+x@example.org", "ada+x@hotmail.example.org": "ada+x@hotmail.example.org",
		"ada+x@live.example": "ada+x@live.example", "a.b+c@gmail.com.evil.org": "a.b+c@gmail.com.evil.org", "nobody": "nobody", "": "",
	} {
		got := Mailbox(in)
		if got != want {
			t.Errorf("Mailbox(%q) = %q; want %q", in, got, want)
		}
		if again := Mailbox(got); again != got {
			t.Errorf("Mailbox of its own result %q = %q", got, again)
		}
	}
}

func TestLocalPart(t *testing.T) {
	for in, want := range map[string]string{
		"jane.doe84@example.org": "janedoe", "jane_doe@gmail.com": "janedoe", "jane-doe+x@example.org": "janedoe", "janedoe@example.org": "janedoe", "1234@example.org": "",
		"김.철수9@example.org": "김철수", "": "", "nobody": "",
	} {
		if got := LocalPart(in); got != want {
			t.Errorf("LocalPart(%q) = %q; want %q", in, got, want)
		}
	}
}

func BenchmarkMailbox(b *testing.B) {
	for _, in := range []string{"ada.lovelace+news@gmail.com", "ada.lovelace@example.org"} {
		b.Run(in, func(b *testing.B) {
			for b.Loop() {
				Mailbox(in)
			}
		})
	}
}
