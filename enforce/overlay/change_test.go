package overlay

import "testing"

// git reads more than the configuration at the top of a project; what it does not run stays.
func TestKeepGit(t *testing.T) {
	guarded := []string{".git/config", ".git/hooks", ".git/commondir"}
	for path, obeyed := range map[string]bool{
		".git/commondir": true, ".GIT/Config": true, "sub/.git/config": true, "sub/.git/hooks/x": true, "sub/.git": true,
		".git/modules/m/config": true, ".git/modules/a/b/hooks/x": true, ".git/worktrees/w/config.worktree": true, ".git/worktrees/w/gitdir": true,
		"sub/.git/x/.git/config": true, ".git/x/.git/hooks/x": true, "sub/.git/refs/.git": true,
		".git/HEAD": false, "sub/.git/x/config": false, ".git/refs/heads/config": false, "sub/.git/refs/heads/hooks": false, ".git/modules/m/HEAD": false, "config": false, "hooks/x": false,
	} {
		if got := refused(Change{Path: path, What: Created, Type: "file"}, guarded) != ""; got != obeyed {
			t.Errorf("%s: refused %v, want %v", path, got, obeyed)
		}
	}
	if why := refused(Change{Path: "sub/.git/config", What: Created, Type: "file"}, nil); why != "" {
		t.Error("refused although it can be written: " + why)
	}
}
