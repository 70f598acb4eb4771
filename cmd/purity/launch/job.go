package launch

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/overlay"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/nixeval"
)

// Target is a program with its arguments and environment.
type Target struct {
	Path    string
	Argv    []string
	Environ []string
}

// A Program chooses the program, after environment and directories are made.
type Program func(p confine.Plan, environ []string, run nixeval.Run) (Target, error)

// Job is a command that is ready to start.
type Job struct {
	confine.Plan
	Temp     string           // its TMPDIR
	Unlinked []screen.Warning // files of presets that HOME does not show
	Command  enforce.Command

	into *overlay.Directory // for the command's changes in an overlay, nil for none
}

// newJob returns the job of a command. A nested one starts in the present confinement, any
// other in a new one.
func newJob(p confine.Plan, l Target, nested bool) Job {
	return Job{Plan: p, Command: enforce.Command{
		Path: l.Path, Args: l.Argv, Env: l.Environ, Dir: p.Project.Cwd, KeepFDs: append(jobserver(l.Environ), pipes(l.Argv)...), Confined: nested, Audit: !p.Enforced(), Capabilities: Unconfined(p.Project),
	}}
}

// Unconfined returns the capabilities, as bits, that root keeps in a command without confinement:
// all but dac_override, by which it can write read-only files. With it, Python would leave compiled
// files in the store. In a project of another user root needs it.
func Unconfined(p trees.Project) uint64 {
	override, _ := enforce.Capability("dac_override")
	if p.None || inspect.Mine(p.Dir) {
		return ^override
	}
	return ^uint64(0)
}

// Exec confines this process and replaces it by the command, or waits for the command in
// its view. It returns only an error, or an [*EndedError] of a command in a view.
func (j Job) Exec(v screen.Voice) error {
	c := j.Command
	j.NoteView(v)
	var err error
	if j.InView() && !c.Confined {
		err = j.enterView(v)
	} else {
		undo := caller.Unmask()
		err = j.Policy.Exec(c)
		undo()
	}
	if errors.Is(err, syscall.ENOEXEC) && !j.InView() { // in a view this process is not confined
		return Become(c.Path, c.Args, c.Env, cmp.Or(j.Env.Bash, "/bin/sh"))
	}
	var refused *view.RefusedError // a view that the kernel denies is nothing about the program
	if (errors.Is(err, os.ErrPermission) && !c.Confined || j.hides(err)) && !errors.As(err, &refused) && !j.Executable(c.Path) {
		name := filepath.Base(c.Path)
		err = words.Hint(err, "it is outside the environment; purity exec -- "+name+" runs the "+name+" of the dev shell, if it has one")
	}
	return err
}

// pipes returns the descriptors of pipes that arguments name as files. So a shell hands over
// the output of a process: diff <(a) <(b). They lead nowhere else.
func pipes(argv []string) []int {
	var fds []int
	for _, arg := range argv {
		for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
			_, number, found := strings.Cut(arg, dir)
			fd, err := strconv.Atoi(number)
			if found && err == nil && enforce.Pipe(fd) {
				fds = append(fds, fd)
			}
		}
	}
	return fds
}

// Become replaces this process by a program. For a script without a #! line it runs a
// shell, as a shell would.
func Become(file string, argv, environ []string, shell string) error {
	defer caller.Unmask()()
	err := syscall.Exec(file, argv, environ)
	if errors.Is(err, syscall.ENOEXEC) && script(file) {
		err = syscall.Exec(shell, append([]string{"sh", file}, argv[1:]...), environ)
	}
	return &enforce.ExecError{Path: file, Err: err}
}

// script reports whether a file is text, by its first bytes.
func script(file string) bool {
	f, err := hostile.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 80)
	n, err := f.Read(head)
	return err == nil && !bytes.Contains(head[:n], []byte{0})
}
