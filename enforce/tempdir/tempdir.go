package tempdir

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A run's temporary directory is named run-PID-START-RANDOM, after its process
// and the time when that began. So every purity can tell whether the run is over. It cannot
// tell that of another PID namespace, a container's with the same home directory: there
// the name is run-in-NAMESPACE-PID-START-RANDOM.
const tempPrefix = "run-"

// firstNamespace is the machine's own PID namespace (the kernel's PROC_PID_INIT_INO).
const firstNamespace = "pid:[4026531836]"

// prefix returns the beginning of the names of this PID namespace's runs.
func prefix() string {
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil || namespace == firstNamespace {
		return tempPrefix
	}
	return tempPrefix + "in-" + strings.Trim(namespace, "pid:[]") + "-"
}

// Make makes the temporary directory of this run in parent, and starts a process
// that removes it when this one ends, even if this one has become another program.
func Make(parent string) (string, error) {
	ours := prefix()
	pattern := fmt.Sprintf("%s%d-%s-*", ours, os.Getpid(), startTime(os.Getpid()))
	dir, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return "", fmt.Errorf("create temporary directory: %w", err)
	}
	if err := sweepAfterExit(dir, ours); err != nil {
		os.Remove(dir)
		return "", fmt.Errorf("watch temporary directory: %w", err)
	}
	return dir, nil
}

// Word is the hidden argument by which purity becomes a sweeper.
const Word = "__sweep"

// RunSweeper does the work of a sweeper if args are those of one.
func RunSweeper(args []string) (code int, ok bool) {
	if len(args) != 3 || args[1] != Word {
		return 0, false
	}
	var err error
	for range 20 { // the last processes of a view may still write
		if err = Sweep(args[2]); err == nil {
			return 0, true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return 1, true // there is nobody to tell
}

// Sweep removes the temporary directory dir, and those beside it whose run is
// over too: after a power cut, say.
func Sweep(dir string) error {
	parent, name := filepath.Split(dir)
	ours := prefix()
	if !isOver(name, ours) {
		return fmt.Errorf("sweep %s: not the temporary directory of a run that is over", dir)
	}
	root, err := os.OpenRoot(parent)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	defer root.Close()
	if err := removeAll(root, name); err != nil {
		return fmt.Errorf("sweep %s: %w", dir, err)
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return fmt.Errorf("sweep %s: %w", parent, err)
	}
	for _, e := range entries {
		if isOver(e.Name(), ours) || isForgotten(e) {
			if err := removeAll(root, e.Name()); err != nil {
				return fmt.Errorf("sweep %s: %w", e.Name(), err)
			}
		}
	}
	return nil
}

// Remove removes a directory with all that is in it, as a run's is removed.
func Remove(dir string) error {
	root, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	defer root.Close()
	if err := removeAll(root, filepath.Base(dir)); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// removeAll removes a tree. It first makes directories writable that a tool
// left read-only, such as Go's module cache. An os.Root never follows a link
// out of the tree, whatever a leftover process does meanwhile.
func removeAll(root *os.Root, name string) error {
	if !flatten(root, name) {
		return fmt.Errorf("%s: it is too deep to go at once", name)
	}
	return root.RemoveAll(name) // if more was needed, this says so
}

// flatten removes all below a directory. It moves each directory of a directory up before it removes
// that: a path of thousands of directories takes no more than their number, where each by its
// whole path, as a descriptor of each, would take hours. It reports false where directories are left
// below those that it moved last.
func flatten(root *os.Root, name string) bool {
	root.Chmod(name, 0o700)
	top, err := root.OpenRoot(name)
	if err != nil {
		return true
	}
	defer top.Close()
	for range maxDepth {
		again := false
		for _, dir := range dirs(top, ".") {
			top.Chmod(dir, 0o700)
			for _, below := range dirs(top, dir) {
				from := filepath.Join(dir, below)
				top.Chmod(from, 0o700) // without it a directory of a user is not moved (rename(2))
				again = top.Rename(from, fmt.Sprintf("moved-%x", rand.Uint64())) == nil || again
			}
			top.RemoveAll(dir)
		}
		if !again {
			return true
		}
	}
	return false
}

// maxDepth ends what a process that goes on making directories would have go on for ever.
const maxDepth = 1 << 16

// dirs names the directories in a directory.
func dirs(root *os.Root, name string) (names []string) {
	entries, _ := fs.ReadDir(root.FS(), name)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// isOver reports whether name is that of a temporary directory whose process
// has ended.
func isOver(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "-")
	if len(parts) != 3 {
		return false
	}
	pid, err := strconv.Atoi(parts[0])
	if err != nil {
		return false
	}
	start := startTime(pid)
	return start == "" || parts[1] != "" && start != parts[1] // a run without /proc could not tell its own
}

// forgotten is the age at which a directory of another PID namespace is taken for a leftover.
const forgotten = 30 * 24 * time.Hour

func isForgotten(e fs.DirEntry) bool {
	if !strings.HasPrefix(e.Name(), tempPrefix+"in-") {
		return false
	}
	info, err := e.Info()
	return err == nil && time.Since(info.ModTime()) > forgotten
}

// startTime returns when a process began, in clock ticks since boot
// (proc_pid_stat(5), field 22), empty for no process or a zombie. The kernel
// uses process numbers again, but not with the same start time.
func startTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field is a name in parentheses, with any characters in it.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" { // it ended, and its parent has not noticed yet
		return ""
	}
	return fields[19]
}
