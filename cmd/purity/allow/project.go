package allow

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/config"
)

// projectFiles are files of a project that permission to enter it is about, whatever
// its evaluation reads.
var projectFiles = []string{"flake.nix", "flake.lock", "shell.nix", config.Name, ".envrc"}

// Permission is whether shells may make a project's environment theirs.
type Permission int

// The answer of a person about a project.
const (
	Unknown Permission = iota // nothing
	Changed                   // it was allowed, and changed since
	Allowed
)

// A record of a project is its directory, then a line for each file that was looked
// at: its hash and its path. Those that define the environment come first, and after an
// empty line, or the word exact, all others that the evaluation reads. There is one for each
// state that was allowed, so that branches can be changed.

// keptRecords is how many states of a project are remembered.
const keptRecords = 20

// Project is the permission of the project in dir, and if that changed, the file that
// did since it was allowed last. It looks at the files that define the environment,
// which is all that a prompt has the time for; before an evaluation [List.Evaluates]
// looks at all.
func (l List) Project(dir string) (permission Permission, changed string, err error) {
	return l.compare(dir, Sources{}, false)
}

// Sources are the files that an evaluation reads.
type Sources struct {
	Files []string
	// Flake says that the evaluation is of a flake on this machine, which reads what git tracks.
	Flake bool
	// Exact says that it reads all of Files, and no others. Else it could read any of them.
	Exact bool
}

// exact is the line of a record before files that the evaluation of the project's flake read all.
const exact = "exact"

// Evaluates is the permission to evaluate the project in dir now, when the evaluation
// reads sources: every one of them is as it was when the project was allowed, and that of the
// project's flake still reads all that it read then.
func (l List) Evaluates(dir string, sources Sources) (permission Permission, changed string, err error) {
	return l.compare(dir, sources, true)
}

func (l List) compare(dir string, sources Sources, all bool) (permission Permission, changed string, err error) {
	records, err := l.projectRecords(dir)
	if err != nil || len(records) == 0 {
		return Unknown, "", err
	}
	now := fingerprints{}
	for i, record := range records {
		file, err := now.differ(record, sources, all)
		if err != nil {
			return Unknown, "", fmt.Errorf("read permission of %s: %w", dir, err)
		}
		if file == "" {
			return Allowed, "", nil
		}
		if i == 0 {
			changed = file
		}
	}
	return Changed, changed, nil
}

// differ is the first file that is not as a record has it, empty if there is none.
func (f fingerprints) differ(record string, sources Sources, all bool) (string, error) {
	file, err := os.Open(record)
	if err != nil {
		return "", err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	dir := unquoted(lines.Text())
	known := map[string]bool{}
	wasExact := false
	for lines.Scan() {
		if lines.Text() == "" || lines.Text() == exact {
			if !all {
				return "", nil
			}
			wasExact = lines.Text() == exact
			continue
		}
		was, path, _ := strings.Cut(lines.Text(), " ")
		path = unquoted(path)
		if f.of(path, was) != was {
			return path, nil
		}
		known[path] = was != absent && was != directory
	}
	for _, file := range sources.Files {
		if _, is := known[file]; is {
			known[file] = false
		} else if _, err := os.Lstat(file); err == nil { // a new file is a change, too
			return file, nil
		}
	}
	if wasExact && sources.Flake {
		return sources.without(dir, known), lines.Err()
	}
	return "", lines.Err()
}

// without is a file that the evaluation of the flake in dir may leave out, empty if there is none.
// The true of more are others that it read when it was allowed, as they were: a command can
// take one out of git's index, and Nix then does not see it, or have nobody but Nix know what git
// tracks. An evaluation of no flake does not ask git.
func (s Sources) without(dir string, more map[string]bool) string {
	if !s.Exact {
		return filepath.Join(dir, ".git")
	}
	for _, path := range slices.Sorted(maps.Keys(more)) {
		if more[path] && strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/") && !slices.Contains(projectFiles, path[len(dir)+1:]) {
			return path
		}
	}
	return ""
}

// projectRecords are the records of a project, the newest first.
func (l List) projectRecords(dir string) ([]string, error) {
	records, err := filepath.Glob(l.recordPrefix(dir) + "-*")
	if err != nil {
		return nil, fmt.Errorf("read permission of %s: %w", dir, err)
	}
	modified := func(name string) int64 {
		info, err := os.Stat(name)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(records, func(a, b string) int { return cmp.Compare(modified(b), modified(a)) })
	return records, nil
}

// AllowProject remembers that shells may enter the project in dir as it is, and whose
// evaluation reads sources.
func (l List) AllowProject(dir string, sources Sources) error {
	var defining, others []string
	for _, name := range projectFiles {
		defining = append(defining, filepath.Join(dir, name))
	}
	for _, file := range sources.Files {
		switch {
		case slices.Contains(defining, file):
		case config.Defines(filepath.Base(file)):
			defining = append(defining, file)
		default:
			others = append(others, file)
		}
	}
	budget := hostile.Budget{Bytes: maxHashedAll}
	var b strings.Builder
	b.WriteString(quotedLine(dir) + "\n")
	for i, list := range [][]string{defining, others} {
		switch {
		case i > 0 && sources.Flake && sources.Exact:
			b.WriteString(exact + "\n")
		case i > 0:
			b.WriteByte('\n')
		}
		for _, file := range list {
			is, err := fingerprint(file, &budget)
			if err != nil {
				return fmt.Errorf("allow %s: %w", dir, err)
			}
			b.WriteString(is + " " + quotedLine(file) + "\n")
		}
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return fmt.Errorf("allow %s: %w", dir, err)
	}
	sum := sha256.Sum256([]byte(b.String()))
	record := l.recordPrefix(dir) + "-" + hex.EncodeToString(sum[:])
	if err := renameio.WriteFile(record, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("allow %s: %w", dir, err)
	}
	records, err := l.projectRecords(dir)
	for _, old := range records[min(len(records), keptRecords):] {
		err = errors.Join(err, os.Remove(old))
	}
	return errors.Join(err, l.mark(dir))
}

// recordPrefix begins the names of the records of a project.
func (l List) recordPrefix(dir string) string {
	sum := sha256.Sum256([]byte("project 2\x00" + dir))
	return filepath.Join(l.Dir, "project-"+hex.EncodeToString(sum[:16]))
}

// Paths are bytes, and a line ends with one of them.
var (
	lineEscape   = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	lineUnescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

func quotedLine(path string) string { return lineEscape.Replace(path) }

func unquoted(line string) string { return lineUnescape.Replace(line) }
