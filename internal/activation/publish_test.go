package activation_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/connectors/filesink"
)

// files is a destination in a directory of its own.
func files(t testing.TB, format filesink.Format, name string) (*filesink.Sink, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := filesink.New(filesink.Options{Root: dir, Path: name, Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// dying publishes and then dies before the run can go on, or dies before it publishes.
type dying struct {
	activation.Publisher
	after bool
}

var errDied = errors.New("died")

func (d dying) Publish(ctx context.Context, p activation.Publication, people iter.Seq2[activation.Change, error]) error {
	if d.after {
		if err := d.Publisher.Publish(ctx, p, people); err != nil {
			return err
		}
	}
	return errDied
}

func TestMirrorFile(t *testing.T) {
	t.Parallel()
	w := crowd(t, 3)
	w.people["ac"].rank = 0
	w.people["ab"].rank, w.people["aa"].rank = 1, 2
	w.settle()
	s, dir := files(t, filesink.CSV, "out/vip.csv")
	path := filepath.Join(dir, "out/vip.csv")
	if res := w.run(activation.Mirror, s); res.Added != 3 || res.Sent != 3 {
		t.Errorf("%+v", res)
	}
	want := "email,name\nab@x,AB\naa@x,AA\nac@x,AC\n"
	if got := content(t, path); got != want {
		t.Errorf("%q, want the order of rank, then key", got)
	}
	w.must(os.WriteFile(path, []byte("touched"), 0o600))
	if res := w.run(activation.Mirror, s); res.Unchanged != 3 || content(t, path) != "touched" {
		t.Errorf("nothing changed and the file was replaced: %+v", res)
	}
	w.must(os.Remove(path))
	if w.run(activation.Mirror, s); content(t, path) != want {
		t.Error("a file that is gone is not written again")
	}
	w.people["ab"].consent = withdrawn()
	w.people["aa"].name = "Z"
	w.settle()
	res := w.run(activation.Mirror, s)
	if got := content(t, path); got != "email,name\naa@x,Z\nac@x,AC\n" || res.Removed != 1 || res.Updated != 1 || res.Unchanged != 1 {
		t.Errorf("%q %+v", got, res)
	}
	rowsAre(t, w.ledgerRows(), "aa aa@x Sent Eligible ", "ab ab@x Removed ConsentWithdrawn ", "ac ac@x Sent Eligible ")
}

// TestMirrorFileAheadOfLedger dies after the file was replaced; who is in it and then says no is taken out although no
// ledger ever had the person.
func TestMirrorFileAheadOfLedger(t *testing.T) {
	t.Parallel()
	w := crowd(t, 2)
	w.people["ab"].consent = withdrawn()
	w.settle()
	s, dir := files(t, filesink.CSV, "vip.csv")
	path := filepath.Join(dir, "vip.csv")
	w.run(activation.Mirror, s)
	w.people["ab"].consent = granted()
	w.settle()
	if _, err := activation.Run(w.ctx, w.env(), w.config(activation.Mirror), dying{s, true}); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	w.people["ab"].consent = withdrawn()
	w.settle()
	w.run(activation.Mirror, s)
	if got := content(t, path); got != "email,name\naa@x,AA\n" {
		t.Errorf("%q", got)
	}
	w.noJournals()
}

func TestEmptyMirrorFile(t *testing.T) {
	t.Parallel()
	w := crowd(t, 1)
	w.people["aa"].consent = nil
	w.settle()
	s, dir := files(t, filesink.NDJSON, "vip.ndjson")
	w.run(activation.Mirror, s)
	if got := content(t, filepath.Join(dir, "vip.ndjson")); got != "" {
		t.Errorf("%q, want an empty file", got)
	}
}

func TestChangeFiles(t *testing.T) {
	t.Parallel()
	for _, dies := range []string{"", "before", "after"} {
		w := crowd(t, 3)
		s, dir := files(t, filesink.CSV, "vip.csv")
		file := func(run string) string { return content(t, filepath.Join(dir, "vip-mail-sync-"+run+".csv")) }
		all := "operation,email,name\nupsert,aa@x,AA\nupsert,ab@x,AB\nupsert,ac@x,AC\n"
		c := w.config(activation.UpsertOnly)
		c.Delivery.BatchSize = 2
		if dies != "" {
			if _, err := activation.Run(w.ctx, w.env(), c, dying{s, dies == "after"}); !errors.Is(err, errDied) {
				t.Fatal(err)
			}
		}
		res, err := activation.Run(w.ctx, w.env(), c, s)
		w.must(err)
		run := "1"
		if dies == "before" {
			run = "1-3" // two batches were in the journal
		}
		if got := file(run); got != all || res.Added != 3 {
			t.Errorf("died %q: %q %+v", dies, got, res)
		}
		w.people["aa"].consent = withdrawn()
		w.people["ab"].name = "new"
		w.people["ac"].segments = nil
		w.settle()
		w.run(activation.UpsertOnly, s)
		if got := file("2"); got != "operation,email,name\nremove,aa@x,\nupsert,ab@x,new\n" {
			t.Errorf("died %q: %q", dies, got)
		}
		w.run(activation.UpsertOnly, s)
		if made, _ := filepath.Glob(filepath.Join(dir, "*")); len(made) != 2 {
			t.Errorf("died %q: files %v", dies, made)
		}
		w.noJournals()
	}
}

func TestAppendFiles(t *testing.T) {
	t.Parallel()
	w := crowd(t, 1)
	s, dir := files(t, filesink.NDJSON, "vip.ndjson")
	if _, err := activation.Run(w.ctx, w.env(), w.config(activation.Append), dying{s, true}); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	w.people["aa"].name = "changed"
	w.people["zz"] = &human{email: "zz@x", name: "ZZ", segments: []string{"vip"}, consent: granted()}
	w.settle()
	w.run(activation.Append, s)
	first := content(t, filepath.Join(dir, "vip-mail-sync-1.ndjson"))
	second := content(t, filepath.Join(dir, "vip-mail-sync-1-2.ndjson"))
	if first != `{"email":"aa@x","name":"AA"}`+"\n" || second != `{"email":"zz@x","name":"ZZ"}`+"\n" {
		t.Errorf("%q, then %q: everybody is in one file, once", first, second)
	}
}
