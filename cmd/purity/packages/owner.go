package packages

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// manager is a package manager that knows whose a file is.
type manager struct {
	name, program string
	args          []string
	// asked are the arguments for a path: it may be known by an older name.
	asked func(path string) []string
	// answer finds package and path in a line; or a manager that says no paths
	// answers line by line.
	answer string // a regular expression
}

var managers = []manager{
	{"dpkg", "dpkg-query", []string{"-S"}, merged, `^(?P<package>[a-z0-9][a-z0-9+.-]+)[^/]*: (?P<path>/.*)$`},
	{"rpm", "rpm", []string{"-qf", "--qf", `%{NAME}\n`}, alone, `^(?P<package>\S+)$`},
	{"pacman", "pacman", []string{"-Qo"}, alone, `^(?P<path>/.*) is owned by (?P<package>\S+) \S+$`},
	{"apk", "apk", []string{"info", "-W"}, alone, `^(?P<path>/.*?)(?: symlink target)? is owned by (?P<package>\S+?)-\d\S*$`},
}

func alone(path string) []string { return []string{path} }

// merged are the names that dpkg has for a path: as patterns, and directories that
// were merged into /usr by their old names.
func merged(path string) []string {
	path = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
	if old, ok := strings.CutPrefix(path, "/usr/"); ok {
		return []string{path, "/" + old}
	}
	return []string{path}
}

// most is how much a command line takes, with room to spare: 2 MiB on Linux, less
// the environment.
const most = 1 << 20

// Owners are the packages of the host that files are of, by path, as far as a
// package manager of this machine tells within a time for all of them.
func (t Tools) Owners(paths []string, limit time.Duration) map[string]string {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	found := map[string]string{}
	for _, path := range paths {
		if strings.HasPrefix(path, "/run/current-system/") || strings.HasPrefix(path, "/etc/profiles/") {
			found[path] = "this NixOS system"
		}
	}
	for _, m := range managers {
		file := t.find(m.program, t.system...)
		if file == "" {
			continue
		}
		var unknown []string
		for _, path := range paths {
			if found[path] != "" || slices.ContainsFunc(t.unpackaged, func(dir string) bool { return strings.HasPrefix(path, dir) }) {
				continue
			}
			if info, err := os.Lstat(path); err == nil && !info.IsDir() { // many have files in a directory
				unknown = append(unknown, path)
			}
		}
		for chunk := range chunks(unknown) {
			t.askOwners(ctx, m, file, chunk, found)
		}
	}
	return found
}

// askOwners asks one manager for many paths at once.
func (t Tools) askOwners(ctx context.Context, m manager, file string, paths []string, found map[string]string) {
	args, by := slices.Clone(m.args), map[string]string{}
	for _, path := range paths {
		args = append(args, m.asked(path)...)
		by[path] = path
		by["/"+strings.TrimPrefix(path, "/usr/")] = path
	}
	out, _ := t.ask(ctx, file, args...)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	answer := regexp.MustCompile(m.answer)
	atPath := answer.SubexpIndex("path")
	if atPath < 0 && len(lines) != len(paths) {
		if len(paths) > 1 { // which line is whose cannot be told
			for _, path := range paths {
				t.askOwners(ctx, m, file, []string{path}, found)
			}
			return
		}
		lines = lines[:1] // of several packages the first
	}
	for i, line := range lines {
		match := answer.FindStringSubmatch(line)
		if match == nil || strings.HasPrefix(line, "diversion ") || strings.HasPrefix(line, "local diversion ") {
			continue
		}
		path := paths[min(i, len(paths)-1)]
		if atPath >= 0 {
			path = by[match[atPath]]
		}
		if path != "" && found[path] == "" {
			found[path] = match[answer.SubexpIndex("package")] + " (" + m.name + ")"
		}
	}
}

// chunks are parts of a list of paths that fit into a command line each.
func chunks(paths []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		start, size := 0, 0
		for i, path := range paths {
			if size += 2 * (len(path) + 16); size > most {
				if !yield(paths[start:i]) {
					return
				}
				start, size = i, 2*(len(path)+16)
			}
		}
		if start < len(paths) {
			yield(paths[start:])
		}
	}
}
