package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// config is an image's configuration, as far as it is used here.
type config struct {
	Architecture string          `json:"architecture"`
	OS           string          `json:"os"`
	Created      string          `json:"created"`
	Config       containerConfig `json:"config"`
	RootFS       layers          `json:"rootfs"`
}

type containerConfig struct {
	User       string   `json:"User"`
	Env        []string `json:"Env"`
	Entrypoint []string `json:"Entrypoint"`
	WorkingDir string   `json:"WorkingDir"`
}

type layers struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// manifest names what is in the archive.
type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// writeImage writes an image with one layer, and says on stdout what it is.
func writeImage(w io.Writer, name string, fs *rootfs, stdout io.Writer) error {
	layer, err := os.CreateTemp("", "kith-layer-")
	if err != nil {
		return err
	}
	defer func() {
		_ = layer.Close()
		_ = os.Remove(layer.Name())
	}()
	hash := sha256.New()
	if err := fs.write(io.MultiWriter(layer, hash)); err != nil {
		return err
	}
	size, err := layer.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		return err
	}
	text, err := json.Marshal(config{
		Architecture: fs.arch,
		OS:           "linux",
		Created:      time.Unix(0, 0).UTC().Format(time.RFC3339),
		Config: containerConfig{
			User:       fmt.Sprintf("%d:%d", user, user), // numbers: the kubelet can't see that a name is not root's
			Env:        []string{"PATH=/"},
			Entrypoint: []string{fs.entrypoint},
			WorkingDir: "/",
		},
		RootFS: layers{Type: "layers", DiffIDs: []string{fmt.Sprintf("sha256:%x", hash.Sum(nil))}},
	})
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%x", sha256.Sum256(text))
	index, err := json.Marshal([]manifest{{Config: id + ".json", RepoTags: []string{name}, Layers: []string{"layer.tar"}}})
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	for _, part := range []struct {
		name    string
		size    int64
		content io.Reader
	}{
		{id + ".json", int64(len(text)), bytes.NewReader(text)},
		{"layer.tar", size, layer},
		{"manifest.json", int64(len(index)), bytes.NewReader(index)},
	} {
		if err := t.WriteHeader(&tar.Header{Name: part.name, Mode: 0o644, Size: part.size, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}); err != nil {
			return err
		}
		if _, err := io.Copy(t, part.content); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %.1f MB, %d files, sha256:%s\n", name, float64(size)/1e6, len(fs.files), id)
	return nil
}
