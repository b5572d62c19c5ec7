package filesource_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
)

func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		csv  filesource.CSV
		text string
		want []string
	}{
		"plain":           {filesource.CSV{Header: true}, "a,b\n1,x\n2,\n", []string{":2 1|x", ":3 2|-"}},
		"no end of line":  {filesource.CSV{Header: true}, "a,b\n1,x", []string{":2 1|x"}},
		"CRLF and BOM":    {filesource.CSV{Header: true}, "\ufeffa,b\r\n1,x\r\n", []string{":2 1|x"}},
		"blank lines":     {filesource.CSV{Header: true}, "\na,b\n\n1,x\n\n", []string{":4 1|x"}},
		"quotes":          {filesource.CSV{Header: true}, "a,b\n\"1,5\",\"say \"\"x\"\"\"\n", []string{":2 1,5|say \"x\""}},
		"several lines":   {filesource.CSV{Header: true}, "a,b\n1,\"x\r\ny\"\n2,z\n", []string{":2 1|x\ny", ":4 2|z"}},
		"other marks":     {filesource.CSV{Header: true, Delimiter: ";", Quote: "'"}, "a;b\n'1;2';\"x\"\n", []string{":2 1;2|\"x\""}},
		"tabs":            {filesource.CSV{Header: true, Delimiter: "\t"}, "a\tb\n1\tx y\n", []string{":2 1|x y"}},
		"null values":     {filesource.CSV{Header: true, NullValues: []string{"", "N/A"}}, "a,b\nN/A,\n", []string{":2 -|-"}},
		"empty is a text": {filesource.CSV{Header: true, NullValues: []string{"-"}}, "a,b\n-,\n", []string{":2 -|"}},
		"no header":       {filesource.CSV{Columns: []string{"a", "b"}}, "1,x\n", []string{":1 1|x"}},
		"aligned":         {filesource.CSV{Columns: []string{"a", "b"}, Whitespace: true}, " 1   \"x\r\n\n  2\ty  \n", []string{":1 1|\"x", ":3 2|y"}},
		"other widths":    {filesource.CSV{Header: true}, "a,b\n1\n1,2,3\n4,x\n", []string{":2 !csv", ":3 !csv", ":4 4|x"}},
		"stray quotes":    {filesource.CSV{Header: true}, "a,b\n1,x\"\n2,\"x\"y\n3,\"z\"\n", []string{":2 !csv", ":3 !csv", ":4 3|z"}},
		"a lone quote":    {filesource.CSV{Header: true}, "a,b\n1,\"x\n2,y\n3,\"z\"\n4,v\n", []string{":2 !csv", ":3 2|y", ":4 3|z", ":5 4|v"}},
		"never closed":    {filesource.CSV{Header: true}, "a,b\n1,\"x\n2,y\n3,z\n", []string{":2 !csv", ":3 2|y", ":4 3|z"}},
		"odd widths":      {filesource.CSV{Header: true}, "a,b\n\"1,x\n2\",y,z\n3,v\n", []string{":2 !csv", ":3 !csv", ":4 3|v"}},
		"bad bytes":       {filesource.CSV{Header: true}, "a,b\n1,x\n2,\xff\n3,y\n", []string{":2 1|x", ":3 !encoding", ":4 3|y"}},
		"bad in quotes":   {filesource.CSV{Header: true}, "a,b\n1,x\n2,\"\xff\n\"\n3,y\n", []string{":2 1|x", ":3 !encoding", ":5 3|y"}},
		"NUL":             {filesource.CSV{Header: true}, "a,b\n1,x\n2,\x00\n3,y\n", []string{":2 1|x", ":3 !encoding", ":4 3|y"}},
		"nothing":         {filesource.CSV{Header: true}, "a,b\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := csvFiles(volume(t, map[string]string{"f.csv": c.text}), "f.csv")
			cfg.CSV = c.csv
			_, rows := readAll(t, cfg)
			for i := range c.want {
				c.want[i] = "f.csv" + c.want[i]
			}
			expect(t, rows, c.want...)
		})
	}
}

func TestBrokenRowsKeepTheirText(t *testing.T) {
	cfg := csvFiles(volume(t, map[string]string{"f.csv": "a,b\n1,2,3\n1,\"x\ny\"\n2,\xff\n3,4\n5,6\n"}), "f.csv")
	_, rows := readAll(t, cfg)
	for i, want := range []string{"1,2,3", "1,\"x\ny\"", "2,\ufffd"} {
		if rows[i].Raw != want {
			t.Errorf("the text of row %d is %q; want %q", i, rows[i].Raw, want)
		}
	}
}

// A quote that is never closed, and a line without end, cost a line each and not the rest of the file.
func TestLongLinesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b\n0,\"never closed\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "%d,some text that is here\n", i)
	}
	b.WriteString("x," + strings.Repeat("y", 3<<20) + "\n1,last\n")
	_, rows := readAll(t, csvFiles(volume(t, map[string]string{"f.csv": b.String()}), "f.csv"))
	if len(rows) != 200_003 || rows[0].Broken == nil || rows[1].Broken != nil || rows[200_001].Broken == nil {
		t.Fatalf("%d rows", len(rows))
	}
	if last := rows[200_002]; last.Number != 200_004 || last.Values[1] != "last" {
		t.Errorf("the last row is %+v", last)
	}
	if n := len(rows[200_001].Raw); n > 1<<20 {
		t.Errorf("%d bytes of a line that is too long are kept", n)
	}
}

// What encoding/csv writes is read as it was.
func TestCSVReadsWhatAnotherWriterWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "ß", "김", ",", `"`, "\n", " ", "'", "", "x y", `""`, ";", "\t"}
	for range 300 {
		width := 2 + r.IntN(4)
		var want [][]string
		head := make([]string, width)
		for i := range head {
			head[i] = fmt.Sprintf("c%d", i)
		}
		var buf bytes.Buffer
		w := csv.NewWriter(&buf)
		w.UseCRLF = r.IntN(2) == 0
		if err := w.Write(head); err != nil {
			t.Fatal(err)
		}
		for range r.IntN(20) {
			rec := make([]string, width)
			for i := range rec {
				for range r.IntN(4) {
					rec[i] += pieces[r.IntN(len(pieces))]
				}
			}
			want = append(want, rec)
			if err := w.Write(rec); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		_, rows := readAll(t, csvFiles(volume(t, map[string]string{"f.csv": buf.String()}), "f.csv"))
		if len(rows) != len(want) {
			t.Fatalf("%d rows of %d from %q", len(rows), len(want), buf.String())
		}
		for i, row := range rows {
			got := make([]string, width)
			for j, v := range row.Values {
				got[j] = record.Text(v)
			}
			if row.Broken != nil || !slices.Equal(got, want[i]) {
				t.Fatalf("row %d is %q, %+v; want %q", i, got, row.Broken, want[i])
			}
		}
	}
}

func TestEncodings(t *testing.T) {
	for name, c := range map[string]struct {
		enc  encoding.Encoding
		text string
	}{
		// The second syllable is in CP949 and not in the older EUC-KR; a trail byte of the Japanese text is the one of "|" in ASCII.
		"CP949": {korean.EUCKR, "김똠방각하"}, "EUC-KR": {korean.EUCKR, "이순신"}, "ms949": {korean.EUCKR, "뷁"},
		"Shift_JIS": {japanese.ShiftJIS, "表示能力ポ"}, "CP932": {japanese.ShiftJIS, "髙橋"}, "EUC-JP": {japanese.EUCJP, "山田太郎"}, "ISO-2022-JP": {japanese.ISO2022JP, "山田太郎"},
		"windows-1252": {charmap.Windows1252, "Müller – €"}, "latin1": {charmap.ISO8859_1, "Müller"}, "CP1252": {charmap.Windows1252, "Žižek"},
		"UTF-16": {unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "김 Müller"}, "UTF-16LE": {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "김"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := c.enc.NewEncoder().String("a|b\n" + c.text + "|\"" + c.text + "\"\nx|y\n")
			if err != nil {
				t.Fatal(err)
			}
			cfg := csvFiles(volume(t, map[string]string{"f.csv": text}), "f.csv")
			cfg.CSV.Encoding, cfg.CSV.Delimiter = name, "|"
			columns, rows := readAll(t, cfg)
			if !slices.Equal(columns, []string{"a", "b"}) {
				t.Errorf("the columns are %q", columns)
			}
			expect(t, rows, "f.csv:2 "+c.text+"|"+c.text, "f.csv:3 x|y")
		})
	}
}

func TestWrongEncoding(t *testing.T) {
	korean, err := korean.EUCKR.NewEncoder().String("id,name\n1,이순신" + "\n2,김" + "\n3," + secret + "\n")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("id,name\n1," + secret + "\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text, encoding string
		says           []string
	}{
		"CP949 read as UTF-8":  {korean, "", []string{"f.csv", "line 2", "UTF-8"}},
		"UTF-8 read as CP949":  {"id,이름\xed\n1,x\n", "CP949", []string{"f.csv", "line 1", "CP949"}},
		"UTF-16 read as UTF-8": {wide, "UTF-8", []string{"f.csv", "line 1", "UTF-16"}},
		"UTF-16 without mark":  {strings.TrimPrefix(wide, "\xff\xfe"), "", []string{"f.csv", "line 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := csvFiles(volume(t, map[string]string{"f.csv": c.text}), "f.csv")
			cfg.CSV.Encoding = c.encoding
			_, _, _, err := read(t, cfg, record.Request{Load: record.Snapshot})
			checkFault(t, err, fault.EncodingInvalid, c.says...)
		})
	}
}

func TestFilesOfDifferentColumns(t *testing.T) {
	root := volume(t, map[string]string{"a.csv": "a,b\n1,2\n", "b.csv": "c,b\n3,4\n", "c.csv": "b,a\n5,6\n"})
	columns, rows := readAll(t, csvFiles(root, "*.csv"))
	if !slices.Equal(columns, []string{"a", "b", "c"}) {
		t.Errorf("the columns are %q", columns)
	}
	expect(t, rows, "a.csv:2 1|2", "b.csv:2 -|4|3", "c.csv:2 6|5|-")
}

func TestBadHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		class fault.Class
		says  []string
	}{
		"empty file":     {"", fault.FileUnreadable, []string{"f.csv", "empty"}},
		"two of a name":  {"a,b,a\n1,2,3\n", fault.InvalidManifest, []string{"f.csv", "line 1", `"a"`}},
		"an open quote":  {"a,\"b\n" + secret + ",2\n", fault.FileUnreadable, []string{"f.csv", "line 1"}},
		"missing column": {"ID,e_mial,tel\n1,2,3\n", fault.ColumnMissing, []string{"f.csv", `"e_mail"`, "fields[0]", `did you mean "e_mial"`, "ID, e_mial, tel"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := csvFiles(volume(t, map[string]string{"f.csv": c.text}), "f.csv")
			_, _, _, err := read(t, cfg, record.Request{Load: record.Snapshot, Required: []record.Need{{Column: "e_mail", Use: "fields[0]"}}})
			checkFault(t, err, c.class, c.says...)
		})
	}
	columns, _ := readAll(t, csvFiles(volume(t, map[string]string{"f.csv": "a, b ,,\n1,2,3,4\n"}), "f.csv"))
	if !slices.Equal(columns, []string{"a", "b", "column_3", "column_4"}) {
		t.Errorf("the columns are %q", columns)
	}
}

func TestBadDeclarations(t *testing.T) {
	root := volume(t, nil)
	for name, change := range map[string]func(*filesource.Config){
		"encoding":            func(c *filesource.Config) { c.CSV.Encoding = "KLINGON" },
		"delimiter":           func(c *filesource.Config) { c.CSV.Delimiter = "||" },
		"quote and delimiter": func(c *filesource.Config) { c.CSV.Delimiter = `"` },
		"header and columns":  func(c *filesource.Config) { c.CSV.Columns = []string{"a"} },
		"neither":             func(c *filesource.Config) { c.CSV.Header = false },
		"twice":               func(c *filesource.Config) { c.CSV.Header, c.CSV.Columns = false, []string{"a", "a"} },
		"format":              func(c *filesource.Config) { c.Format = "XLS" },
		"pattern":             func(c *filesource.Config) { c.Path = "[" },
		"no path":             func(c *filesource.Config) { c.Path = "" },
	} {
		cfg := csvFiles(root, "f.csv")
		change(&cfg)
		if _, err := filesource.New(cfg); !fault.Is(err, fault.InvalidManifest) || !strings.Contains(err.Error(), "crm") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The purchases of the CDNOW sample: aligned by spaces, with a leading one, without a header. The sums are those of the
// summary that is published with it.
func TestAlignedSample(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..", "shared", "data", "clv")
	if _, err := os.Stat(filepath.Join(root, "CDNOW_sample.txt")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared data are not here")
	}
	cfg := csvFiles(root, "CDNOW_sample.txt")
	cfg.CSV = filesource.CSV{Columns: []string{"id", "sample", "date", "cds", "dollars"}, Whitespace: true}
	_, rows := readAll(t, cfg)
	people := map[any]bool{}
	for _, r := range rows {
		if r.Broken != nil {
			t.Fatalf("%+v", r)
		}
		people[r.Values[1]] = true
	}
	if len(rows) != 6919 || len(people) != 2357 {
		t.Errorf("%d purchases of %d people", len(rows), len(people))
	}
	if got := lines(rows[:1])[0]; got != "CDNOW_sample.txt:1 00004|0001|19970101|2|29.33" {
		t.Error(got)
	}
}
