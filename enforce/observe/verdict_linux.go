package observe

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// judgeAll judges the subject of a call. Where the kernel has an answer before
// any policy has, be it for one target only, nothing is refused.
func (o *Observer) judgeAll(pid uint32, call string, targets []target) (denied []Denial, err error) {
	var places []place
	for _, t := range targets {
		t = o.shown.place(t)
		if t.text != "" {
			denied = append(denied, o.judgeAddress(pid, call, t)...)
			continue
		}
		if real, ok := o.known(t); ok {
			o.foundIf(pid, real)
			o.tell(pid, call, t, real, false)
			continue
		}
		v := o.view(pid)
		p, err := v.walk(t.path, t.how)
		if err == nil && !o.recognised(v, p) {
			err = errHidden
		}
		if err == errHidden {
			return nil, err
		}
		if err != nil || !t.reaches(p) && !o.shown.elsewhere(pid, call, p) {
			if err == nil {
				o.shown.remade(t, p)
			}
			if d, no := o.judgeAbsent(v, call, t, p, err); no {
				return []Denial{d}, nil
			}
			o.learn(t, place{})
			return nil, nil
		}
		if places = append(places, p); !together(call, targets, places) {
			return nil, nil
		}
		if d, no := o.judgePath(v, call, t, p); no {
			denied = append(denied, d)
		} else {
			o.foundIf(pid, p.path)
			o.foundIf(pid, t.path)
			o.learn(t, p)
		}
	}
	// Landlock has EACCES for all that it refuses of a call before EXDEV.
	if n := len(denied) - 1; n > 0 && denied[n].Errno == "EXDEV" {
		denied = denied[:n]
	}
	return denied, nil
}

// reaches reports whether the kernel, with this at the end of a path, comes to
// ask a policy.
func (t target) reaches(p place) bool {
	ends := p.kind() == unix.S_IFDIR || p.none && t.slash
	return t.finds&bit(p.kind()) != 0 && (!p.slash || ends) && (!p.dots || !t.entry)
}

// together reports whether two entries can be of one call: within one file
// system, a directory where a slash says that it is one, and none in the other.
func together(call string, targets []target, places []place) bool {
	if len(places) < 2 {
		return true
	}
	a, b := places[0], places[1]
	if strings.HasPrefix(call, "rename") {
		within := strings.HasPrefix(a.path, b.path+"/") || strings.HasPrefix(b.path, a.path+"/")
		if within || b.slash && targets[1].slash && a.kind() != unix.S_IFDIR {
			return false
		}
	}
	return a.device() == b.device()
}

// device is the file system of a place.
func (p place) device() uint64 {
	if p.none {
		unix.Stat(above(p.path), &p.stat)
	}
	return p.stat.Dev
}

// request is an access, by the name that the process gave.
type request struct {
	path   string
	access enforce.Access
}

// known is the verdict on a target from before. Most files that a build opens lie in
// the store, by the same names again and again: those are judged once.
func (o *Observer) known(t target) (real string, ok bool) {
	if !t.memorable() || o.moved.Load() {
		return "", false
	}
	value, ok := o.allowed.Load(request{t.path, t.access})
	if !ok {
		return "", false
	}
	return value.(string), true
}

// learn remembers where a target leads that is not refused, if that cannot
// change.
func (o *Observer) learn(t target, p place) {
	if t.memorable() && inside(t.path, o.judge.fixed) && (p.path == "" || inside(p.path, o.judge.fixed)) && filepath.Clean(t.path) == t.path && !o.moved.Load() {
		o.allowed.Store(request{t.path, t.access}, p.path)
	}
}

func (t target) memorable() bool {
	return filepath.IsAbs(t.path) && !t.entry && t.finds&nothing == 0 && t.how == lookup{dir: t.how.dir}
}

// judgePath is the denial of a place, if there is one.
func (o *Observer) judgePath(v view, call string, t target, p place) (Denial, bool) {
	subject, access := p.path, t.access
	if t.entry || p.none {
		subject, access = above(p.path), access|enforce.Write
	}
	missing := o.shown.missing(v.pid, call, subject, access, o.withheld(subject, access, p), p)
	pinned := missing == 0 && o.shown.pinned(call, t, p)
	if pinned {
		missing = enforce.Write & o.judge.controlled
	}
	missing = o.lessOwn(v, call, t, p, o.shown.lessSpared(v.pid, t, p, subject, missing))
	o.tell(v.pid, call, t, p.path, missing != 0)
	switch {
	case missing != 0 && allowedByMode(v.through+subject, t.mode, t.entry || p.none):
		d := Denial{Path: v.named(t, p), Real: v.own(p.path), Call: call, Access: word(missing), Entry: subject != p.path, Errno: unix.ErrnoName(t.errno)}
		d.Kind, d.Errno = kindOf(d, p), o.shown.busy(t, p, pinned, o.shown.errno(v.pid, o.judge, subject, missing, d.Errno))
		return o.by(v.pid, d), true
	case missing == 0 && t.access&enforce.Execute != 0:
		return o.judgeInterpreters(v, call, p.path)
	}
	return Denial{}, false
}

// withheld is the part of an access that policy and view refuse. A socket that a view does not
// show is out of reach on kernels, too, that cannot deny connecting by path.
func (o *Observer) withheld(path string, access enforce.Access, p place) enforce.Access {
	if o.shown != nil && access == enforce.Connect && !p.none && !o.judge.shows(path) && !o.shown.private(path) {
		return access
	}
	return o.judge.denied(path, access, p)
}

// judgeAddress is the denial of an address, if there is one.
func (o *Observer) judgeAddress(pid uint32, call string, t target) []Denial {
	d := Denial{Address: t.text, Access: "connect", Kind: "port", Call: call, Errno: unix.ErrnoName(t.errno)}
	d.Protocol = strings.ToLower(strings.TrimSuffix(t.protocol, "v6"))
	if t.listen {
		d.Access = "listen"
	}
	var denied bool
	if t.protocol != "" {
		denied = !o.judge.port(t.address)
	} else {
		d.Kind = "socket"
		denied = o.foreign(pid, t.address)
	}
	o.tell(pid, call, t, "", denied)
	if !denied {
		return nil
	}
	return []Denial{o.by(pid, d)}
}

// foreign reports whether an abstract socket is one that nobody made who is
// watched, to which Landlock's scope refuses to connect. A name that the kernel
// chose, of five digits, is not known to be anybody's.
func (o *Observer) foreign(pid uint32, a address) bool {
	if a.listen {
		o.bound.Store(a.text, true)
		return false
	}
	_, ours := o.bound.Load(a.text)
	const scoped = 6 // Landlock's ABI
	return !ours && o.judge.abi >= scoped && len(a.text) != len("@00000") && abstract(pid, a.text)
}

// allowedByMode leaves out denials that need no policy: those of modes,
// and mounts that cannot be written. That is no impurity: it is the same with
// every policy, or none.
func allowedByMode(path string, access enforce.Access, entry bool) bool {
	mode := uint32(0)
	switch {
	case entry:
		mode = unix.W_OK | unix.X_OK
	case access&enforce.Execute != 0: // it may be a file that cannot be read
		mode = unix.X_OK
	default:
		if access&enforce.Read != 0 {
			mode = unix.R_OK
		}
		if access&(enforce.Write|enforce.Connect) != 0 {
			mode |= unix.W_OK
		}
	}
	return unix.Faccessat2(unix.AT_FDCWD, path, mode, unix.AT_EACCESS) == nil
}

// named is the path as the process named it, made absolute; simplified where
// that leads to the same place.
func (v view) named(t target, p place) string {
	path := t.path
	if !filepath.IsAbs(path) {
		base, err := v.jump(v.descriptor(t.how.dir))
		if err != nil || path == "" || t.how.resolve != 0 {
			return v.own(p.path)
		}
		path = base.path + "/" + path
	} else if t.how.resolve != 0 {
		return v.own(p.path) // the root is another one
	}
	clean := filepath.Clean(path)
	if q, err := v.walk(clean, t.how); err == nil && q.path == p.path {
		return v.own(clean)
	}
	return path
}

// own names the entries of the process in /proc as it does itself, which is the same
// for every process and every run.
func (v view) own(path string) string {
	if !strings.HasPrefix(path, "/proc/") {
		return path
	}
	process := fmt.Sprintf("/proc/%d/", group(v.pid))
	if rest, ok := strings.CutPrefix(path, fmt.Sprintf("%stask/%d/", process, v.pid)); ok {
		return "/proc/thread-self/" + rest
	}
	if rest, ok := strings.CutPrefix(path, process); ok {
		return "/proc/self/" + rest
	}
	return path
}

// kindOf is the kind of the denied access.
func kindOf(d Denial, p place) string {
	switch {
	case d.Access == "execute":
		return "program"
	case d.Access == "connect":
		return "socket"
	case p.kind() == unix.S_IFDIR, strings.HasPrefix(d.Call, "mkdir"):
		return "directory"
	}
	return kind(d.Real)
}
