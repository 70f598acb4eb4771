package observe

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// A builder of Nix may hide the host or not, and the outcome of a command must not
// depend on that. So with [Observer.Absent] a missing file counts as if it were there, and
// a file that a command looked for and found elsewhere counts for neither.

// judgeAbsent is the denial of a path that is not there, if the policy would have
// refused it where it is.
func (o *Observer) judgeAbsent(v view, call string, t target, p place, err error) (Denial, bool) {
	if !o.Absent || err != unix.ENOENT && (err != nil || !p.none) || !filepath.IsAbs(p.path) || v.through != "" {
		return Denial{}, false
	}
	path := p.path
	missing := o.judge.missing(path, t.access)
	for at := path; missing != 0; at = above(at) {
		if missing &^= o.judge.absent[at]; at == "/" {
			break
		}
	}
	if missing == 0 || onNoHost(path) {
		return Denial{}, false
	}
	d := Denial{
		Path: v.own(path), Real: v.own(path), Call: call, Access: word(missing), Entry: t.entry,
		Errno: o.shown.errno(v.pid, o.judge, path, missing, "EACCES"),
	}
	d.Kind = kindOf(d, place{})
	return o.by(v.pid, d), true
}

// onNoHost reports whether a path is no file of any host: one of the kernel's file
// systems, which tell of the machine, or the HOME of builds, which Nix removes
// (libstore, homeDir).
func onNoHost(path string) bool {
	return slices.ContainsFunc([]string{"/proc", "/sys", "/dev", "/homeless-shelter"}, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// search is a file that a process looks for, whatever the directory.
type search struct {
	group int
	name  string
}

// searches are the denials of files that a process looks for along a list of directories:
// programs, libraries, headers. Where the process finds the name in another, they are
// dropped. The zero value is empty.
type searches struct {
	mutex   sync.Mutex
	denied  map[search][]Denial
	done    map[search]bool
	waiting map[string]bool // names that are looked for
}

// put keeps a denial until it is known whether the search ends well. It reports
// whether d is of a search at all.
func (s *searches) put(pid uint32, d Denial) bool {
	if !slices.Contains([]string{"program", "library", "header"}, d.Kind) {
		return false
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.denied == nil {
		s.denied, s.done, s.waiting = map[search][]Denial{}, map[search]bool{}, map[string]bool{}
	}
	key := search{group(pid), filepath.Base(d.Path)}
	s.denied[key] = append(s.denied[key], d)
	s.waiting[key.name] = true
	return true
}

// found ends a search.
func (s *searches) found(pid uint32, path string) {
	name := filepath.Base(path)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.waiting[name] {
		s.done[search{group(pid), name}] = true
	}
}

// foundIf notes that a process found something, if that is of interest.
func (o *Observer) foundIf(pid uint32, path string) {
	if o.Absent && path != "" {
		o.searches.found(pid, path)
	}
}

// failed are the denials of searches that nothing was found by.
func (s *searches) failed() (all []Denial) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for key, denied := range s.denied {
		if !s.done[key] {
			all = append(all, denied...)
		}
	}
	s.denied = nil
	slices.SortFunc(all, func(a, b Denial) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// alike is a denial as it is where the host is hidden: nothing tells there that a path
// is a link of the host, or its owner.
func (o *Observer) alike(d Denial) Denial {
	if !o.Absent || d.Path == "" || filepath.Clean(d.Path) != d.Path {
		return d
	}
	if o.judge.missing(d.Path, enforce.All) == enforce.All&o.judge.controlled { // no grant leads to it, such as that of the project
		d.Real = d.Path
	}
	d.Kind = kindOf(d, place{})
	return d
}

// counts adds denials, those of searches once their outcome is known.
func (o *Observer) counts(pid uint32, denied []Denial) {
	for _, d := range denied {
		if d = o.alike(d); !o.Absent || !o.searches.put(pid, d) {
			o.add(d)
		}
	}
}

// Denials are those so far, programs first.
func (o *Observer) Denials() []Denial {
	for _, d := range o.searches.failed() {
		o.add(d)
	}
	return o.collection.Denials()
}

// grantAbsent notes a grant of a missing path.
func (j *judge) grantAbsent(g enforce.Grant) {
	if filepath.IsAbs(g.Path) {
		j.absent[filepath.Clean(g.Path)] |= g.Access
	}
}
