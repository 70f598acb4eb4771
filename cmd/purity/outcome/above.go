package outcome

import (
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/enforce"
)

// upward are files of configuration that tools look for in all directories above the one
// they start in, by a program of theirs. A tool that finds one it cannot read stops.
var upward = []struct {
	program string
	names   []string
}{
	{"cargo", []string{".cargo/config.toml", ".cargo/config", "Cargo.toml", "rust-toolchain.toml"}},
	{"node", []string{"package.json", "tsconfig.json", "pnpm-workspace.yaml", "vite.config.js", "vite.config.ts", "babel.config.js", ".babelrc", ".browserslistrc"}},
	{"python3", []string{"pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "conftest.py"}},
	{"go", []string{"go.work", "go.mod"}},
	{"gradle", []string{"settings.gradle", "settings.gradle.kts"}},
	{"bazel", []string{"MODULE.bazel", "WORKSPACE", ".bazelrc"}},
	{"bundle", []string{"Gemfile"}},
	{"deno", []string{"deno.json", "deno.jsonc"}},
	{"clang-format", []string{".clang-format"}},
	{"clang-tidy", []string{".clang-tidy"}},
}

// Upward is a file above the project that a program of the environment looks for.
type Upward struct{ Path, Program string }

// Above are the files of configuration above the project that are there and that a confined
// command may not read, for those programs that the environment has. In a view they are
// not there.
func Above(p confine.Plan) []Upward {
	if !p.Enforced() || p.Project.None || p.Sees.View != nil {
		return nil
	}
	var found []Upward
	for _, u := range upward {
		if _, err := p.Find(u.program, []string{"PATH=" + p.Env.Path()}); err != nil {
			continue
		}
		for dir := p.Project.Dir; dir != "/"; {
			dir = filepath.Dir(dir)
			for _, name := range u.names {
				path := filepath.Join(dir, name)
				if _, err := os.Lstat(path); err == nil && len(p.Policy.Covering(path, enforce.Read)) == 0 {
					found = append(found, Upward{path, u.program})
				}
			}
		}
	}
	return found
}
