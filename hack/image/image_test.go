package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// read returns the headers and contents of an archive, by name.
func read(t *testing.T, r io.Reader) (map[string]*tar.Header, map[string][]byte) {
	t.Helper()
	headers, contents := map[string]*tar.Header{}, map[string][]byte{}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return headers, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		headers[h.Name] = h
		if contents[h.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

// The test's own program is what is put into an image.
func TestImage(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("programs of this system can't be in an image")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "images", "x.tar")
	var said bytes.Buffer
	if err := run([]string{"-name", "kith.local/x:1", "-out", out, program}, &said); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-name", "kith.local/x:1", "-out", out, program}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(out); err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same program gives another image: %v", err)
	}

	_, parts := read(t, bytes.NewReader(first))
	var manifests []manifest
	if err := json.Unmarshal(parts["manifest.json"], &manifests); err != nil || len(manifests) != 1 {
		t.Fatalf("manifest.json: %v: %s", err, parts["manifest.json"])
	}
	m := manifests[0]
	if len(m.RepoTags) != 1 || m.RepoTags[0] != "kith.local/x:1" || !strings.Contains(said.String(), strings.TrimSuffix(m.Config, ".json")) {
		t.Errorf("manifest %+v, said %q", m, said.String())
	}
	var c config
	if err := json.Unmarshal(parts[m.Config], &c); err != nil {
		t.Fatal(err)
	}
	entrypoint := "/" + filepath.Base(program)
	if c.Architecture != runtime.GOARCH || c.Config.User != "65532:65532" || len(c.Config.Entrypoint) != 1 || c.Config.Entrypoint[0] != entrypoint {
		t.Errorf("configuration %s", parts[m.Config])
	}

	headers, contents := read(t, bytes.NewReader(parts[m.Layers[0]]))
	for name, mode := range map[string]int64{"tmp/": 0o1777, "etc/": 0o755, "etc/passwd": 0o644, "etc/group": 0o644, entrypoint[1:]: 0o755} {
		if h := headers[name]; h == nil || h.Mode != mode || h.Uid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("%s: %+v", name, h)
		}
	}
	if text, err := os.ReadFile(program); err != nil || !bytes.Equal(text, contents[entrypoint[1:]]) {
		t.Errorf("the program is another one in the image: %v", err)
	}
	_, dynamic, err := inspect(program)
	if err != nil {
		t.Fatal(err)
	}
	for name := range headers {
		if strings.Contains(name, "/libc.so.") {
			dynamic = false
		}
	}
	if dynamic {
		t.Errorf("the C library is not in the image of a program that is linked with it: %v", headers)
	}
}

func TestImageRefuses(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.tar")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-out", out, "image_test.go"}, "image_test.go is no program for Linux"},
		{[]string{"-out", out, "nothing"}, "no such file"},
		{[]string{"-out", out}, "it takes -out and one program"},
	} {
		if err := run(c.args, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, not %q", c.args, err, c.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%q wrote something", c.args)
		}
	}
}
