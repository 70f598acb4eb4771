package tempdir

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A run's temporary directory is named run-PID-START-RANDOM by its process,
// START being when that began, so that anybody can tell whether the run is
// over.
const tempPrefix = "run-"

// Make makes the temporary directory of this run in parent and sees to it
// that it is removed when this process ends, by then perhaps as another
// program.
func Make(parent string) (string, error) {
	pattern := fmt.Sprintf("%s%d-%s-*", tempPrefix, os.Getpid(), startTime(os.Getpid()))
	dir, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return "", fmt.Errorf("create temporary directory: %w", err)
	}
	if err := sweepAfterExit(dir); err != nil {
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
	for range 20 { // what a view ended with its run may still be writing
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
	if !isOver(name) {
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
		if isOver(e.Name()) {
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

// removeAll removes a tree, first making those directories writable that a
// tool left read-only, as Go's module cache does. An os.Root never follows a
// link out of the tree, whatever a process that is left over does meanwhile.
func removeAll(root *os.Root, name string) error {
	fs.WalkDir(root.FS(), name, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			root.Chmod(path, 0o700) // if it was needed and fails, RemoveAll says so
		}
		return nil
	})
	return root.RemoveAll(name)
}

// isOver reports whether name is that of a temporary directory whose process
// has ended.
func isOver(name string) bool {
	rest, ok := strings.CutPrefix(name, tempPrefix)
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

// startTime is when a process began, in clock ticks since boot
// (proc_pid_stat(5), field 22), empty if there is no such process. A process
// number is used again, the two together are not. A zombie is no process.
func startTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field is a name in parentheses with whatever in it.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" { // it ended, and its parent has not noticed yet
		return ""
	}
	return fields[19]
}
