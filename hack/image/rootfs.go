package main

import (
	"archive/tar"
	"bufio"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	user         = 65532 // the number that images without a distribution have agreed upon for "nonroot"
	certificates = "/etc/ssl/certs/ca-certificates.crt"
)

// rootfs is the file system of an image with one program.
type rootfs struct {
	arch       string // as Go and images call it
	entrypoint string
	files      map[string]file // by absolute path
}

// file is a regular file, or a folder where its mode says so. Everything belongs to root: the program can't change itself.
type file struct {
	mode    int64
	source  string // a file of this machine; "" when content is the content
	content string
	dir     bool
}

// fileSystem collects what a program needs.
func fileSystem(program string) (*rootfs, error) {
	arch, dynamic, err := inspect(program)
	if err != nil {
		return nil, err
	}
	fs := &rootfs{arch: arch, entrypoint: "/" + filepath.Base(program), files: map[string]file{}}
	fs.add(fs.entrypoint, file{mode: 0o755, source: program})
	fs.add("/etc/passwd", file{mode: 0o644, content: fmt.Sprintf("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:%d:%d:nonroot:/:/sbin/nologin\n", user, user)})
	fs.add("/etc/group", file{mode: 0o644, content: fmt.Sprintf("root:x:0:\nnonroot:x:%d:\n", user)})
	fs.add("/etc/nsswitch.conf", file{mode: 0o644, content: "hosts: files dns\n"}) // without it some C libraries ask DNS before /etc/hosts
	fs.add("/tmp", file{mode: 0o1777, dir: true})
	if _, err := os.Stat(certificates); err == nil {
		fs.add(certificates, file{mode: 0o644, source: certificates})
	}
	if !dynamic {
		return fs, nil
	}
	libraries, err := sharedLibraries(program)
	if err != nil {
		return nil, err
	}
	for _, l := range libraries {
		fs.add(l, file{mode: 0o755, source: l})
	}
	return fs, nil
}

// add puts a file into the file system, and the folders above it.
func (fs *rootfs) add(name string, f file) {
	fs.files[name] = f
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		if _, ok := fs.files[dir]; !ok {
			fs.files[dir] = file{mode: 0o755, dir: true}
		}
	}
}

// inspect tells a program's architecture and whether it is linked dynamically, that is, whether it names a loader.
func inspect(program string) (arch string, dynamic bool, err error) {
	f, err := elf.Open(program)
	if err != nil {
		return "", false, fmt.Errorf("%s is no program for Linux: %w", program, err)
	}
	defer func() { _ = f.Close() }()
	switch f.Machine {
	case elf.EM_X86_64:
		arch = "amd64"
	case elf.EM_AARCH64:
		arch = "arm64"
	default:
		return "", false, fmt.Errorf("%s is for %s, and only amd64 and arm64 are known here", program, f.Machine)
	}
	return arch, slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }), nil
}

// sharedLibraries are the paths of a program's loader and of all the libraries that it loads, as the loader itself finds them.
func sharedLibraries(program string) ([]string, error) {
	cmd := exec.Command("ldd", program)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "LD_LIBRARY_PATH=", "LD_PRELOAD=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w: %s", program, err, strings.TrimSpace(stderr.String()))
	}
	var found []string
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		// "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x...)"; the loader has no arrow; what the kernel provides has no path
		name, target, arrow := strings.Cut(strings.TrimSpace(lines.Text()), " => ")
		if !arrow {
			target = name
		}
		if strings.HasPrefix(target, "not found") {
			return nil, fmt.Errorf("%s needs the library %s, which this machine does not have", program, name)
		}
		if target, _, _ = strings.Cut(target, " ("); strings.HasPrefix(target, "/") {
			found = append(found, target)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("ldd %s names no library: %s", program, out)
	}
	return found, nil
}

// write writes the file system as a tar archive: sorted, and of no time, so that the same files give the same bytes.
func (fs *rootfs) write(w io.Writer) error {
	names := make([]string, 0, len(fs.files))
	for name := range fs.files {
		names = append(names, name)
	}
	slices.Sort(names) // a folder sorts before what is in it
	t := tar.NewWriter(w)
	for _, name := range names {
		if err := writeFile(t, strings.TrimPrefix(name, "/"), fs.files[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return t.Close()
}

func writeFile(t *tar.Writer, name string, f file) error {
	header := &tar.Header{Name: name, Mode: f.mode, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR, Typeflag: tar.TypeReg}
	if f.dir {
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
		return t.WriteHeader(header)
	}
	if f.source == "" {
		header.Size = int64(len(f.content))
		if err := t.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.WriteString(t, f.content)
		return err
	}
	in, err := os.Open(f.source) // follows links: a library's name is mostly one
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	header.Size = info.Size()
	if err := t.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(t, in)
	return err
}
