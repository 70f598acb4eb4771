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
	name string
	args []string
	// answer finds package and path in a line; or a manager that says no paths
	// answers line by line.
	answer string // a regular expression
}

// Dpkg is not among them: see fromLists.
var managers = []manager{
	{"rpm", []string{"-qf", "--qf", `%{NAME}\n`}, `^(?P<package>\S+)$`},
	{"pacman", []string{"-Qo"}, `^(?P<path>/.*) is owned by (?P<package>\S+) \S+$`},
	{"apk", []string{"info", "-W"}, `^(?P<path>/.*?)(?: symlink target)? is owned by (?P<package>\S+?)-\d\S*$`},
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
	t.fromLists(ctx, t.packaged(paths), found)
	for _, m := range managers {
		file := t.find(m.name, t.system...)
		if file == "" {
			continue
		}
		unknown := slices.DeleteFunc(t.packaged(paths), func(path string) bool { return found[path] != "" })
		for chunk := range chunks(unknown) {
			t.askOwners(ctx, m, file, chunk, found)
		}
	}
	return found
}

// packaged returns the paths that can be of a package. Many have files in a directory.
func (t Tools) packaged(paths []string) (files []string) {
	for _, path := range paths {
		if slices.ContainsFunc(t.unpackaged, func(dir string) bool { return strings.HasPrefix(path, dir) }) {
			continue
		}
		if info, err := os.Lstat(path); err == nil && !info.IsDir() {
			files = append(files, path)
		}
	}
	return files
}

// askOwners asks one manager for many paths at once.
func (t Tools) askOwners(ctx context.Context, m manager, file string, paths []string, found map[string]string) {
	out, _ := t.ask(ctx, file, append(slices.Clip(m.args), paths...)...)
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
		if match == nil {
			continue
		}
		path := paths[min(i, len(paths)-1)]
		if atPath >= 0 {
			path = match[atPath]
		}
		if found[path] == "" {
			found[path] = match[answer.SubexpIndex("package")] + " (" + m.name + ")"
		}
	}
}

// chunks are parts of a list of paths that fit into a command line each.
func chunks(paths []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		start, size := 0, 0
		for i, path := range paths {
			if size += len(path) + 16; size > most {
				if !yield(paths[start:i]) {
					return
				}
				start, size = i, len(path)+16
			}
		}
		if start < len(paths) {
			yield(paths[start:])
		}
	}
}
