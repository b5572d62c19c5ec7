package identity

import (
	"strings"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// What people and programs write where they have nothing to write. Whole values, in lower case.
var nothing = []string{
	"n/a", "n.a.", "n.a", "na", "#n/a", "none", "null", "<null>", "(null)", "nil", "nan", "undefined", "unknown", "unbekannt", "inconnu",
	"anonymous", "guest", "test", "tbd", "missing", "empty", "blank", "(none)", "not set", "(not set)", "not available", "not provided",
	"not applicable", "no data", "[object object]", "true", "false", "x", "xx", "xxx", "xxxx", "-1", "?", "??", "???",
	"없음", "미상", "해당없음", "모름", "無", "無し", "なし", "不明", "无", "未知",
}

// Mailboxes that belong to nobody: the part before the @, in lower case.
var nobodysMailbox = []string{
	"noreply", "no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply", "do_not_reply", "nobody", "mailer-daemon", "postmaster",
	"test", "test1", "test123", "testing", "tester", "none", "null", "unknown", "na", "n.a", "noemail", "no-email", "no_email", "no.email",
	"nomail", "no-mail", "no", "asdf", "asd", "qwerty", "xxx", "example", "someone", "anonymous",
}

// blocked is an expression over the columns kind and value: whether the value identifies nobody.
func (s *space) blocked(declared []Blocked) sqlgen.Expr {
	out := sqlgen.Lit(false)
	// What rules compare besides identifiers is not judged: a date of birth or a name is shared by many anyway.
	for k, name := range s.kinds[:s.identifiers] {
		out = sqlgen.If(sqlgen.Op("=", sqlgen.Col("kind"), sqlgen.Lit(int64(k))), blocks(name, sqlgen.Col("value"), declared), out)
	}
	return out
}

// blocks says whether a value of one kind of identifier identifies nobody, by the built-in lists or by the declaration's.
func blocks(kind string, value sqlgen.Expr, declared []Blocked) sqlgen.Expr {
	low := sqlgen.Call("lower", sqlgen.Call("trim", value))
	any := []sqlgen.Expr{
		among(low, nothing),
		// Zeros and dashes: 000-00-0000, the empty UUID. The full UUID is the other placeholder of programs.
		matches(value, `^[0\s./-]*$`), matches(low, `^f{8}-f{4}-f{4}-f{4}-f{12}$`),
	}
	switch kind {
	case "email":
		any = append(any, among(sqlgen.Call("split_part", low, sqlgen.Lit("@"), sqlgen.Lit(int64(1))), nobodysMailbox), matches(low, `^a+@a+\.`))
	case "phone":
		// A number of one digit, or counted up, after whatever country and area code.
		tail := sqlgen.Call("right", value, sqlgen.Lit(int64(7)))
		same := sqlgen.Op("=", tail, sqlgen.Call("repeat", sqlgen.Call("right", value, sqlgen.Lit(int64(1))), sqlgen.Lit(int64(7))))
		any = append(any, same, matches(value, `(12345678|123456789|1234567890)$`))
	}
	return sqlgen.Or(append(any, declaredFor(declared, kind, value)...)...)
}

func declaredFor(declared []Blocked, name string, value sqlgen.Expr) (out []sqlgen.Expr) {
	for _, b := range declared {
		if b.Identifier != name {
			continue
		}
		if len(b.Values) > 0 {
			out = append(out, among(value, b.Values))
			if name == "email" {
				// Addresses are kept in lower case, and people declare them as they know them.
				out = append(out, among(value, lowered(b.Values)))
			}
		}
		for _, p := range b.Patterns {
			out = append(out, matches(value, p))
		}
	}
	return out
}

func lowered(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ToLower(strings.TrimSpace(v))
	}
	return out
}

func among(x sqlgen.Expr, values []string) sqlgen.Expr {
	list := make([]sqlgen.Expr, len(values))
	for i, v := range values {
		list[i] = sqlgen.Lit(v)
	}
	return sqlgen.In(x, list...)
}

func matches(x sqlgen.Expr, pattern string) sqlgen.Expr {
	return sqlgen.Call("regexp_matches", x, sqlgen.Lit(pattern))
}
