package identity

import (
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// What people and programs write where they have nothing to write. Whole values, in lower case.
var nothing = []string{
	"n/a", "n.a.", "n.a", "na", "#n/a", "none", "null", "<null>", "(null)", "nil", "nan", "undefined", "unknown", "unbekannt", "inconnu",
	"anonymous", "guest", "test", "tbd", "missing", "empty", "blank", "(none)", "not set", "(not set)", "not available", "not provided",
	"not applicable", "no data", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a@a.com", "a@a.a", "aaa@aaa.com", "abc@abc.com", "x@x.com", "email@email.com", "[object object]", "true", "false", "x", "xx", "xxx", "xxxx", "-1", "?", "??", "???",
	"없음", "미상", "해당없음", "모름", "無", "無し", "なし", "不明", "无", "未知",
}

// Mailboxes that belong to nobody: the part before the @, in lower case.
var nobodysMailbox = []string{
	"noreply", "no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply", "do_not_reply", "nobody", "mailer-daemon", "postmaster",
	"test", "test1", "test123", "testing", "tester", "none", "null", "unknown", "na", "n.a", "noemail", "no-email", "no_email", "no.email",
	"nomail", "no-mail", "no", "asdf", "asd", "qwerty", "xxx", "example", "someone", "anonymous",
}

// blocked is an expression over the columns kind and value: whether the value identifies nobody for another reason than being one of the
// words above, by the built-in patterns or by the declaration. It looks at a value no longer than it has to: there are millions.
func (s *space) blocked(declared []Blocked) sqlgen.Expr {
	value, kind := sqlgen.Col("value"), sqlgen.Col("kind")
	// Zeros and dashes: 000-00-0000, the empty UUID.
	zeros := when(sqlgen.In(sqlgen.Call("left", value, sqlgen.Lit(int64(1))), sqlgen.Lit("0"), sqlgen.Lit("-"), sqlgen.Lit("."), sqlgen.Lit("/"), sqlgen.Lit(" ")),
		matches(value, `^[0\s./-]*$`))
	tests := []sqlgen.Expr{zeros}
	for k, name := range s.kinds[:s.identifiers] {
		var own []sqlgen.Expr
		if name == "phone" {
			// A number of one digit, or counted up, after whatever country and area code.
			tail := sqlgen.Call("right", value, sqlgen.Lit(int64(7)))
			same := sqlgen.Op("=", tail, sqlgen.Call("repeat", sqlgen.Call("right", value, sqlgen.Lit(int64(1))), sqlgen.Lit(int64(7))))
			own = append(own, same, matches(value, `(12345678|123456789|1234567890)$`))
		}
		own = append(own, declaredFor(declared, name, value)...)
		if len(own) > 0 {
			tests = append(tests, when(sqlgen.Op("=", kind, sqlgen.Lit(int64(k))), sqlgen.Or(own...)))
		}
	}
	return sqlgen.Or(tests...)
}

// when is condition AND then, but looks at then only where the condition holds.
func when(condition, then sqlgen.Expr) sqlgen.Expr {
	return sqlgen.If(condition, then, sqlgen.Lit(false))
}

// mailbox is the part before the @ of the column value, for the rows where kind is email.
func (s *space) mailbox() sqlgen.Expr {
	low := sqlgen.Call("lower", sqlgen.Col("value"))
	isEmail := sqlgen.Op("=", sqlgen.Col("kind"), sqlgen.Lit(int64(slices.Index(s.kinds[:s.identifiers], "email"))))
	return sqlgen.If(isEmail, sqlgen.Call("split_part", low, sqlgen.Lit("@"), sqlgen.Lit(int64(1))), sqlgen.Lit(nil))
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
