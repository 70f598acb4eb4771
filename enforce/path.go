package enforce

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Inside reports whether path is dir or lies below it. Both are absolute and clean; an
// empty dir has nothing in it.
func Inside(path, dir string) bool {
	return dir != "" && (path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/"))
}

// Real returns path with the symbolic links resolved in the part that exists, for comparing
// it with other paths. A policy opens paths by [Resolve].
func Real(path string) string {
	if path == filepath.Clean(path) && linkless(path) { // a .. behind a missing name could lead to a link
		return path
	}
	if _, err := os.Lstat(path); err == nil { // else each directory above would be looked at twice
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(Real(parent), filepath.Base(path))
	}
	return path
}

// LinkError says that a path of a policy passes through a symbolic link that a confined
// command can have made.
type LinkError struct {
	Path   string // as it was given
	Link   string
	Tree   string // the directory that a command may write, in which the link lies
	Target string // where the path leads
}

func (e *LinkError) Error() string {
	return fmt.Sprintf("%s is a symbolic link in %s, which a command can have made; it leads to %s", e.Link, e.Tree, e.Target)
}

// maxLinks is how many symbolic links a path may pass through, as for the kernel
// (path_resolution(7)).
const maxLinks = 40

// Resolve is the one place where a path of a policy becomes a path without symbolic
// links. It follows links as the kernel does. But a command could have planted a link in
// a directory of writable for the next run. If the path then leaves that directory,
// Resolve returns the path that it leads to and a [*LinkError]. Missing files are no
// error. The directories of writable have no links themselves.
//
// Set [Grant.Resolved] in a grant of the result: a link in it by then was made since.
func Resolve(path string, writable []string) (string, error) {
	var planted []LinkError
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("resolve %s: not an absolute path", path)
	}
	at, err := walk("/", path, func(at string, link bool) {
		for _, tree := range writable {
			if link && Inside(filepath.Dir(at), tree) {
				planted = append(planted, LinkError{Path: path, Link: at, Tree: tree})
			}
		}
	})
	if err != nil {
		return "", err
	}
	for _, e := range planted {
		if !Inside(at, e.Tree) {
			e.Target = at
			return at, &e
		}
	}
	return at, nil
}

// Passes reports whether a path passes through one of dirs, by its names or after any symbolic
// link, wherever it leads in the end, or has a link that cannot be followed. A relative path
// begins at from, which is absolute and without links, and does not count.
func Passes(from, path string, dirs ...string) bool {
	passes := false
	through := func(at string, _ bool) {
		for _, dir := range dirs {
			passes = passes || Inside(at, dir)
		}
	}
	if filepath.IsAbs(path) {
		through(filepath.Clean(path), false)
		if path == filepath.Clean(path) && linkless(path) { // then its names are all there is
			return passes
		}
	} else {
		through(filepath.Join(from, path), false)
	}
	_, err := walk(from, path, through)
	return passes || err != nil
}

// walk follows a path from a directory as the kernel does, and visits each file on the way before
// it follows it, if that is a symbolic link. Missing files are no error.
func walk(at, path string, visit func(at string, link bool)) (string, error) {
	if filepath.IsAbs(path) {
		at = "/"
	}
	rest := strings.Split(path, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		target, err := os.Readlink(next)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTDIR) { // not there, or no link
			visit(next, false)
			at = next
			continue
		}
		if err != nil {
			return "", fmt.Errorf("resolve %s: %w", path, err)
		}
		visit(next, true)
		if links++; links > maxLinks {
			return "", fmt.Errorf("resolve %s: %w", path, syscall.ELOOP)
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}

// Link is a symbolic link: where it is, and its text.
type Link struct{ Path, Target string }

// Links returns the symbolic links that the kernel follows in path, in their order, up to
// a missing file.
func Links(path string) []Link {
	var links []Link
	walk("/", path, func(at string, link bool) {
		if target, err := os.Readlink(at); link && err == nil {
			links = append(links, Link{at, target})
		}
	})
	return links
}

// OfKernel reports whether a path in /proc is one of the kernel itself, as /proc/sys, and not of
// a process. A view has those read-only.
func OfKernel(path string) bool {
	below, in := strings.CutPrefix(path, "/proc/")
	return in && !process(below)
}

// OfProcess reports whether a path in /proc is one of a process, by whose files it tells the kernel
// about itself: its name, or that it is the first to go. In a view a command writes those.
func OfProcess(path string) bool {
	below, in := strings.CutPrefix(path, "/proc/")
	return in && process(below)
}

// process reports whether a path below /proc begins with a process.
func process(below string) bool {
	name, _, _ := strings.Cut(below, "/")
	_, err := strconv.Atoi(name)
	return err == nil || name == "self" || name == "thread-self"
}
