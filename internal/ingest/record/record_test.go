package record

import (
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func base() Config {
	return Config{
		Name: "crm", Kind: Profile, Load: Upsert, Key: []string{"id"}, TimeZone: "Asia/Seoul", Region: "KR",
		Timestamp: Timestamp{Column: "at"}, Contract: Contract{MaxQuarantinePercent: 5},
		Fields: []Field{
			{Column: "mail", Semantic: "email"}, {Column: "sum", Name: "sum", Type: sqlgen.Decimal}, {Column: "n", Name: "n", Type: sqlgen.Integer},
			{Column: "born", Semantic: "birthDate"}, {Column: "ok", Name: "ok", Type: sqlgen.Boolean}, {Column: "x", Name: "x", Type: sqlgen.Double},
		},
	}
}

var columns = []string{"id", "at", "mail", "sum", "n", "born", "ok", "x", "free"}

// make1 makes the record of one row.
func make1(t *testing.T, cfg Config, columns []string, values ...any) (Record, *Rejection, Counts) {
	t.Helper()
	s, err := Compile(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Bind(columns)
	if err != nil {
		t.Fatal(err)
	}
	w := s.NewWorker()
	rec, rej := w.Make(b, &Row{File: "f", Number: 1, Values: values}, make([]any, b.Width()))
	return rec, rej, w.Counts
}

func TestBadDeclarations(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		class  fault.Class
		says   string
	}{
		"kind":              {func(c *Config) { c.Kind = "Person" }, fault.InvalidManifest, "Person"},
		"load":              {func(c *Config) { c.Load = "Merge" }, fault.InvalidManifest, "Merge"},
		"upsert, no key":    {func(c *Config) { c.Key = nil }, fault.InvalidManifest, "key"},
		"event, no time":    {func(c *Config) { c.Kind, c.Timestamp.Column = Event, "" }, fault.InvalidManifest, "timestamp"},
		"zone":              {func(c *Config) { c.Timestamp.TimeZone = "Moon/Base" }, fault.InvalidManifest, "Moon/Base"},
		"default zone":      {func(c *Config) { c.TimeZone = "Moon/Base" }, fault.InvalidManifest, "Moon/Base"},
		"time format":       {func(c *Config) { c.Timestamp.Format = "%Q" }, fault.InvalidManifest, "%Q"},
		"date format":       {func(c *Config) { c.Fields[3].Format = "%Q" }, fault.InvalidManifest, "fields[3]"},
		"semantic":          {func(c *Config) { c.Fields[0].Semantic = "mail" }, fault.InvalidManifest, `fields[0]: semantic "mail"`},
		"type":              {func(c *Config) { c.Fields[1].Type = "money" }, fault.InvalidManifest, `fields[1]: type "money"`},
		"no name":           {func(c *Config) { c.Fields[0].Semantic = "identifier" }, fault.InvalidManifest, "fields[0]"},
		"both":              {func(c *Config) { c.Fields[0].Expression = "1" }, fault.InvalidManifest, "fields[0]"},
		"region":            {func(c *Config) { c.Fields[0] = Field{Column: "t", Semantic: "phone", Region: "XX"} }, fault.InvalidManifest, `"XX"`},
		"same name":         {func(c *Config) { c.Fields[1].Name = "EMAIL" }, fault.InvalidManifest, "fields[1]"},
		"reserved name":     {func(c *Config) { c.Fields[1].Name = "_Key" }, fault.InvalidManifest, "_Key"},
		"percent":           {func(c *Config) { c.Contract.MaxQuarantinePercent = 101 }, fault.InvalidManifest, "maxQuarantinePercent"},
		"violation":         {func(c *Config) { c.Contract.OnViolation = "Shrug" }, fault.InvalidManifest, "Shrug"},
		"schema change":     {func(c *Config) { c.Contract.OnSchemaChange = "Shrug" }, fault.InvalidManifest, "Shrug"},
		"same rules":        {func(c *Config) { c.Contract.Rules = []Rule{{"a", "true"}, {"a", "true"}} }, fault.InvalidManifest, "rules[1]"},
		"consent":           {func(c *Config) { c.Kind = Consent }, fault.InvalidManifest, "purpose"},
		"label":             {func(c *Config) { c.Kind = Label }, fault.InvalidManifest, "recordSource"},
		"syntax":            {func(c *Config) { c.Contract.Rules = []Rule{{"a", "true &&\n row.n >"}} }, fault.InvalidExpression, `contract rule "a": line 2, column 9`},
		"unknown variable":  {func(c *Config) { c.Deleted = "rwo.status == 'x'" }, fault.InvalidExpression, "deleted: line 1, column 1"},
		"unknown function":  {func(c *Config) { c.Fields[0] = Field{Semantic: "email", Expression: "lower(row.a)"} }, fault.InvalidExpression, "fields[0].expression: line 1, column 6"},
		"not a condition":   {func(c *Config) { c.Contract.Rules = []Rule{{"a", "'x' + 'y'"}} }, fault.InvalidExpression, "bool"},
		"wrong types":       {func(c *Config) { c.Deleted = "1 + 'x' == 2" }, fault.InvalidExpression, "line 1, column 3"},
		"expression of row": {func(c *Config) { c.Deleted = "row" }, fault.InvalidExpression, "bool"},
	} {
		cfg := base()
		c.change(&cfg)
		err := CheckExpressions(cfg)
		if !fault.Is(err, c.class) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "DataSource crm") {
			t.Errorf("%s: %v (%s); want %s saying %q", name, err, fault.ClassOf(err), c.class, c.says)
		}
	}
	if err := CheckExpressions(base()); err != nil {
		t.Error(err)
	}
	cfg := base()
	cfg.Deleted, cfg.Fields[0].Semantic, cfg.Contract.Rules = "(", "mail", []Rule{{"a", ")"}}
	if err := CheckExpressions(cfg); err == nil || strings.Count(err.Error(), "DataSource crm") != 3 {
		t.Errorf("three mistakes give %v", err)
	}
}

// A rule sees typed values; only false breaks it.
func TestRules(t *testing.T) {
	values := []any{"1", "2026-03-31", "a@example.org", "12.5", "7", "1990-05-06", "yes", "0.25", "text"}
	for expression, want := range map[string]string{
		"row.sum >= 12.5": "holds", "row.sum > 12.5": "broken", "row.sum > 12": "holds", "row.n == 7": "holds", "row.n % 2 == 0": "broken", "row.ok": "holds", "!row.ok": "broken",
		"row.x < 1.0": "holds", "row.born < timestamp('2000-01-01T00:00:00Z')": "holds", "row.mail.endsWith('.org')": "holds", "row.free == 'other'": "broken",
		"row.free.matches('^t')": "holds", "row['free'] == 'text'": "holds", "has(row.free)": "holds", "row.exists(k, k == 'free')": "holds", "size(row) == 9": "holds",
		"row.free > 1": "undecided", "row.free": "undecided", "row.free.foo == 1": "undecided",
	} {
		cfg := base()
		cfg.Contract.Rules = []Rule{{"r", expression}}
		_, rej, counts := make1(t, cfg, columns, values...)
		got := "holds"
		if rej != nil {
			got = "broken"
			if rej.Rule != "r" || strings.Contains(rej.Reason, "text") {
				t.Errorf("%s: %+v", expression, rej)
			}
		} else if counts.Undecided["r"] > 0 {
			got = "undecided"
		}
		if got != want {
			t.Errorf("%s: %s; want %s", expression, got, want)
		}
	}
	// Without values nothing is known, so nothing is broken, and absence is no failure.
	for expression, want := range map[string]string{
		"row.sum >= 12.5": "", "row.free == 'other'": "", "row.free != 'other'": "", "has(row.free)": "r", "!has(row.free) || row.free == 'x'": "", "row.n > 0 && row.ok": "",
		"row.n > 0 || false": "", "has(row.sum) && row.sum > 0.0": "r", "row.sum >= 0.0 && 1 > 2": "r",
	} {
		cfg := base()
		cfg.Contract.Rules = []Rule{{"r", expression}}
		_, rej, counts := make1(t, cfg, columns, "1")
		got := ""
		if rej != nil {
			got = rej.Rule
		}
		if got != want || counts.Undecided["r"] != 0 {
			t.Errorf("%s of nothing: broken %q, undecided %d; want %q", expression, got, counts.Undecided["r"], want)
		}
	}
	cfg := base()
	cfg.Contract.Rules, cfg.Contract.OnViolation = []Rule{{"r", "false"}}, Warn
	if rec, rej, counts := make1(t, cfg, columns, values...); rej != nil || counts.Warned["r"] != 1 || rec.Key != "1" {
		t.Errorf("a warning: %+v, %+v, %+v", rec, rej, counts)
	}
}

func TestKeys(t *testing.T) {
	cfg := base()
	cfg.Key, cfg.Timestamp.Column = []string{"a", "b"}, ""
	seen := map[string]string{}
	for _, pair := range [][2]any{{"x", "y|z"}, {"x|y", "z"}, {`x\`, "|y"}, {"x", `\|y`}, {`x\|`, "y"}, {"x|", "y"}, {"x", "|y"}, {int64(1), "2"}, {"1|2", "3"}} {
		rec, rej, _ := make1(t, cfg, []string{"a", "b"}, pair[0], pair[1])
		if rej != nil {
			t.Fatal(rej)
		}
		if other, taken := seen[rec.Key]; taken {
			t.Errorf("%q and %q have the same key %q", pair, other, rec.Key)
		}
		seen[rec.Key] = Text(pair[0]) + "," + Text(pair[1])
	}
	for _, pair := range [][2]any{{"x", nil}, {nil, "x"}, {"x", "  "}} {
		_, rej, _ := make1(t, cfg, []string{"a", "b"}, pair[0], pair[1])
		if rej == nil || rej.Rule != RuleKey {
			t.Errorf("%q: %+v", pair, rej)
		}
	}
	cfg.Key = []string{"a"}
	if rec, _, _ := make1(t, cfg, []string{"a", "b"}, " x|1 ", nil); rec.Key != "x|1" {
		t.Errorf("the key is %q", rec.Key)
	}
	if _, rej, _ := make1(t, cfg, []string{"a", "b"}); rej == nil || rej.Raw != "" {
		t.Errorf("a row without values: %+v", rej)
	}
}

// A record that has no key and no place is known by its content, however rows and columns are ordered.
func TestContentKeys(t *testing.T) {
	cfg := base()
	cfg.Load, cfg.Key, cfg.Timestamp.Column = Snapshot, nil, ""
	one, _, _ := make1(t, cfg, []string{"a", "b"}, "x", int64(1))
	same, _, _ := make1(t, cfg, []string{"b", "a", "c"}, int64(1), "x", nil)
	other, _, _ := make1(t, cfg, []string{"a", "b"}, int64(1), "x")
	if one.Key != same.Key || one.Key == other.Key || one.Key == "" {
		t.Errorf("keys %q, %q, %q", one.Key, same.Key, other.Key)
	}
}

func TestKindsAskForTheirValues(t *testing.T) {
	event := base()
	event.Kind = Event
	consent := Config{
		Name: "c", Kind: Consent, Load: Append, Purposes: []string{"analytics"}, Timestamp: Timestamp{Column: "at"},
		Fields: []Field{{Column: "p", Semantic: "purpose"}, {Column: "s", Semantic: "consentStatus"}},
	}
	sale := Config{
		Name: "s", Kind: Transaction, Load: Append, Currency: "KRW", Timestamp: Timestamp{Column: "at"},
		Fields: []Field{{Column: "p", Semantic: "amount"}, {Column: "s", Semantic: "currency"}},
	}
	override := Config{Name: "s", Kind: Override, Load: Append, Timestamp: Timestamp{Column: "at"}, Fields: []Field{
		{Column: "id", Semantic: "firstKey"}, {Expression: "'crm'", Semantic: "firstSource"}, {Expression: "'crm'", Semantic: "secondSource"},
		{Expression: "'7'", Semantic: "secondKey"}, {Column: "p", Semantic: "decision"}, {Column: "s", Semantic: "reason"},
	}}
	free := sale
	free.Currency = ""
	label := Config{
		Name: "l", Kind: Label, Load: Append, Timestamp: Timestamp{Column: "at"},
		Fields: []Field{{Column: "id", Semantic: "recordSource"}, {Column: "p", Semantic: "recordKey"}, {Column: "s", Semantic: "personId"}},
	}
	for _, c := range []struct {
		cfg    Config
		values []any
		rule   string
	}{
		{event, []any{"1", "2026-03-31"}, ""}, {event, []any{"1", "soon"}, RuleTimestamp}, {event, []any{"1", nil}, RuleTimestamp},
		{event, []any{"1", time.Now()}, ""}, {base(), []any{"1", "soon"}, ""},
		{consent, []any{"", "2026-03-31", "analytics", "yes"}, ""}, {consent, []any{"", "2026-03-31", "spam", "yes"}, RulePurpose},
		{consent, []any{"", "2026-03-31", nil, "yes"}, RulePurpose}, {consent, []any{"", "2026-03-31", "analytics", "maybe"}, RuleStatus},
		{consent, []any{"", "2026-03-31", "analytics", nil}, RuleStatus}, {consent, []any{"", nil, "analytics", "yes"}, RuleTimestamp},
		{override, []any{"1", "2026-03-31", " MERGE", "one"}, ""}, {override, []any{"1", nil, "Merge", "one"}, RuleTimestamp},
		{override, []any{"1", "2026-03-31", "join", "one"}, RuleDecision}, {override, []any{"1", "2026-03-31", nil, "one"}, RuleDecision},
		{override, []any{" 7 ", "2026-03-31", "Split", "one"}, RuleRecord}, {override, []any{" ", "2026-03-31", "Split", "one"}, RuleRecord},
		{override, []any{"1", "2026-03-31", "withdraw", " "}, RuleReason},
		{sale, []any{"", "2026-03-31", "1", "krw"}, ""}, {sale, []any{"", "2026-03-31", "1", nil}, ""}, {sale, []any{"", "2026-03-31", "1", "USD"}, RuleCurrency},
		{label, []any{"crm", nil, "1", "p1"}, ""}, {label, []any{"crm", "soon", "1", "p1"}, ""},
		{sale, []any{"", "2026-03-31", "1", "won!"}, RuleCurrency}, {free, []any{"", "2026-03-31", "1", "USD"}, ""},
	} {
		_, rej, _ := make1(t, c.cfg, []string{"id", "at", "p", "s"}, c.values...)
		got := ""
		if rej != nil {
			got = rej.Rule
		}
		if got != c.rule {
			t.Errorf("%s %q: rule %q; want %q", c.cfg.Kind, c.values, got, c.rule)
		}
	}
}

func TestTypesOfOtherSources(t *testing.T) {
	at := time.Date(2026, 3, 31, 20, 0, 0, 0, time.UTC)
	rec, rej, _ := make1(t, base(), columns, int64(1), at, "a@example.org", Number("12.50"), 7.0, at, true, int64(3), JSON(`{"a":1}`))
	if rej != nil {
		t.Fatal(rej)
	}
	// In Seoul the moment is on the next day.
	want := []any{"a@example.org", int64(125000), int64(7), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), true, 3.0, "1", at, `{"a":1}`}
	got := append(append([]any{}, rec.Values[:6]...), rec.Key, rec.Time, rec.Values[len(rec.Values)-1])
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("value %d is %#v; want %#v", i, got[i], want[i])
		}
	}
	_, _, counts := make1(t, base(), columns, int64(1), at, "a@example.org", true, 7.5, true, "perhaps", JSON("[]"))
	for _, a := range []string{"sum", "n", "birthDate", "ok", "x"} {
		if counts.Invalid[a] != 1 {
			t.Errorf("%s of a wrong type is not counted: %v", a, counts.Invalid)
		}
	}
	_, rej, _ = make1(t, func() Config { c := base(); c.Contract.Rules = []Rule{{"r", "row.free.a == 2"}}; return c }(), columns, int64(1), at, nil, nil, nil, nil, nil, nil, JSON(`{"a":1}`))
	if rej == nil || rej.Raw != `{"id":1,"at":"2026-03-31T20:00:00Z","mail":null,"sum":null,"n":null,"born":null,"ok":null,"x":null,"free":{"a":1}}` {
		t.Errorf("a rejected row of a database: %+v", rej)
	}
}

func TestExpressionsAndDeleted(t *testing.T) {
	cfg := base()
	cfg.Deleted = "row.status == 'CLOSED'"
	cfg.Contract.Rules = []Rule{{"never", "false"}}
	cfg.Fields = []Field{{Expression: "row.y + '-' + row.m", Name: "ym"}, {Expression: "row.n * 2", Name: "twice", Type: sqlgen.Integer}, {Column: "n", Name: "n", Type: sqlgen.Integer}, {Expression: "row.email.lowerAscii()", Semantic: "email"}}
	cols := []string{"id", "y", "m", "n", "status", "email"}
	rec, rej, _ := make1(t, cfg, cols, "1", "2026", "03", "21", "CLOSED", "A@Example.org")
	if rej != nil || !rec.Deleted || rec.Values[0] != "2026-03" || rec.Values[1] != int64(42) || rec.Values[3] != "a@example.org" {
		t.Errorf("%+v, %+v", rec, rej)
	}
	cfg.Contract.Rules = nil
	for _, status := range []any{"OPEN", nil} {
		if rec, _, _ := make1(t, cfg, cols, "1", nil, "03", nil, status); rec.Deleted || rec.Values[0] != nil || rec.Values[1] != nil {
			t.Errorf("%v: %+v", status, rec)
		}
	}
	s, err := Compile(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Bind(cols)
	if err != nil {
		t.Fatal(err)
	}
	// The column that an expression of the same name is made of is not kept beside it.
	if got := strings.Join(b.Extra(), " "); got != "id y m status" {
		t.Errorf("undeclared columns are %q", got)
	}
	var needs []string
	for _, n := range s.Required() {
		needs = append(needs, n.Column)
	}
	if got := strings.Join(needs, " "); got != "y m n n email id at status" {
		t.Errorf("required columns are %q", got)
	}
}

func TestCollidingColumns(t *testing.T) {
	s, err := Compile(base())
	if err != nil {
		t.Fatal(err)
	}
	for _, extra := range []string{"email", "Sum", "_run", "ID"} {
		if _, err := s.Bind(append([]string{extra}, columns...)); !fault.Is(err, fault.InvalidManifest) || !strings.Contains(err.Error(), "crm") {
			t.Errorf("a column %q: %v", extra, err)
		}
	}
	if _, err := s.Bind(columns); err != nil {
		t.Error(err)
	}
}

func TestMissingColumn(t *testing.T) {
	err := CheckColumns("DataSource crm: f.csv", []string{"ID", "e-mail", "tel"}, []Need{{"tel", "fields[1]"}, {"email", "fields[0]"}})
	if !fault.Is(err, fault.ColumnMissing) || err.Error() != `DataSource crm: f.csv has no column "email", which fields[0] needs (did you mean "e-mail"?); it has ID, e-mail, tel` {
		t.Error(err)
	}
	err = CheckColumns("f", []string{"alpha"}, []Need{{"zzzzzz", "key"}})
	if err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Error(err)
	}
}

// What changes the records changes the shape; limits and names do not.
func TestShape(t *testing.T) {
	shape := func(change func(*Config)) string {
		cfg := base()
		change(&cfg)
		s, err := Compile(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s.Shape()
	}
	same := shape(func(*Config) {})
	if same != shape(func(c *Config) { c.Name, c.Contract.MaxQuarantinePercent = "other", 50 }) {
		t.Error("a limit changes the shape")
	}
	for i, change := range []func(*Config){
		func(c *Config) { c.Fields[0].Semantic = "identifier"; c.Fields[0].Name = "email" }, func(c *Config) { c.TimeZone = "UTC" },
		func(c *Config) { c.Deleted = "true" }, func(c *Config) { c.Contract.Rules = []Rule{{"r", "true"}} }, func(c *Config) { c.Region = "DE" },
	} {
		if same == shape(change) {
			t.Errorf("change %d leaves the shape as it was", i)
		}
	}
}
