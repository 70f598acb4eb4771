package host

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The preset editor opens configuration and its link targets, never the home, and
// shows it in the private HOME, without following links that a command left there.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	user, dotfiles, private, outside := dir+"/user", dir+"/dotfiles", dir+"/private", dir+"/outside"
	for _, d := range []string{user + "/.config/nvim/lua", dotfiles, private, outside} {
		must(t, os.MkdirAll(d, 0o700))
	}
	for name, target := range map[string]string{
		user + "/.vimrc": dotfiles + "/vimrc", user + "/.config/nvim/init.lua": dotfiles + "/init.lua",
		user + "/.config/nvim/lua/home": user, user + "/.config/nvim/lua/root": "/", user + "/.config/nvim/gone": dir + "/gone",
	} {
		must(t, os.Symlink(target, name))
	}
	for _, file := range []string{dotfiles + "/vimrc", dotfiles + "/init.lua", private + "/.tmux.conf"} {
		must(t, os.WriteFile(file, nil, 0o600))
	}
	must(t, os.WriteFile(user+"/.tmux.conf", nil, 0o600))
	paths := Paths{Dir: "/", Home: user, Getenv: func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": user + "/.config", "XDG_DATA_HOME": user + "/.local/share"}[name]
	}}
	editor, _ := FindPreset("editor")
	grants, _ := editor.Grants(paths)
	var got []string
	for _, g := range grants {
		if g.Access != read {
			t.Errorf("%+v", g)
		}
		got = append(got, g.Path)
	}
	slices.Sort(got)
	want := []string{dotfiles + "/init.lua", dotfiles + "/vimrc", user + "/.config/nvim", user + "/.tmux.conf", user + "/.vimrc"}
	if !slices.Equal(got, want) {
		t.Errorf("grants %q, want %q", got, want)
	}

	must(t, Place(private, editor.Links(paths), paths))
	must(t, Place(private, editor.Links(paths), paths)) // again
	for name, want := range map[string]string{".vimrc": user + "/.vimrc", ".config/nvim": user + "/.config/nvim", ".tmux.conf": ""} {
		if target, _ := os.Readlink(filepath.Join(private, name)); target != want {
			t.Errorf("%s leads to %q, want %q", name, target, want)
		}
	}
	must(t, Place(private, nil, paths))
	if _, err := os.Lstat(private + "/.vimrc"); err == nil {
		t.Error("without the preset there is still a link")
	}
	if _, err := os.Lstat(private + "/.tmux.conf"); err != nil {
		t.Error("a file of the command's is gone")
	}

	must(t, os.RemoveAll(private+"/.config"))
	must(t, os.Symlink(outside, private+"/.config"))
	if err := Place(private, editor.Links(paths), paths); err == nil {
		t.Error("a link in HOME is followed")
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Error("a link in HOME led outside")
	}
}
