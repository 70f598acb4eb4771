package packages

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Index is the answer of an index of packages on this machine: nix-index's, or that
// of a NixOS channel. It is asked once for each name, and not for ever.
type Index struct {
	tools Tools
	until time.Time
	known map[string]string
}

// NewIndex is the index that some tools ask.
func NewIndex(t Tools) *Index { return &Index{tools: t, known: map[string]string{}} }

// Attribute is that of the package that has a program, empty where no index
// knows. Of several it is the one with the fewest letters, which is seldom a
// variant.
func (x *Index) Attribute(program string) string {
	if attr, ok := x.known[program]; ok {
		return attr
	}
	if x.until.IsZero() {
		x.until = time.Now().Add(5 * time.Second)
	}
	ctx, cancel := context.WithDeadline(context.Background(), x.until)
	defer cancel()
	attributes := x.nixLocate(ctx, program)
	if len(attributes) == 0 {
		attributes = x.commandNotFound(ctx, program)
	}
	attr := ""
	if len(attributes) > 0 {
		attr = slices.MinFunc(attributes, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	}
	x.known[program] = attr
	return attr
}

// nixLocate asks nix-index.
func (x *Index) nixLocate(ctx context.Context, program string) []string {
	file := x.tools.find("nix-locate", slices.Concat(x.tools.system, x.tools.personal)...)
	if file == "" {
		return nil
	}
	out, _ := x.tools.ask(ctx, file, "--minimal", "--top-level", "--whole-name", "--at-root", "/bin/"+program)
	return attributes(strings.Fields(out))
}

// commandNotFound asks the program that reads programs.sqlite of the channel on
// NixOS; that of other systems knows no nix-shell.
func (x *Index) commandNotFound(ctx context.Context, program string) []string {
	file := x.tools.find("command-not-found", slices.Concat(x.tools.system, x.tools.personal)...)
	if file == "" {
		return nil
	}
	stdout, stderr := x.tools.ask(ctx, file, program)
	var found []string
	for _, m := range shellOf().FindAllStringSubmatch(stdout+stderr, -1) {
		found = append(found, m[1])
	}
	return attributes(found)
}

var shellOf = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\s*nix-shell -p (\S+)$`)
})

// attributes are those of a list that are attributes, without the output.
func attributes(all []string) []string {
	var valid []string
	for _, attr := range all {
		if attr = strings.TrimSuffix(attr, ".out"); attributePath().MatchString(attr) {
			valid = append(valid, attr)
		}
	}
	return valid
}

var attributePath = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_'-]*(\.([A-Za-z_][A-Za-z0-9_'-]*|"[A-Za-z0-9+._?=-]+"))*$`)
})
