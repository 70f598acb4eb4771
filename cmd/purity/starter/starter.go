// Package starter sets up a project: the files that purity init writes
// where there are none, and the lines that it cannot write, with where they go.
package starter

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/config"
)

// Project is the directory of a project. Nothing outside of it is read or
// written, wherever links lead.
type Project struct{ Root *os.Root }

// longest is how long a file of a project is at most that is read.
const longest = 4 << 20

// has reports whether the project has one of some files.
func (p Project) has(names ...string) bool {
	for _, name := range names {
		if _, err := p.Root.Stat(name); err == nil {
			return true
		}
	}
	return false
}

// Source are the flags for the environment that a project defines, with a blank
// before them. That of devenv is not evaluated by purity, but entered by devenv.
func (p Project) Source() (flags string, evaluated bool) {
	switch {
	case p.has("flake.nix"):
		return "", true
	case p.has("shell.nix"):
		return " --file shell.nix", true
	}
	return "", !p.has("devenv.nix", "devenv.yaml")
}

// text is the content of a file, empty if it cannot be read.
func (p Project) text(name string) string {
	data, err := hostile.ReadIn(p.Root, name, longest)
	if err != nil {
		return ""
	}
	return string(data)
}

// Plan is the set of steps for a project.
type Plan struct {
	Files []File
	Notes []Note
}

// File is one to be written if it is not there, or lines to be added to one that is.
type File struct {
	Name   string
	Text   string
	Append bool
	Done   bool // it is there, or has the lines
}

// Note is lines for a person to put somewhere.
type Note struct {
	Where string
	Lines string
}

// Begin is the plan of a new project: settings, and hooks for its tools. The
// person has a shell and a home directory.
func (p Project) Begin(shell, home string) (Plan, error) {
	var settings strings.Builder
	if err := config.WriteTemplate(&settings); err != nil {
		return Plan{}, err
	}
	plan := Plan{Files: []File{p.file(config.Name, settings.String())}}
	p.direnv(&plan)
	p.shells(&plan)
	if note, ok := hookLine(shell, home); ok {
		plan.Notes = append(plan.Notes, note)
	}
	return plan, nil
}

// file is one to be written, unless anything is there by that name.
func (p Project) file(name, text string) File {
	_, err := p.Root.Lstat(name)
	return File{Name: name, Text: text, Done: err == nil}
}

// Write does it. A file that appears meanwhile stays as it is.
func (f File) Write(p Project) error {
	if f.Append {
		return f.add(p)
	}
	if err := p.Root.MkdirAll(path.Dir(f.Name), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", f.Name, err)
	}
	file, err := p.Root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Name, err)
	}
	_, err = file.WriteString(f.Text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", f.Name, err)
	}
	return nil
}

// add appends the lines, in one write.
func (f File) add(p Project) error {
	data, err := hostile.ReadIn(p.Root, f.Name, longest)
	if err != nil {
		return fmt.Errorf("add to %s: %w", f.Name, err)
	}
	file, err := p.Root.OpenFile(f.Name, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("add to %s: %w", f.Name, err)
	}
	text := f.Text
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		text = "\n" + text
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("add to %s: %w", f.Name, err)
	}
	return nil
}

// absent reports whether err says that there is no such file.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
