package inspect

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Hazard is something in a project that undermines a confinement to it.
type Hazard struct {
	Path string // the first of them
	More int    // how many others there are
	What string // their kind, in words for people
}

func (h Hazard) String() string {
	if h.More > 0 {
		return fmt.Sprintf("%s and %d more: %s", h.Path, h.More, h.What)
	}
	return fmt.Sprintf("%s: %s", h.Path, h.What)
}

const (
	hardLink = "a hard link to a file outside the project, which the command can read and write by it"
	readable = "a hard link to a file outside the project, which the command can read by it"
	device   = "a device node"
	setuid   = "set-user-ID or set-group-ID, which has no effect inside"
	mounted  = "a mount, whose files are a part of the project"
	hidden   = "a mount, whose files an overlay of the project does not show"
)

// Hazards walks through the project: hard links to files outside, device
// nodes, files that run as somebody else, and mounts. Overlaid says that the command has
// an overlay of it.
func Hazards(dir string, overlaid bool) []Hazard {
	found := hazards(Mounts(dir, overlaid))
	link := hardLink
	if overlaid {
		link = readable
	}
	type file struct{ dev, ino uint64 }
	type links struct {
		first string
		here  uint64 // names in the project
		all   uint64
	}
	linked := map[file]*links{}
	var order []*links
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type()&fs.ModeSymlink != 0 {
			return nil // a command cannot read it either
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		switch {
		case !ok:
		case info.Mode()&fs.ModeDevice != 0:
			found.add(path, device)
		case info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0:
			found.add(path, setuid)
		}
		if ok && stat.Nlink > 1 {
			id := file{uint64(stat.Dev), stat.Ino}
			if linked[id] == nil {
				linked[id] = &links{first: path, all: uint64(stat.Nlink)}
				order = append(order, linked[id])
			}
			linked[id].here++
		}
		return nil
	})
	for _, l := range order {
		if l.here < l.all {
			found.add(l.first, link)
		}
	}
	return found
}

type hazards []Hazard

// add counts the hazards of one kind.
func (h *hazards) add(path, what string) {
	for i := range *h {
		if (*h)[i].What == what {
			(*h)[i].More++
			return
		}
	}
	*h = append(*h, Hazard{Path: path, What: what})
}

// Mounts are those hazards of a project that are mounts, as the kernel lists them. The lower
// layer of an overlay is one mount, without those below it (overlayfs.rst).
func Mounts(dir string, overlaid bool) []Hazard {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	what := mounted
	if overlaid {
		what = hidden
	}
	var found hazards
	for _, at := range mountsBelow(dir, string(data)) {
		found.add(at, what)
	}
	return found
}

// mountsBelow reads mountinfo (proc_pid_mountinfo(5)): the fifth field is the
// mount point.
func mountsBelow(dir, mountinfo string) []string {
	var below []string
	prefix := strings.TrimSuffix(dir, "/") + "/"
	for line := range strings.Lines(mountinfo) {
		fields := strings.SplitN(line, " ", 6)
		if len(fields) < 6 {
			continue
		}
		if at := unescape(fields[4]); strings.HasPrefix(at, prefix) {
			below = append(below, at)
		}
	}
	return below
}

// unescape undoes the kernel's octal escapes of blanks and backslashes.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(c byte) bool { return '0' <= c && c <= '7' }

// Mine reports whether a directory belongs to this user.
func Mine(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
