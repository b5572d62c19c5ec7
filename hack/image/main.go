// Command image puts one program into a container image, with what it needs to run and nothing else: the shared libraries it is
// linked with, CA certificates, the user nonroot and an empty /tmp. It needs no container engine, and the same program on the
// same machine gives the same image. The result is an archive as `docker save` writes it, which containerd (`ctr images
// import`), Docker and Podman read.
//
// Time zones are not in it: Kith's programs embed them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	name := flags.String("name", "", "the image's `NAME:TAG`; without it only the file system is written, as a tar archive")
	out := flags.String("out", "", "the `file` to write")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: image [-name NAME:TAG] -out FILE PROGRAM")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() != 1 {
		flags.Usage()
		return errors.New("it takes -out and one program")
	}
	fs, err := fileSystem(flags.Arg(0))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
		return err
	}
	// Written beside its place and renamed, so that a killed run leaves no half an image.
	tmp, err := os.CreateTemp(filepath.Dir(*out), ".image-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name()) // nothing is there after the rename
	}()
	if *name == "" {
		err = fs.write(tmp)
	} else {
		err = writeImage(tmp, *name, fs, stdout)
	}
	if err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), *out)
}
