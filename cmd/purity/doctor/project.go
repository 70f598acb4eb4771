package doctor

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/nixeval/inputs"
)

func (d Doctor) checkProject() []Check {
	cwd, err := os.Getwd()
	if err != nil {
		return []Check{{"project", Error, err.Error(), ""}}
	}
	dir, root, err := inputs.FindFlake(cwd)
	if err != nil {
		return []Check{{"project", warning, "no flake here or above", words.NoFlakeHint()}}
	}
	checks := []Check{{"project", ok, "flake " + dir, ""}}
	if nix, err := confine.Nix(d.Voice); err == nil {
		if err := (trees.Project{Dir: dir, Cwd: cwd}).Check(nix); err != nil {
			_, fix, _ := words.Explain(err)
			checks = append(checks, Check{"project", Error, err.Error(), fix})
		}
	}
	for _, hazard := range inspect.Hazards(dir, d.settings().Overlaid()) {
		checks = append(checks, Check{"project", warning, hazard.String(), ""})
	}
	checks = append(checks, d.checkSettings(cwd, dir)...)
	if _, err := os.Stat(filepath.Join(dir, "flake.lock")); err != nil {
		checks = append(checks, Check{"project", warning, "no flake.lock fixes the inputs", "purity exec -- true"})
	}
	tracked, trackedErr := inputs.Tracks(dir, "flake.nix")
	switch {
	case root == "":
		checks = append(checks, Check{"project", warning, "no git repository: Nix copies the whole directory to the store", "git init && git add --all"})
	case errors.Is(trackedErr, hostile.ErrNotRegular): // git can wait for ever at one
		checks = append(checks, Check{"project", warning, "whether git tracks flake.nix cannot be told: " + trackedErr.Error(), "remove that file before you run git"})
	case trackedErr != nil:
		checks = append(checks, Check{"project", warning, "whether git tracks flake.nix cannot be told: " + trackedErr.Error(), "git status"})
	case !tracked:
		checks = append(checks, Check{"project", Error, "git does not track flake.nix, so Nix does not see it", "git add flake.nix"})
	case root != dir:
		checks = append(checks, Check{"project", ok, "the repository is " + root + ", above the project: git's directory can be read, nothing else of it", ""})
	default:
		checks = append(checks, Check{"project", ok, "git tracks flake.nix", ""})
	}
	return checks
}

// checkSettings looks at purity.toml, if there is one.
func (d Doctor) checkSettings(cwd, dir string) []Check {
	file, err := config.Find(cwd, dir)
	if err == nil && file == nil {
		return nil
	}
	if err == nil {
		var flags config.Settings
		if flags, err = d.Variables(); err == nil {
			err = d.trusted(file, flags, dir)
		}
	}
	if err != nil {
		_, fix, _ := words.Explain(err)
		return []Check{{"settings", Error, err.Error(), fix}}
	}
	if mode := file.Settings.Mode; mode != "" && mode != "enforce" {
		return []Check{{"settings", warning, file.Line("mode", -1) + ": mode " + mode + ", which denies nothing", "remove the line once the findings are fixed or excepted"}}
	}
	return []Check{{"settings", ok, file.Path, ""}}
}

// settings are those of purity.toml and of variables, the zero value if they cannot be read:
// then checkSettings says why.
func (d Doctor) settings() confine.Settings {
	cwd, err := os.Getwd()
	if err != nil {
		return confine.Settings{}
	}
	dir, _, err := inputs.FindFlake(cwd)
	if err != nil {
		dir = cwd
	}
	file, err := config.Find(cwd, dir)
	if err != nil {
		return confine.Settings{}
	}
	flags, err := d.Variables()
	if err != nil {
		return confine.Settings{}
	}
	settings, err := confine.NewSettings(file, flags, cwd)
	if err != nil {
		return confine.Settings{}
	}
	return settings
}

// trusted is an error where the file was not allowed.
func (d Doctor) trusted(file *config.File, flags config.Settings, dir string) error {
	nix, err := confine.Nix(d.Voice)
	if err != nil {
		return err
	}
	return confine.Trusted(nix, file, flags, trees.ProjectAt(dir))
}
