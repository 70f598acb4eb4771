package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/enforce"
)

// Link is a name in the private HOME by which a program finds a file of the user's
// that a preset opens.
type Link struct{ Name, Target string }

// editorLinks are where editors, tmux and prompts have their configuration, by where
// they look for it below HOME.
var editorLinks = []variable{
	{".config/nvim", []string{"$XDG_CONFIG_HOME/nvim"}},
	{".local/share/nvim", []string{"$XDG_DATA_HOME/nvim"}},
	{".vimrc", []string{"~/.vimrc"}},
	{".vim", []string{"~/.vim"}},
	{".config/vim", []string{"$XDG_CONFIG_HOME/vim"}},
	{".emacs", []string{"~/.emacs"}},
	{".emacs.d", []string{"~/.emacs.d"}},
	{".config/emacs", []string{"$XDG_CONFIG_HOME/emacs"}},
	{".config/helix", []string{"$XDG_CONFIG_HOME/helix"}},
	{".config/kak", []string{"$XDG_CONFIG_HOME/kak"}},
	{".tmux.conf", []string{"~/.tmux.conf"}},
	{".config/tmux", []string{"$XDG_CONFIG_HOME/tmux"}},
	{".config/starship.toml", []string{"$STARSHIP_CONFIG", "$XDG_CONFIG_HOME/starship.toml"}},
	{".gitconfig", []string{"~/.gitconfig"}},
	{".config/git", []string{"$XDG_CONFIG_HOME/git"}},
}

// Links are those of p that have a target here.
func (p Preset) Links(paths Paths) []Link {
	var links []Link
	for _, l := range p.links {
		if target := firstThere(paths, l.paths); target != "" {
			links = append(links, Link{l.name, target})
		}
	}
	return links
}

// linkGrants let the targets of links be read, and the targets of links in them, as
// home-manager and other keepers of dotfiles make them. A parent of HOME is no
// configuration, and a link that a command can have made leads to none.
func linkGrants(links []Link, reason string, paths Paths) []enforce.Grant {
	var grants []enforce.Grant
	add := func(path string) {
		if !strings.HasPrefix(paths.Home+"/", strings.TrimSuffix(path, "/")+"/") {
			grants = append(grants, enforce.Grant{Path: path, Access: read, Reason: reason, Optional: true})
		}
	}
	for _, l := range links {
		add(l.Target)
		left := maxLinks
		filepath.WalkDir(l.Target, func(path string, d fs.DirEntry, err error) error {
			if left--; err != nil || left < 0 {
				return fs.SkipAll
			}
			if d.Type() == fs.ModeSymlink {
				target, err := enforce.Resolve(path, paths.Writable)
				if err == nil {
					_, err = os.Lstat(target)
				}
				if err == nil {
					add(target)
				}
			}
			return nil
		})
	}
	return grants
}

// maxLinks is how many files of a configuration are looked at for links: a plugin
// manager's directory holds thousands, and none of them matters.
const maxLinks = 500

// Place makes links in home, and removes those of all presets that are not among
// them. Files of the command's own stay. A link in home cannot lead any of
// that elsewhere.
func Place(home string, links []Link, paths Paths) error {
	root, err := os.OpenRoot(home)
	if err != nil {
		return err
	}
	defer root.Close()
	var failed error // the first; the others are made all the same
	wanted := map[string]string{}
	for _, l := range links {
		wanted[l.Name] = l.Target
	}
	for _, p := range Presets {
		for _, l := range p.Links(paths) {
			at, err := root.Readlink(l.Name)
			switch {
			case err == nil && at == l.Target && wanted[l.Name] == "":
				err = root.Remove(l.Name)
			case err == nil || wanted[l.Name] == "":
				err = nil
			default:
				err = place(root, l)
			}
			if err != nil && failed == nil {
				failed = &PlaceError{Link: l, In: home, At: obstacle(root, l.Name), Err: err}
			}
		}
	}
	return failed
}

// PlaceError says that a link could not be made in a HOME.
type PlaceError struct {
	Link Link
	In   string // the HOME
	At   string // the file in the place of a directory that leads there, empty if that is not why
	Err  error
}

func (e *PlaceError) Error() string {
	if e.At != "" {
		return fmt.Sprintf("link %s: %s is no directory of this HOME", filepath.Join(e.In, e.Link.Name), e.At)
	}
	return fmt.Sprintf("link %s: %v", filepath.Join(e.In, e.Link.Name), e.Err)
}

func (e *PlaceError) Unwrap() error { return e.Err }

// obstacle is the first file on the way to a name that is no directory below root: a link
// that leads elsewhere, for one. A command can leave that in its HOME.
func obstacle(root *os.Root, name string) string {
	for i, c := range name {
		if c != '/' {
			continue
		}
		if info, err := root.Lstat(name[:i]); err != nil || info.IsDir() {
			continue
		}
		if info, err := root.Stat(name[:i]); err != nil || !info.IsDir() {
			return filepath.Join(root.Name(), name[:i])
		}
	}
	return ""
}

func place(root *os.Root, l Link) error {
	if err := root.MkdirAll(filepath.Dir(l.Name), 0o700); err != nil {
		return err
	}
	if err := root.Symlink(l.Target, l.Name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
