package allow

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

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
// empty line all others that the evaluation reads. There is one for each state that was
// allowed, so that branches can be changed.

// keptRecords is how many states of a project are remembered.
const keptRecords = 20

// Project is the permission of the project in dir, and if that changed, the file that
// did since it was allowed last. It looks at the files that define the environment,
// which is all that a prompt has the time for; before an evaluation [List.Evaluates]
// looks at all.
func (l List) Project(dir string) (permission Permission, changed string, err error) {
	return l.compare(dir, nil, false, false)
}

// Evaluates is the permission to evaluate the project in dir now, when the evaluation
// reads files: every one of them is as it was when the project was allowed, and that of the
// project's flake still reads all that it read then.
func (l List) Evaluates(dir string, files []string, flake bool) (permission Permission, changed string, err error) {
	return l.compare(dir, files, true, flake)
}

func (l List) compare(dir string, files []string, all, flake bool) (permission Permission, changed string, err error) {
	records, err := l.projectRecords(dir)
	if err != nil || len(records) == 0 {
		return Unknown, "", err
	}
	now := fingerprints{}
	for i, record := range records {
		file, err := now.differ(record, files, all, flake)
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

// fingerprints are those of files that were looked at, by path.
type fingerprints map[string]string

// of is the fingerprint of a file, taken as the one that it had: where that is not of its
// content, this one is not either.
func (f fingerprints) of(path, was string) string {
	budget, key := hostile.Budget{Bytes: maxHashed}, path
	if strings.HasPrefix(was, long) {
		budget, key = hostile.Budget{}, long+path
	}
	is, looked := f[key]
	if !looked {
		is, _ = fingerprint(path, &budget) // an unreadable file is not as it was
		f[key] = is
	}
	return is
}

// differ is the first file that is not as a record has it, empty if there is none.
func (f fingerprints) differ(record string, files []string, all, flake bool) (string, error) {
	file, err := os.Open(record)
	if err != nil {
		return "", err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	lines.Scan() // the directory
	known := map[string]bool{}
	left := func(string) bool { return false }
	if flake {
		left = untracked(unquoted(lines.Text()), files)
	}
	for lines.Scan() {
		if lines.Text() == "" {
			if !all {
				return "", nil
			}
			continue
		}
		was, path, _ := strings.Cut(lines.Text(), " ")
		path = unquoted(path)
		known[path] = true
		if f.of(path, was) != was || was != absent && was != directory && left(path) {
			return path, nil
		}
	}
	for _, file := range files {
		if _, err := os.Lstat(file); !known[file] && err == nil { // a new file is a change, too
			return file, nil
		}
	}
	return "", lines.Err()
}

// untracked returns a function that reports whether an evaluation of a flake that reads files
// leaves out a file of the project in dir, which a record has, although it lies there
// as it was: a command can take it out of git's index, and Nix then does not see it. Other
// evaluations do not ask git, and read other files than that of the flake, which was allowed.
func untracked(dir string, files []string) func(path string) bool {
	reads := map[string]bool{}
	for _, file := range files {
		reads[file] = true
	}
	for _, name := range projectFiles { // they are in every record
		reads[filepath.Join(dir, name)] = true
	}
	return func(path string) bool {
		return strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/") && !reads[path]
	}
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

// AllowProject remembers that shells may enter the project in dir as it is. Files are
// all that its evaluation reads.
func (l List) AllowProject(dir string, files []string) error {
	var defining, others []string
	for _, name := range projectFiles {
		defining = append(defining, filepath.Join(dir, name))
	}
	for _, file := range files {
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
		if i > 0 {
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

// How many bytes are hashed of one file and of all that are allowed together. A command can
// leave a file of a terabyte that takes no room. Of the rest it counts the metadata.
const (
	maxHashed    = 256 << 20
	maxHashedAll = 1 << 30
)

// long begins the fingerprint of a file that is not hashed. absent and directory are those of
// no file, and of a directory.
const (
	long      = "long-"
	absent    = "absent"
	directory = "directory"
)

// fingerprint is the hash of a file's content and whether it is executable, where a link
// leads, or in a word its other type: "absent", "directory", "special", "long".
func fingerprint(path string, budget *hostile.Budget) (string, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil
	case err != nil:
		return "", fmt.Errorf("read project: %w", err)
	case info.IsDir():
		return directory, nil
	}
	hash := sha256.New()
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return "", fmt.Errorf("read project: %w", err)
		}
		fmt.Fprintf(hash, "link %s\x00", target)
		if info, err = os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return hex.EncodeToString(hash.Sum(nil)), nil
		}
	}
	if !info.Mode().IsRegular() {
		return "special", nil
	}
	if info.Size() > maxHashed {
		return fingerprintOfLong(path)
	}
	sum, err := budget.Sum(path)
	if errors.Is(err, hostile.ErrBudget) {
		return fingerprintOfLong(path)
	}
	if err != nil {
		return "", fmt.Errorf("read project: %w", err)
	}
	fmt.Fprintf(hash, "file %v\x00%s", info.Mode()&0o100 != 0, sum[:])
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// fingerprintOfLong is that of a file that is not hashed. No program can set the time of
// the last change (inode(7), ctime).
func fingerprintOfLong(path string) (string, error) {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return "", fmt.Errorf("read project: %w", err)
	}
	return fmt.Sprintf("%s%d-%d-%d", long, stat.Size, stat.Ino, stat.Ctim.Nano()), nil
}

// Paths are bytes, and a line ends with one of them.
var (
	lineEscape   = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	lineUnescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

func quotedLine(path string) string { return lineEscape.Replace(path) }

func unquoted(line string) string { return lineUnescape.Replace(line) }
