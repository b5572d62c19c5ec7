package manifest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	yamlv3 "go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/kith-dev/kith/internal/fault"
)

// maxFile bounds what is read of one file, in bytes: a folder may hold data that only looks like a manifest.
const maxFile = 16 << 20

// findFiles lists the manifests below the paths, in order and each once. Folders give .yaml, .yml and .json files;
// hidden entries and kustomization files are left out. A path that is a file is taken whatever its name.
func findFiles(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		root := filepath.Clean(path)
		err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case p != root && strings.HasPrefix(e.Name(), "."):
				if e.IsDir() {
					return fs.SkipDir
				}
			case isFile(p, e) && (p == root || isManifest(e.Name())):
				out = append(out, p)
			}
			return nil
		})
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.FileNotFound, "%s: no such file or folder; give the folder of the manifests with -f", path)
		}
		if err != nil {
			return nil, fault.New(fault.FileUnreadable, "reading the manifests: %w", err)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// isFile follows links: folders mounted from a ConfigMap consist of them.
func isFile(path string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isManifest(name string) bool {
	switch base := strings.ToLower(name); base {
	case "kustomization.yaml", "kustomization.yml":
		return false
	default:
		ext := filepath.Ext(base)
		return ext == ".yaml" || ext == ".yml" || ext == ".json"
	}
}

// readFile gives the documents of one file, and a problem for each that can't be read.
func readFile(path string) ([]*document, Problems) {
	whole := &document{file: path}
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		return nil, Problems{whole.problem("", "is larger than %d MiB; that is no manifest: move it out of this folder", maxFile>>20)}
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, Problems{whole.problem("", "can't be read: %v", err)}
	}
	if !utf8.Valid(text) {
		return nil, Problems{whole.problem("", "is not UTF-8 text; save it as UTF-8")}
	}
	var docs []*document
	var problems Problems
	for _, c := range split(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		found, ps := parse(path, c)
		docs = append(docs, found...)
		problems = append(problems, ps...)
	}
	return docs, problems
}

// chunk is one YAML document with the number of lines before it.
type chunk struct {
	text []byte
	line int
}

var separator = regexp.MustCompile(`^---([ \t]+#.*|[ \t]*)\r?\n?$`)

// split cuts a file at its lines of three dashes, as kubectl does, and leaves out documents without content.
func split(text []byte) []chunk {
	var out []chunk
	start, startLine, line := 0, 0, 0
	cut := func(end int) {
		if c := (chunk{text[start:end], startLine}); !blank(c.text) {
			out = append(out, c)
		}
	}
	for at := 0; at < len(text); line++ {
		next := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		if separator.Match(text[at:next]) {
			cut(at)
			start, startLine = next, line+1
		}
		at = next
	}
	cut(len(text))
	return out
}

func blank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' {
			return false
		}
	}
	return true
}

// parse reads one document twice: once for the places of its fields, once for its content by the converter that kubectl
// uses, so that both agree on what an unquoted `yes` is. A List gives one document for each item.
func parse(file string, c chunk) ([]*document, Problems) {
	d := &document{file: file, offset: c.line}
	dec := yamlv3.NewDecoder(bytes.NewReader(c.text))
	var root yamlv3.Node
	if err := dec.Decode(&root); err != nil {
		return nil, Problems{d.syntax(err)}
	}
	d.node = root.Content[0]
	if !errors.Is(dec.Decode(&yamlv3.Node{}), io.EOF) {
		return nil, Problems{d.problem("", "more text follows this document; put a line of --- between two documents")}
	}
	asJSON, err := yaml.YAMLToJSON(c.text)
	if err != nil {
		return nil, Problems{d.syntax(err)}
	}
	var content any
	if err := utiljson.Unmarshal(asJSON, &content); err != nil {
		return nil, Problems{d.problem("", "can't be read: %v", err)}
	}
	object, ok := content.(map[string]any)
	if !ok {
		return nil, Problems{d.problem("", "is not an object with apiVersion and kind")}
	}
	d.object = object
	if d.kind() == "List" && d.group() == "" {
		return d.items()
	}
	return d.header()
}

// items of a List, as `kubectl get -o yaml` prints them.
func (d *document) items() ([]*document, Problems) {
	list, _ := d.object["items"].([]any)
	var out []*document
	var problems Problems
	for i, content := range list {
		node, _ := child(d.node, "items")
		object, ok := content.(map[string]any)
		item := &document{file: d.file, offset: d.offset, node: element(node, i), object: object}
		if !ok {
			problems = append(problems, item.problem("", "is not an object with apiVersion and kind"))
			continue
		}
		found, ps := item.header()
		out, problems = append(out, found...), append(problems, ps...)
	}
	return out, problems
}

// header checks that the document says what it is. Fields given twice are refused in objects of Kith.
func (d *document) header() ([]*document, Problems) {
	for _, field := range []string{"apiVersion", "kind"} {
		if s, ok := d.object[field].(string); !ok || s == "" {
			return nil, Problems{d.problem(field, "must say what this object is; files that are no manifests do not belong in this folder")}
		}
	}
	if d.group() == group {
		if ps := d.duplicates(d.node, ""); len(ps) > 0 {
			return nil, ps
		}
	}
	return []*document{d}, nil
}

var (
	yamlLine   = regexp.MustCompile(`line (\d+): ?`)
	yamlPrefix = regexp.MustCompile(`^(error converting YAML to JSON: )?yaml: `)
)

// syntax turns an error of a YAML parser, which counts lines from the start of the document, into a Problem.
func (d *document) syntax(err error) Problem {
	text := yamlPrefix.ReplaceAllString(err.Error(), "")
	line := 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = strings.Replace(text, m[0], "", 1)
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	if strings.Contains(text, "cannot start any token") {
		text += " (YAML is indented with spaces, not tabs)"
	}
	return Problem{Pos: Pos{File: d.file, Line: d.offset + line}, Message: "does not parse: " + text}
}
