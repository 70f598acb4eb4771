package confine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
)

// NoteView warns, once a project, that views do not work here.
func (p Plan) NoteView(v screen.Voice) {
	refused := p.Sees.Refused
	if refused == nil {
		return
	}
	mark, text := filepath.Join(p.Nix.ProjectDir(p.Project.Dir), "no-view"), whereViews()+refused.Error()
	if said, err := hostile.ReadFile(mark, 4096); err == nil && string(said) == text {
		return
	}
	v.Warn(screen.Warning{Text: fmt.Sprintf("%v; Landlock alone confines: files outside are denied, not hidden", refused), Hint: refused.Fix})
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err == nil {
		err = renameio.WriteFile(mark, []byte(text), 0o600)
		v.Log.Debug().Err(err).Msg("remember that there can be no view")
	}
}

// viewable returns nil if views work here. It remembers that in a directory, because a try
// takes a process.
func viewable(dir string) (*view.RefusedError, error) {
	mark, text := filepath.Join(dir, "view"), whereViews()
	if tried, err := hostile.ReadFile(mark, 4096); err == nil && string(tried) == text {
		return nil, nil
	}
	err := view.Available()
	var refused *view.RefusedError
	if errors.As(err, &refused) {
		Nested(refused)
		return refused, nil
	}
	if errors.Is(err, enforce.ErrNotLinux) {
		return &view.RefusedError{What: "try", Err: err}, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); err == nil {
		renameio.WriteFile(mark, []byte(text), 0o600) // if this fails, the next run tries again
	}
	return nil, nil
}

// Nested gives a refusal in a confinement by purity its remedy: Landlock forbids mounts there,
// and no setting of the machine helps.
func Nested(refused *view.RefusedError) {
	if Inside() {
		refused.Fix = "this process is confined already: run it outside, or leave the view out"
	}
}

// whereViews identifies the conditions for views: the boot of the machine, the user, and
// the namespaces of this process.
func whereViews() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	users, _ := os.Readlink("/proc/self/ns/user")
	mounts, _ := os.Readlink("/proc/self/ns/mnt")
	return fmt.Sprintf("%s %s %s %d\n", strings.TrimSpace(string(boot)), users, mounts, os.Geteuid())
}
