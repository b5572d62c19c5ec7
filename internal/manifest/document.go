package manifest

import (
	"fmt"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// document is one object of a file: its content, and the YAML nodes that tell where each field stands.
type document struct {
	file   string
	offset int // lines of the file before the text that node was parsed from
	node   *yamlv3.Node
	object map[string]any
}

func (d *document) text(path ...string) string {
	var at any = d.object
	for _, p := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return ""
		}
		at = m[p]
	}
	s, _ := at.(string)
	return s
}

func (d *document) kind() string      { return d.text("kind") }
func (d *document) name() string      { return d.text("metadata", "name") }
func (d *document) namespace() string { return d.text("metadata", "namespace") }

func (d *document) group() string {
	g, _, ok := strings.Cut(d.text("apiVersion"), "/")
	if !ok {
		return ""
	}
	return g
}

func (d *document) problem(field, format string, args ...any) Problem {
	return Problem{Pos: d.pos(field), Kind: d.kind(), Name: d.name(), Field: field, Message: fmt.Sprintf(format, args...)}
}

// pos of a field, or of the closest field around it that is written down.
func (d *document) pos(field string) Pos {
	if d.node == nil {
		return Pos{File: d.file, Line: d.offset}
	}
	node, line := d.node, d.node.Line
	for _, step := range steps(field) {
		next, key := child(node, step)
		if next == nil {
			break
		}
		node, line = next, next.Line
		if key != nil {
			line = key.Line
		}
	}
	return Pos{File: d.file, Line: d.offset + line}
}

// steps splits a path as package field writes it: spec.fields[0].name, metadata.annotations[a.b/c].
func steps(field string) []string {
	var out []string
	for field != "" {
		if field[0] == '[' {
			key, rest, _ := strings.Cut(field[1:], "]")
			out, field = append(out, key), rest
		} else {
			end := strings.IndexAny(field, ".[")
			if end < 0 {
				end = len(field)
			}
			out, field = append(out, field[:end]), field[end:]
		}
		field = strings.TrimPrefix(field, ".")
	}
	return out
}

// child is the value under a key or an index, and the node of the key where there is one.
func child(node *yamlv3.Node, step string) (value, key *yamlv3.Node) {
	node = resolve(node)
	switch {
	case node == nil:
	case node.Kind == yamlv3.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil {
			return element(node, i), nil
		}
	case node.Kind == yamlv3.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1], node.Content[i]
			}
		}
	}
	return nil, nil
}

func element(node *yamlv3.Node, i int) *yamlv3.Node {
	node = resolve(node)
	if node == nil || i < 0 || i >= len(node.Content) {
		return nil
	}
	return node.Content[i]
}

func resolve(node *yamlv3.Node) *yamlv3.Node {
	if node != nil && node.Kind == yamlv3.AliasNode {
		return node.Alias
	}
	return node
}

// duplicates finds fields that a mapping gives twice: parsers keep the last one and say nothing.
func (d *document) duplicates(node *yamlv3.Node, path string) Problems {
	var out Problems
	switch node.Kind {
	case yamlv3.SequenceNode:
		for i, n := range node.Content {
			out = append(out, d.duplicates(n, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case yamlv3.MappingNode:
		seen := map[string]int{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			at := strings.TrimPrefix(path+"."+key.Value, ".")
			if first, ok := seen[key.Value]; ok {
				p := d.problem(at, "is given twice, first on line %d", d.offset+first)
				p.Line = d.offset + key.Line
				out = append(out, p)
			} else {
				seen[key.Value] = key.Line
			}
			out = append(out, d.duplicates(node.Content[i+1], at)...)
		}
	}
	return out
}
