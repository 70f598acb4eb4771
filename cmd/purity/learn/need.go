package learn

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/secret"
	"github.com/nix-purity/purity/cmd/purity/span"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/observe"
)

// Run is the surroundings of a watched command.
type Run struct {
	Project string
	Home    string   // of the user, without links
	Named   []string // paths that may be secrets
	Exact   bool     // no directory stands for files in it
	// Executable lists the programs that the policy lets run already.
	Executable func(path string) bool
	// Guarded returns the file that a view has read-only although its directory is written, where
	// a path is or lies in one, and the setting that lets the command write it; moved says that a
	// call moves or removes the path itself. It is nil for none.
	Guarded func(path string, moved bool) (file, setting string)
}

// need is one grant that a policy lacks.
type need struct {
	access string // read, write, execute, connect
	path   string
	real   string
	files  []string // the files that it stands for, without links
	what   string   // for people: "data, by cat"
	why    string   // the same with reasons, where there are any
	port   uint16   // instead of a path; access is connect or listen
	udp    bool     // of the port
	// setting is a line of purity.toml, instead of a path.
	setting string
}

// Needs are the grants that findings need, sorted, none twice and none that
// another covers.
type Needs struct {
	all     []need
	Secrets []Secret // left out
	Other   []string // beyond every policy: abstract sockets
	Calls   []string // allowed only without the system call filter
}

// seccomp is the setting that opens far more than a call needs, and is left to people.
const seccomp = "seccomp = false"

// anyPort lets a command listen at a port that the kernel chooses.
const anyPort = "bind = [0]"

// Secret is a path that is not granted, and the secret that it would open.
type Secret struct{ Path, Opens string }

// Needs collects them, with those of programs that are outside themselves.
func (r Run) Needs(findings []report.Finding) Needs {
	c := collector{Run: r, known: map[string]int{}}
	for _, f := range findings {
		for _, d := range append([]observe.Denial{f.Denial}, f.More...) {
			c.denial(d, f.Why)
		}
	}
	return c.needs()
}

type collector struct {
	Run
	found []need
	known map[string]int
	other []string
	calls []string
}

func (c *collector) denial(d observe.Denial, why string) {
	by := filepath.Base(d.By.Program)
	n := need{access: d.Access, path: d.Path, real: d.Real, what: d.Kind + ", by " + by}
	if n.why = n.what; why != "" {
		n.why = why + "; by " + by
	}
	guarded, setting := c.guarded(d)
	switch {
	case guarded != "" && setting == "":
		c.other = append(c.other, guarded)
		return
	case guarded != "":
		n.path, n.real = guarded, guarded
	case d.Refused != "" && d.Opens == "":
		c.other = append(c.other, d.Refused)
		return
	case d.Refused != "" && d.Opens == seccomp:
		c.calls = append(c.calls, d.Refused)
		return
	case d.Refused != "":
		n.setting, n.what = d.Opens, d.Refused+", by "+by
	case d.Address != "":
		port, err := strconv.ParseUint(d.Address[strings.LastIndexByte(d.Address, ':')+1:], 10, 16)
		if err != nil {
			c.other = append(c.other, d.Address)
			return
		}
		n.port, n.udp = uint16(port), d.Protocol == "udp"
		if port == 0 && d.Access == "listen" {
			n.setting = anyPort
		} else if port == 0 {
			c.other = append(c.other, d.Address)
			return
		}
	case d.Access == "write" && enforce.OfProcess(d.Real):
		n.path, n.real, n.setting, n.what = "", "", "view = true", "files of its processes in /proc, by "+by
	case strings.HasPrefix(d.Real, "/proc/self"): // a grant is for the processes that there are when it is made
		n.path, n.real = "/proc", "/proc"
	case d.Entry || d.Access == "write" && !there(d.Real):
		n.path = existing(filepath.Dir(d.Real))
		n.real = n.path
	case enforce.Inside(d.Path, c.Project): // a link in the project can be made to lead anywhere
		n.path = d.Real
	}
	c.add(n)
	if d.Access == "execute" {
		for _, g := range host.Dependencies(d.Real) {
			if strings.Contains(g.Reason, "loader") && !c.Executable(g.Path) {
				c.add(need{access: "execute", path: g.Path, real: enforce.Real(g.Path), what: "loader of " + filepath.Base(d.Path), why: "loader of " + d.Path})
			}
		}
	}
	for _, follower := range d.Followers {
		c.denial(follower, "")
	}
}

// guarded returns the file that a view has read-only, and its setting, for a denied write.
func (c *collector) guarded(d observe.Denial) (file, setting string) {
	if c.Guarded == nil || d.Access != "write" || d.Real == "" {
		return "", ""
	}
	return c.Guarded(d.Real, d.Entry)
}

func (c *collector) secrets() secret.Finder { return secret.Finder{Home: c.Home, Named: c.Named} }

func (c *collector) add(n need) {
	key := fmt.Sprint(n.access, "\x00", n.path, "\x00", n.port, "\x00", n.setting)
	if i, ok := c.known[key]; ok {
		c.found[i].udp = c.found[i].udp || n.udp
		return
	}
	n.files = []string{n.real}
	c.known[key] = len(c.found)
	c.found = append(c.found, n)
}

func (c *collector) needs() Needs {
	kept := Needs{Other: slices.Compact(slices.Sorted(slices.Values(c.other))), Calls: slices.Compact(slices.Sorted(slices.Values(c.calls)))}
	all := c.folded()
	slices.SortStableFunc(all, func(a, b need) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.port, b.port), cmp.Compare(strength[b.access], strength[a.access]))
	})
	by := map[string][]need{} // the kept ones, by real path
	for _, n := range all {
		if n.port != 0 || n.setting != "" {
			kept.all = append(kept.all, n)
			continue
		}
		if opens := cmp.Or(c.secrets().In(n.path), c.secrets().In(n.real)); opens != "" {
			if named := (Secret{n.path, opens}); !slices.Contains(kept.Secrets[max(0, len(kept.Secrets)-1):], named) { // they are sorted
				kept.Secrets = append(kept.Secrets, named)
			}
		} else if !covered(by, n) {
			by[n.real] = append(by[n.real], n)
			kept.all = append(kept.all, n)
		}
	}
	return kept
}

// strength orders accesses: write has read in it, and so has execute.
var strength = map[string]int{"read": 1, "execute": 2, "write": 3}

// covered reports whether a directory above, or the path itself, is granted.
func covered(by map[string][]need, n need) bool {
	for path := n.real; ; path = filepath.Dir(path) {
		for _, other := range by[path] {
			if other.access == n.access || n.access == "read" && strength[other.access] > 0 {
				return true
			}
		}
		if path == "/" || path == "." {
			return false
		}
	}
}

// folded are needs with the directories in place of files that a person would grant
// instead.
func (c *collector) folded() []need {
	if c.Exact {
		return c.found
	}
	paths := map[string][]string{}
	for _, n := range c.found {
		paths[n.access] = append(paths[n.access], n.real)
	}
	trees := map[string]span.Trees{
		"read":    span.Files(c.secrets(), paths["read"]),
		"execute": span.Programs(c.secrets(), paths["execute"]),
	}
	known := map[string]*need{}
	var all []need
	var order []*need
	for _, n := range c.found {
		tree := trees[n.access].Of(n.real)
		if tree == n.real || n.port != 0 {
			all = append(all, n)
			continue
		}
		key := n.access + "\x00" + tree
		if known[key] == nil {
			known[key] = &need{access: n.access, path: tree, real: tree, what: n.what}
			order = append(order, known[key])
		}
		known[key].files = append(known[key].files, n.real)
	}
	for _, n := range order {
		kind := map[string]string{"read": "file", "execute": "program"}[n.access]
		_, by, _ := strings.Cut(n.what, ", ")
		n.what = screen.Plural(len(n.files), kind) + ", the first " + by
		n.why = n.what
		all = append(all, *n)
	}
	return all
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// existing is the nearest directory upward that is there.
func existing(dir string) string {
	for !there(dir) && dir != "/" {
		dir = filepath.Dir(dir)
	}
	return dir
}

// comment is the text after a # of TOML: one line, whatever is in it.
func comment(text string) string { return screen.Printable(text) }
