package filesource_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func TestPatterns(t *testing.T) {
	one := "a\n1\n"
	root := volume(t, map[string]string{
		"a.csv": one, "b.txt": one, "d/c.csv": one, "d/e/f.csv": one, ".hidden.csv": one, ".trash/x.csv": one, "d/[1].csv": one,
	})
	if err := os.Symlink("d/e", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("b.txt", filepath.Join(root, "linked.csv")); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"a.csv": "a.csv", "*.csv": "a.csv linked.csv", "./d/*.csv": "d/[1].csv d/c.csv", "**/*.csv": "a.csv d/[1].csv d/c.csv d/e/f.csv linked.csv",
		"d/**": "d/[1].csv d/c.csv d/e/f.csv", "d/**/f.csv": "d/e/f.csv", "*/*/f.csv": "d/e/f.csv", "link/*.csv": "link/f.csv", "?.[ct][sx][vt]": "a.csv b.txt",
		".hidden.csv": ".hidden.csv", `d/\[1\].csv`: "d/[1].csv", "**/**/c.csv": "d/c.csv",
	} {
		_, rows := readAll(t, csvFiles(root, pattern))
		var got []string
		for _, r := range rows {
			got = append(got, r.File)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s matches %q; want %q", pattern, got, want)
		}
	}
	for pattern, says := range map[string]string{"*.parquet": "*.parquet", "nowhere/a.csv": "nowhere", "d": "directory", "a.csv/b": "a.csv/b"} {
		_, _, _, err := read(t, csvFiles(root, pattern), record.Request{Load: record.Snapshot})
		checkFault(t, err, fault.FileNotFound, "crm", says)
	}
}

func TestNothingOutsideTheVolume(t *testing.T) {
	root := volume(t, map[string]string{"a.csv": "a\n1\n"})
	outside := filepath.Join(filepath.Dir(root), "outside")
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, outside, "x.csv", "a\n"+secret+"\n")
	for link, to := range map[string]string{"up.csv": "../outside/x.csv", "abs.csv": filepath.Join(outside, "x.csv"), "dir": "../outside"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"../outside/x.csv", "/etc/passwd", "a/../../outside/x.csv", "up.csv", "abs.csv", "dir/x.csv", "dir/*.csv", "u*.csv"} {
		_, _, _, err := read(t, csvFiles(root, path), record.Request{Load: record.Snapshot})
		checkFault(t, err, fault.PathOutsideVolume, "crm")
	}
	_, _, _, err := read(t, csvFiles(filepath.Join(root, "missing"), "a.csv"), record.Request{Load: record.Snapshot})
	checkFault(t, err, fault.VolumeMissing, "crm")
}

func TestGzip(t *testing.T) {
	text := "a,b\n1,x\n2,y\n"
	long := "a,b\n" + strings.Repeat(secret+",y\n", 50_000)
	// A file may be joined of several; the name does not have to say that it is compressed.
	root := volume(t, map[string]string{"f.csv.gz": zipped(t, text), "g.csv": zipped(t, "a,b\n3,z\n") + zipped(t, "4,v\n")})
	_, rows := readAll(t, csvFiles(root, "f.csv.gz"))
	expect(t, rows, "f.csv.gz:2 1|x", "f.csv.gz:3 2|y")
	_, rows = readAll(t, csvFiles(root, "g.csv"))
	expect(t, rows, "g.csv:2 3|z", "g.csv:3 4|v")
	whole := zipped(t, long)
	flipped := []byte(whole)
	flipped[len(flipped)-5] ^= 0xff // in the checksum
	for name, content := range map[string]string{
		"half": whole[:len(whole)/2], "no end": whole[:len(whole)-3], "checksum": string(flipped), "no gzip": text, "empty": "", "garbage after": whole + "x",
	} {
		put(t, root, "h.csv.gz", content)
		_, _, _, err := read(t, csvFiles(root, "h.csv.gz"), record.Request{Load: record.Snapshot})
		if err == nil {
			t.Errorf("%s was read", name)
			continue
		}
		checkFault(t, err, fault.FileUnreadable, "crm", "h.csv.gz")
	}
}

func TestNDJSON(t *testing.T) {
	root := volume(t, map[string]string{"f.ndjson": strings.Join([]string{
		`{"id": 1, "name": "A\u00e9\n\"x\"", "n": 1.50, "ok": true, "none": null}`,
		``,
		`  {"id":9007199254740993,"nested":{"a":[1,{"b":"}"}]},"list" : [ "]" , 2 ] }  `,
		`[1]`, `{"id":3`, `nonsense`, `{}`, `{"id":"x","big":123456789012345678901234567890}`, "{\"id\":\"\xff\"}", `{"id":4,"id":5}`, `{"later":1}`,
		`{"id":6}`, `{"id":7}`, `{"id":8}`,
	}, "\n")})
	columns, rows := readAll(t, filesource.Config{Name: "crm", Root: root, Path: "f.ndjson", Format: filesource.FormatNDJSON})
	if !slices.Equal(columns, []string{"id", "name", "n", "ok", "none", "nested", "list", "big", "later"}) {
		t.Errorf("the columns are %q", columns)
	}
	expect(t, rows,
		"f.ndjson:1 1|Aé\n\"x\"|1.50|true|-",
		`f.ndjson:3 9007199254740993|-|-|-|-|{"a":[1,{"b":"}"}]}|[ "]" , 2 ]`,
		"f.ndjson:4 !json", "f.ndjson:5 !json", "f.ndjson:6 !json", "f.ndjson:7 -|-|-|-|-|-|-", "f.ndjson:8 x|-|-|-|-|-|-|123456789012345678901234567890",
		"f.ndjson:9 !encoding", "f.ndjson:10 5|-|-|-|-|-|-|-", "f.ndjson:11 -|-|-|-|-|-|-|-|1", "f.ndjson:12 6|-|-|-|-|-|-|-|-", "f.ndjson:13 7|-|-|-|-|-|-|-|-",
		"f.ndjson:14 8|-|-|-|-|-|-|-|-")
	for i, want := range []any{int64(1), `Aé` + "\n" + `"x"`, record.Number("1.50"), true, nil} {
		if rows[0].Values[i] != want {
			t.Errorf("value %d is %#v; want %#v", i, rows[0].Values[i], want)
		}
	}
	put(t, root, "array.json", "[\n{\"id\":\""+secret+"\"},\n{\"id\":2}\n]\n,\n]\n")
	_, _, _, err := read(t, filesource.Config{Name: "crm", Root: root, Path: "array.json", Format: filesource.FormatNDJSON}, record.Request{Load: record.Snapshot})
	checkFault(t, err, fault.FileUnreadable, "array.json", "line 1", "one object a line")
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "{\"key%d\":1}\n", i)
	}
	put(t, root, "keys.json", b.String())
	_, _, _, err = read(t, filesource.Config{Name: "crm", Root: root, Path: "keys.json", Format: filesource.FormatNDJSON}, record.Request{Load: record.Snapshot})
	checkFault(t, err, fault.InvalidManifest, "keys.json", "2000")
}

func TestParquet(t *testing.T) {
	root := volume(t, nil)
	writer := openEngine(t, root)
	file := filepath.Join(root, "odd [1]* name.parquet")
	if err := writer.Exec(context.Background(), `CREATE TABLE t AS SELECT i::INTEGER AS id, ('n' || i) AS name, (i / 3)::DECIMAL(20,6) AS exact, 18446744073709551615::UBIGINT AS huge,
		TIMESTAMPTZ '2026-03-31 12:00:00+09' AS at, TIMESTAMP '2026-03-31 12:00:00' AS local_time, DATE '2026-03-31' AS day, [1, 2] AS list, {'a': 'x'} AS st, i % 2 = 0 AS even, 0.5::FLOAT AS f,
		CASE WHEN i > 1 THEN 'x' END AS maybe FROM range(1, 5001) r(i)`); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(root, "plain.parquet")
	if err := writer.Exec(context.Background(), sqlgen.Format("COPY (SELECT * FROM t ORDER BY id) TO {out} (FORMAT parquet, ROW_GROUP_SIZE 2048)", sqlgen.Args{"out": out})); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(out, file); err != nil {
		t.Fatal(err)
	}
	cfg := filesource.Config{Name: "crm", Root: root, Path: "odd*.parquet", Format: filesource.FormatParquet, DB: openEngine(t)}
	columns, rows := readAll(t, cfg)
	if strings.Join(columns, " ") != "id name exact huge at local_time day list st even f maybe" || len(rows) != 5000 {
		t.Fatalf("%d rows of %q", len(rows), columns)
	}
	slices.SortFunc(rows, func(a, b record.Row) int { return int(a.Number - b.Number) })
	for i, want := range []any{int64(1), "n1", record.Number("0.333333"), record.Number("18446744073709551615"), time.Date(2026, 3, 31, 3, 0, 0, 0, time.UTC), "2026-03-31 12:00:00", "2026-03-31",
		record.JSON("[1,2]"), record.JSON(`{"a":"x"}`), false, 0.5, nil} {
		got := rows[0].Values[i]
		if at, ok := got.(time.Time); ok {
			got = at.UTC()
		}
		if got != want {
			t.Errorf("%s is %#v; want %#v", columns[i], got, want)
		}
	}
	if rows[4999].Number != 5000 || rows[4999].Values[0] != int64(5000) {
		t.Errorf("the last row is %+v", rows[4999])
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]string{"half": string(content[:len(content)/2]), "text": "id,name\n1," + secret, "empty": ""} {
		put(t, root, "broken.parquet", broken)
		cfg.Path = "broken.parquet"
		if _, _, _, err := read(t, cfg, record.Request{Load: record.Snapshot}); err == nil {
			t.Errorf("%s was read", name)
		} else {
			checkFault(t, err, fault.FileUnreadable, "broken.parquet", "Parquet")
		}
	}
	left, err := filepath.Glob(filepath.Join(cfg.DB.Scratch(), "*.parquet"))
	if err != nil || len(left) > 0 {
		t.Errorf("copies are left in the scratch directory: %q, %v", left, err)
	}
}

// state reads a source for its state.
func stateOf(t *testing.T, cfg filesource.Config, req record.Request) string {
	t.Helper()
	_, _, state, err := read(t, cfg, req)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// plan looks at a source.
func plan(t *testing.T, cfg filesource.Config, req record.Request) (changed bool, reread []string, err error) {
	t.Helper()
	src, err := filesource.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := src.Plan(context.Background(), req)
	if err != nil {
		return false, nil, err
	}
	return r.Changed(), r.Reread(), r.Close()
}

func TestOnlyWhatIsNewIsRead(t *testing.T) {
	for _, load := range []record.Load{record.Append, record.Upsert, record.Snapshot} {
		t.Run(string(load), func(t *testing.T) {
			root := volume(t, map[string]string{"a.csv": "a\n1\n", "b.csv": "a\n2\n"})
			cfg := csvFiles(root, "*.csv")
			req := record.Request{Load: load}
			req.State = stateOf(t, cfg, req)
			same := func(what string, want bool) {
				t.Helper()
				if changed, _, err := plan(t, cfg, req); err != nil || changed != want {
					t.Errorf("%s: changed is %v, %v", what, changed, err)
				}
			}
			same("nothing", false)
			age(t, filepath.Join(root, "a.csv"), time.Minute)
			same("a new time with the same content", false)
			put(t, root, "c.csv", "a\n3\n")
			same("a new file", true)
			_, rows, state, err := read(t, cfg, req)
			if err != nil {
				t.Fatal(err)
			}
			if load == record.Snapshot {
				expect(t, rows, "a.csv:2 1", "b.csv:2 2", "c.csv:2 3")
			} else {
				expect(t, rows, "c.csv:2 3")
			}
			req.State = state
			same("nothing", false)
			if err := os.Remove(filepath.Join(root, "b.csv")); err != nil {
				t.Fatal(err)
			}
			same("a file that is gone", load == record.Snapshot)
			put(t, root, "a.csv", "a\n9\n")
			age(t, filepath.Join(root, "a.csv"), 2*time.Hour)
			changed, reread, err := plan(t, cfg, req)
			if load == record.Append {
				checkFault(t, err, fault.FileChanged, "a.csv", "new file", "Upsert")
				return
			}
			if err != nil || !changed || !slices.Contains(reread, "a.csv") {
				t.Errorf("a changed file: %v, %q, %v", changed, reread, err)
			}
			_, rows, _, err = read(t, cfg, req)
			if err != nil {
				t.Fatal(err)
			}
			if load == record.Upsert {
				expect(t, rows, "a.csv:2 9")
			} else {
				expect(t, rows, "a.csv:2 9", "c.csv:2 3")
			}
		})
	}
}

// Two changes within one tick of the file system's clock, of the same size, are told apart by the content.
func TestChangeWithTheSameTimeIsSeen(t *testing.T) {
	root := volume(t, nil)
	path := filepath.Join(root, "a.csv")
	cfg := csvFiles(root, "*.csv")
	if err := os.WriteFile(path, []byte("a\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	req := record.Request{Load: record.Upsert}
	req.State = stateOf(t, cfg, req)
	if err := os.WriteFile(path, []byte("a\n2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if changed, _, err := plan(t, cfg, req); err != nil || !changed {
		t.Errorf("changed is %v, %v", changed, err)
	}
}

// A file that changes while it is read is not taken, whatever it is that changes.
func TestFileThatChangesWhileItIsRead(t *testing.T) {
	big := "a,b\n" + strings.Repeat("1,"+secret+"\n", 60_000)
	for name, change := range map[string]func(t *testing.T, path string){
		"appended": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("2,x\n")
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
		},
		"replaced": func(t *testing.T, path string) {
			put(t, filepath.Dir(path), "new", big)
			if err := os.Rename(filepath.Join(filepath.Dir(path), "new"), path); err != nil {
				t.Fatal(err)
			}
		},
		"rewritten in place, with its time set back": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt([]byte("7"), int64(len(big)-len(secret)-3))
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		},
		"truncated": func(t *testing.T, path string) {
			if err := os.Truncate(path, 100); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := volume(t, map[string]string{"f.csv": big})
			src, err := filesource.New(csvFiles(root, "f.csv"))
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			r, err := src.Plan(ctx, record.Request{Load: record.Snapshot})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			if _, err = r.Next(ctx); err != nil {
				t.Fatal(err)
			}
			change(t, filepath.Join(root, "f.csv"))
			for err == nil {
				_, err = r.Next(ctx)
			}
			if errors.Is(err, io.EOF) {
				t.Fatal("the file was taken")
			}
			checkFault(t, err, fault.FileChanged, "crm", "f.csv")
		})
	}
}

func TestCancelledReading(t *testing.T) {
	root := volume(t, map[string]string{"f.csv": "a\n1\n"})
	src, err := filesource.New(csvFiles(root, "f.csv"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := src.Plan(ctx, record.Request{Load: record.Snapshot})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	cancel()
	_, err = r.Next(ctx)
	checkFault(t, err, fault.Cancelled)
}
