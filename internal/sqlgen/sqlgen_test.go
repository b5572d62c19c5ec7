package sqlgen

import (
	"strings"
	"testing"
	"time"
)

func TestRender(t *testing.T) {
	a, b := Col("p", "a"), Col("p", `b"x`)
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{a, `"p"."a"`}, {b, `"p"."b""x"`},
		{Lit(nil), "NULL"}, {Lit(true), "TRUE"}, {Lit(7), "7"}, {Lit(int64(-7)), "-7"}, {Lit("it's"), "'it''s'"}, {Lit("a\x00b"), "'ab'"},
		{Lit(0.1), "CAST('0.1' AS DOUBLE)"}, {Lit(Number("12.50")), "CAST('12.50' AS DECIMAL(18,4))"}, {Lit([]string{"a", "b'"}), "['a', 'b''']"},
		{Lit(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600))), "CAST('2026-01-02 02:04:05.000006+00' AS TIMESTAMPTZ)"},
		{Lit(time.Second), "to_microseconds(1000000)"},
		{Op("+", a, b), `("p"."a" + "p"."b""x")`},
		{And(), "TRUE"}, {Or(), "FALSE"}, {And(a), `"p"."a"`}, {Or(a, a, a), `("p"."a" OR ("p"."a" OR "p"."a"))`},
		{IsNull(a), `("p"."a" IS NULL)`}, {NotNull(a), `("p"."a" IS NOT NULL)`}, {IsTrue(a), `("p"."a" IS TRUE)`}, {Not(a), `(NOT "p"."a")`}, {Neg(a), `(- "p"."a")`},
		{Call("coalesce", a, Lit(1)), `coalesce("p"."a", 1)`}, {Agg("sum", nil, a), `sum("p"."a")`}, {Agg("sum", IsTrue(a), a), `sum("p"."a") FILTER (WHERE ("p"."a" IS TRUE))`},
		{If(a, Lit(1), Lit(2)), `CASE WHEN "p"."a" THEN 1 ELSE 2 END`}, {As(a, "x y"), `"p"."a" AS "x y"`},
		{Cast(a, Timestamp), `CAST("p"."a" AS TIMESTAMPTZ)`}, {TryCast(a, Integer), `TRY(TRY_CAST("p"."a" AS BIGINT))`}, {Cast(a, WideDecimal), `CAST("p"."a" AS DECIMAL(38,4))`},
		{Try(a), `TRY("p"."a")`}, {In(a), "FALSE"}, {In(a, Lit(1), Lit(2)), `("p"."a" IN (1, 2))`},
	} {
		if got := Render(DuckDB, c.e); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// Engines bound the depth of expressions; a long disjunction must not be a deep one.
func TestManyConditionsStayLow(t *testing.T) {
	many := make([]Expr, 4096)
	for i := range many {
		many[i] = Col("x")
	}
	text := Render(DuckDB, Or(many...))
	if n := len(text) - len(strings.TrimLeft(text, "(")); n > 13 {
		t.Errorf("4096 conditions nest %d deep", n)
	}
}

func TestFormat(t *testing.T) {
	got := Format("SELECT {columns} FROM {t} WHERE {c} AND x = {v} AND y IN ({list}) -- {unknown}\n{more}", Args{
		"columns": []Expr{Col("a"), As(Lit(1), "b")}, "t": Name("source", "crm"), "c": IsNull(Col("z")), "v": "{t}", "list": []Query{"1", "2"},
		"more": Lines("LIMIT 1", "OFFSET 2"),
	})
	want := Query("SELECT \"a\", 1 AS \"b\" FROM \"source\".\"crm\" WHERE (\"z\" IS NULL) AND x = '{t}' AND y IN (1, 2) -- {unknown}\nLIMIT 1\nOFFSET 2")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := Format("{names} {all}", Args{"names": Names("a", "b.c"), "all": UnionAll("SELECT 1", "SELECT 2")}); got != "\"a\", \"b.c\" (SELECT 1)\nUNION ALL\n(SELECT 2)" {
		t.Errorf("got %s", got)
	}
}
