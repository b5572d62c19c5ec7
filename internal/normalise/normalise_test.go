package normalise

import (
	"math/big"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/kith-dev/kith/internal/sqlgen"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ semantic, region, in, want string }{
		{"email", "", "  Ada.Lovelace+News@Example.ORG ", "ada.lovelace+news@example.org"},
		{"email", "", "ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ada@example.org"},
		{"email", "", "info@한국.kr", "info@xn--3e0b707e.kr"},
		{"email", "", "Ada Lovelace <ada@example.org>", "ada@example.org"},
		{"phone", "KR", "010-1234-5678", "+821012345678"},
		{"phone", "kr", "+1 (650) 253-0000", "+16502530000"},
		{"givenName", "", "  Jose\u0301\u00a0 \u200bMaria ", "José Maria"},
		{"surname", "", "김", "김"},
		{"identifier", "", " ＡＢ-１２ ", "AB-12"},
		{"identifier", "", "ab 12", "ab 12"},
		{"country", "", " kr ", "KR"},
		{"country", "", "South  Korea", "South Korea"},
		{"postcode", "", " sw1a  1aa", "SW1A 1AA"},
		{"currency", "", "krw", "KRW"},
		{"consentStatus", "", "Opt-In", Granted},
		{"consentStatus", "", "opt_out", Withdrawn},
		{"consentStatus", "", "FALSE", Denied},
		{"", "", "  as it came ", "  as it came "},
	} {
		got, ok := Text(c.semantic, c.region, c.in)
		if !ok || got != c.want {
			t.Errorf("%s of %q = %q, %v; want %q", c.semantic, c.in, got, ok, c.want)
		}
		if again, ok := Text(c.semantic, c.region, got); !ok || again != got {
			t.Errorf("%s of its own result %q = %q, %v: not stable", c.semantic, got, again, ok)
		}
	}
	for _, c := range []struct{ semantic, in string }{
		{"email", "nobody"}, {"email", "a@b"}, {"email", "a..b@example.org"}, {"email", "a b@example.org"}, {"email", "@example.org"},
		{"email", strings.Repeat("a", 65) + "@example.org"}, {"email", "a@example.123"}, {"email", "a@-example.org"}, {"email", ">"},
		{"phone", "010-1234-5678"}, {"phone", "+8212"}, {"phone", "call me"}, {"currency", "won"[:2]}, {"consentStatus", "perhaps"},
	} {
		if got, ok := Text(c.semantic, "", c.in); ok {
			t.Errorf("%s of %q = %q; want it refused", c.semantic, c.in, got)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0.0000", "12": "12.0000", "-12.5": "-12.5000", "1,234.50": "1234.5000", "1.234,50": "1234.5000", "1,234": "1234.0000",
		"12,5": "12.5000", "1.234": "1.2340", "1.234.567": "1234567.0000", "₩12,000": "12000.0000", "12,000원": "12000.0000",
		"(12.00)": "-12.0000", "12.00-": "-12.0000", "- 12": "-12.0000", "\u221212": "-12.0000", "USD 12.3": "12.3000", "12 EUR": "12.0000",
		"$-3": "-3.0000", "１２．５": "12.5000", "1.5E3": "1500.0000", "25e-3": "0.0250", ".5": "0.5000", "5.": "5.0000",
		"1'234.5": "1234.5000", "1 234,5": "1234.5000", "99999999999999.9999": "99999999999999.9999", "0.00005": "0.0001",
		"0.00004999": "0.0000", "-0.00005": "-0.0001", "1.23456789": "1.2346", "00012": "12.0000", "000000000000000000012": "12.0000",
	} {
		got, ok := Number(in)
		if !ok || got.String() != want {
			t.Errorf("Number(%q) = %s, %v; want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-", ".", "abc", "12abc", "1,23,4", "1.2.3", "100000000000000", "1e30", "NaN", "Inf", "--1", "0x10", "1,234.5,6", "만"} {
		if got, ok := Number(in); ok {
			t.Errorf("Number(%q) = %s; want it refused", in, got)
		}
	}
}

// Every number that a decimal(18,4) can hold comes back as written, by exact arithmetic.
func TestNumberIsExact(t *testing.T) {
	same := func(n int64, commas bool) bool {
		n %= maxDecimal
		want := new(big.Rat).SetFrac64(n, decimalScale).FloatString(decimalPlaces)
		text := want
		if commas && len(want) > 8 {
			cut := len(want) - 8
			if want[cut-1] >= '0' && want[cut-1] <= '9' && cut <= 3 {
				text = want[:cut] + "," + want[cut:]
			}
		}
		got, ok := Number(text)
		return ok && int64(got) == n && got.String() == want
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 20000}); err != nil {
		t.Error(err)
	}
}

func TestLayout(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ format, in, want string }{
		{"", "2026-03-31", "2026-03-30T15:00:00Z"},
		{"", "20260331", "2026-03-30T15:00:00Z"},
		{"", "2026-03-31T12:00:00Z", "2026-03-31T12:00:00Z"},
		{"", "2026-03-31 12:00", "2026-03-31T03:00:00Z"},
		{"", "2026-03-31T12:00:00.123456789+01:00", "2026-03-31T11:00:00.123456Z"},
		{"", "2026/3/1 9:05", "2026-03-01T00:05:00Z"},
		{"", "2026년 3월 31일", "2026-03-30T15:00:00Z"},
		{"", "31 March 2026 12:00 UTC", "2026-03-31T12:00:00Z"},
		{"", "Mar 31, 2026", "2026-03-30T15:00:00Z"},
		{"", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"%Y-%m-%d %H:%M", "2026-03-31 12:00", "2026-03-31T03:00:00Z"},
		{"%d/%m/%Y", "1/2/2026", "2026-01-31T15:00:00Z"},
		{"%m/%d/%y %I:%M %p", "01/02/26 12:30 AM", "2026-01-01T15:30:00Z"},
		{"%Y%m%d%H%M%S", "20260331120000", "2026-03-31T03:00:00Z"},
		{"%d %b %Y %T %z", "31 Mar 2026 12:00:00 -0730", "2026-03-31T19:30:00Z"},
		{"%s", "1774915200", "2026-03-31T00:00:00Z"},
		{"%Y-%j", "2026-090", "2026-03-30T15:00:00Z"},
		{"%A, %d %B %Y %H:%M:%S.%f %Z", "Tuesday, 31 March 2026 12:00:00.5 GMT", "2026-03-31T12:00:00.5Z"},
	} {
		l, err := ParseLayout(c.format)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := l.Time(c.in, seoul)
		if !ok || got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%q as %q = %s, %v; want %s", c.in, c.format, got.Format(time.RFC3339Nano), ok, c.want)
		}
	}
	for _, c := range []struct{ format, in string }{
		{"", ""}, {"", "2026-02-29"}, {"", "2026-13-01"}, {"", "0000-00-00"}, {"", "01/02/2026"}, {"", "2026-03-31T25:00"}, {"", "2026-03-31 noon"},
		{"", "yesterday"}, {"", "202603311"}, {"%Y-%m-%d", "26-03-31"}, {"%Y-%m-%d", "2026-03-31 x"}, {"%H", "24"}, {"%Y-%j", "2026-366"}, {"", "2026-03"},
	} {
		l, err := ParseLayout(c.format)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := l.Time(c.in, seoul); ok {
			t.Errorf("%q as %q = %s; want it refused", c.in, c.format, got)
		}
	}
	for _, f := range []string{"%Q", "%Y-%", "%"} {
		if _, err := ParseLayout(f); err == nil {
			t.Errorf("the format %q was taken", f)
		}
	}
}

func TestDateIsADayWithoutZone(t *testing.T) {
	for _, in := range []string{"1990-05-06", "19900506", "1990.5.6", "1990-05-06T23:59:59-11:00", "6 May 1990", "1990年5月6日"} {
		got, ok := Layout{}.Date(in)
		if !ok || !got.Equal(time.Date(1990, 5, 6, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("the day of %q is %s, %v", in, got, ok)
		}
	}
}

// The layout for Go's own reference formats agrees with package time on moments all over the calendar.
func TestLayoutAgreesWithPackageTime(t *testing.T) {
	l, err := ParseLayout("%Y-%m-%d %H:%M:%S")
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for at := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2040; at = at.Add(1000003 * time.Second) {
		text := at.Format(time.DateTime)
		want, err := time.ParseInLocation(time.DateTime, text, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, layout := range []Layout{l, {}} {
			if got, ok := layout.Time(text, zone); !ok || !got.Equal(want) {
				t.Fatalf("%q = %s, %v; package time says %s", text, got, ok, want)
			}
		}
	}
}

func TestSemantics(t *testing.T) {
	for _, c := range []struct {
		semantic, name, attribute string
		typ                       sqlgen.Type
	}{
		{"email", "", "email", sqlgen.String}, {"email", "workEmail", "workEmail", sqlgen.String}, {"eventName", "", "name", sqlgen.String},
		{"refundedAmount", "", "refunded", sqlgen.Decimal}, {"consentStatus", "", "status", sqlgen.String}, {"identifier", "", "", sqlgen.String},
		{"identifier", "loyaltyCard", "loyaltyCard", sqlgen.String}, {"birthDate", "", "birthDate", sqlgen.Date}, {"", "tier", "tier", sqlgen.Integer},
	} {
		if got := Attribute(c.semantic, c.name); got != c.attribute {
			t.Errorf("attribute of %s %q = %q; want %q", c.semantic, c.name, got, c.attribute)
		}
		if got := TypeOf(c.semantic, sqlgen.Integer); got != c.typ {
			t.Errorf("type of %s = %s; want %s", c.semantic, got, c.typ)
		}
	}
	// A key is looked for as it was kept.
	if got, ok := Text("recordKey", "", " Ⅷ|a  b "); !ok || got != "Ⅷ|a  b" {
		t.Errorf("a record's key became %q", got)
	}
	if Known("mail") || !Known("email") {
		t.Error("Known does not tell semantics from other words")
	}
}
