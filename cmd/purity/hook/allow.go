package hook

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/nixeval"
)

// Allow has hooks evaluate a project, with all files that its evaluation reads as they
// are now. Nix writes flake.lock first where that is missing or behind: hooks evaluate
// allowed files only. The names are for people.
func Allow(h programs.Call, list allow.List, dir string) (names []string, err error) {
	nix, err := confine.Nix(h.Voice)
	if err != nil {
		return nil, err
	}
	if err := (trees.Project{Dir: dir, Cwd: dir}).Check(nix); err != nil {
		return nil, err
	}
	if exists(filepath.Join(dir, config.Definitions[0])) {
		err := nix.Lock(context.Background(), dir)
		var none *nixeval.NotFoundError
		if err != nil && !errors.As(err, &none) {
			h.Log.Warn().Msg(err.Error())
		}
	}
	sources, err := programs.Sources(nix, requestOf(trees.Project{Dir: dir, Cwd: dir}))
	if err != nil {
		return nil, err
	}
	if err := list.AllowProject(dir, sources); err != nil {
		return nil, err
	}
	if err := programs.ForgetFailures(nix, dir); err != nil {
		return nil, err
	}
	for _, file := range sources.Files {
		if name, ok := strings.CutPrefix(file, dir+"/"); ok && config.Defines(filepath.Base(file)) && exists(file) {
			names = append(names, name)
		}
	}
	if more := len(sources.Files) - len(names); more > 0 {
		names = append(names, screen.Plural(more, "more file")+" that its evaluation reads")
	}
	return names, nil
}
