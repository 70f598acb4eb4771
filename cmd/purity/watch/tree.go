package watch

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/observe"
)

// Line is the line for a use by a process.
func (t *Tree) Line(in confine.Found, e observe.Event) string {
	mark := " "
	if e.Denied {
		mark = "!"
	}
	where := screen.Printable(e.Path)
	if path := in.StorePath(e.Path); path != "" {
		where = path[strings.LastIndexByte(path, '/')+1:] + "  " + screen.Printable(strings.TrimPrefix(e.Path, path))
	}
	access := e.Access.String()
	if e.Address != "" {
		where, access = screen.Printable(e.Address), "----c"
		if e.Call == "bind" {
			access = "----b"
		}
	}
	if e.Refused != "" {
		where, access = screen.Printable(e.Refused), "-----"
	}
	who := t.of(e.PID)
	if e.Access&enforce.Execute != 0 {
		delete(t.known, e.PID) // it is called otherwise then
	}
	return fmt.Sprintf("%7d %-20s %s%s %s", who.id, strings.Repeat(" ", min(who.depth, 12))+screen.Printable(who.name), mark, access, where)
}

// process is the process of a thread.
type process struct {
	id    int
	name  string
	depth int // generations after the command's
}

// Tree is the processes of a command.
type Tree struct {
	known map[int]process // by their threads
	top   int             // purity
	above int             // the parent of the command, purity or the init of its view
}

// NewTree is the tree of the processes that this one starts.
func NewTree() *Tree { return &Tree{known: map[int]process{}, top: os.Getpid()} }

// of is the process of a thread. It waits for its call to be seen, so it is there.
func (t *Tree) of(thread int) process {
	if known, ok := t.known[thread]; ok {
		return known
	}
	p := process{id: thread}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return p
	}
	parent := 0
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":\t")
		switch key {
		case "Name":
			p.name = value
		case "Tgid":
			p.id, _ = strconv.Atoi(value)
		case "PPid":
			parent, _ = strconv.Atoi(value)
		}
	}
	if t.above == 0 { // the command's own start is seen first
		t.above = parent
	}
	if (parent == t.top || parent == t.above) && p.name == "exe" { // purity, started as /proc/self/exe
		p.name = "purity"
	}
	if parent > 1 && parent != t.top && parent != t.above {
		p.depth = t.of(parent).depth + 1
	}
	t.known[thread] = p
	return p
}
