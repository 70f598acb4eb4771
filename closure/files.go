package closure

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// maxLine is the longest line that is read; a store path has at most 4096
// bytes, being a path.
const maxLine = 8192

// ParseStorePaths reads store paths, one a line, as the store-paths file of
// nixpkgs' closureInfo and `nix-store --query --requisites` list them. They
// come back sorted. Anything else on a line is an error.
func ParseStorePaths(r io.Reader, storeDir string) ([]Path, error) {
	var paths []Path
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if lines.Text() == "" {
			continue
		}
		p, err := Parse(storeDir, lines.Text())
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read store paths: %w", err)
	}
	if !slices.IsSorted(paths) {
		slices.Sort(paths)
	}
	return slices.Compact(paths), nil
}

// WriteStorePaths writes paths one a line.
func WriteStorePaths(w io.Writer, paths []Path) error {
	out := bufio.NewWriter(w)
	for _, p := range paths {
		out.WriteString(string(p))
		out.WriteByte('\n')
	}
	return out.Flush()
}

// ParseRegistration reads the form of `nix-store --dump-db` and of the registration
// file of nixpkgs' closureInfo: for each path the lines path, hash, size,
// deriver, number of references, and the references.
func ParseRegistration(r io.Reader, storeDir string) ([]Node, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	var nodes []Node
	for lines.Scan() {
		n, err := parseRecord(lines, storeDir)
		if err != nil {
			return nil, fmt.Errorf("parse registration of %q: %w", n.Path, err)
		}
		nodes = append(nodes, n)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read registration: %w", err)
	}
	return nodes, nil
}

// parseRecord reads one record, whose first line lines is at.
func parseRecord(lines *bufio.Scanner, storeDir string) (n Node, err error) {
	if n.Path, err = Parse(storeDir, lines.Text()); err != nil {
		return n, err
	}
	var fields [4]string // hash, size, deriver, number of references
	for i := range fields {
		if !lines.Scan() {
			return n, io.ErrUnexpectedEOF
		}
		fields[i] = lines.Text()
	}
	if n.NarSize, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return n, err
	}
	if fields[2] != "" {
		if n.Deriver, err = Parse(storeDir, fields[2]); err != nil {
			return n, err
		}
	}
	count, err := strconv.Atoi(fields[3])
	if err != nil {
		return n, err
	}
	for range count {
		if !lines.Scan() {
			return n, io.ErrUnexpectedEOF
		}
		reference, err := Parse(storeDir, lines.Text())
		if err != nil {
			return n, err
		}
		n.References = append(n.References, reference)
	}
	return n, nil
}

// document is the JSON of a closure, version 1.
type document struct {
	Version  int      `json:"version"`
	StoreDir string   `json:"storeDir"`
	Roots    []string `json:"roots"`
	Paths    []entry  `json:"paths"`
}

type entry struct {
	Path       string   `json:"path"`
	NarSize    int64    `json:"narSize"`
	References []string `json:"references"`
	Deriver    string   `json:"deriver,omitempty"`
}

const documentVersion = 1

// MarshalJSON writes {"version":1,"storeDir":…,"roots":[…],"paths":[{"path",
// "narSize","references","deriver"}]}, with full paths, sizes in bytes.
func (c Closure) MarshalJSON() ([]byte, error) {
	d := document{Version: documentVersion, StoreDir: c.StoreDir, Roots: texts(c.Roots), Paths: make([]entry, len(c.Nodes))}
	for i, n := range c.Nodes {
		d.Paths[i] = entry{Path: string(n.Path), NarSize: n.NarSize, References: texts(n.References), Deriver: string(n.Deriver)}
	}
	return json.Marshal(d)
}

// UnmarshalJSON reads the output of MarshalJSON and checks it as New does.
func (c *Closure) UnmarshalJSON(data []byte) error {
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	if d.Version != documentVersion {
		return fmt.Errorf("parse closure: version %d, not %d", d.Version, documentVersion)
	}
	roots, err := parseAll(d.StoreDir, d.Roots)
	if err != nil {
		return err
	}
	nodes := make([]Node, len(d.Paths))
	for i, e := range d.Paths {
		nodes[i].NarSize = e.NarSize
		if nodes[i].Path, err = Parse(d.StoreDir, e.Path); err != nil {
			return err
		}
		if nodes[i].References, err = parseAll(d.StoreDir, e.References); err != nil {
			return err
		}
		if e.Deriver != "" {
			if nodes[i].Deriver, err = Parse(d.StoreDir, e.Deriver); err != nil {
				return err
			}
		}
	}
	*c, err = New(d.StoreDir, roots, nodes)
	return err
}

func texts(paths []Path) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = string(p)
	}
	return out
}

func parseAll(storeDir string, list []string) ([]Path, error) {
	if len(list) == 0 {
		return nil, nil
	}
	paths := make([]Path, len(list))
	for i, s := range list {
		var err error
		if paths[i], err = Parse(storeDir, s); err != nil {
			return nil, err
		}
	}
	return paths, nil
}
