package inspect

import (
	"path"
	"strings"
)

// reader is a program, or a kind of programs, with the names of the files that it runs or obeys.
type reader struct{ by, patterns string }

// later are files and directories of a project that programs outside run or obey the next
// time, anywhere in it, beginning with those that do so unasked. All that is below such a
// directory counts.
var later = []reader{
	{"git", ".gitattributes .gitmodules .gitignore .mailmap .lfsconfig"},
	{"git's hooks", ".githooks .husky .pre-commit-config.yaml lefthook.y*ml .lefthook.y*ml .lefthook .overcommit.yml"},
	{"Mercurial", "hgrc .hgsub .hgsubstate"},
	{"direnv", ".envrc .envrc.* .env .env.*"},
	{"Nix", "*.nix flake.lock devenv.yaml devenv.lock devenv.local.yaml .devenv.* npins nix.conf"},
	{"purity", "purity.toml .purity"},
	{"shells", ".bashrc .bash_profile .profile .zshrc .zshenv .zprofile .inputrc"},
	{"editors", ".vscode *.code-workspace .idea .zed .helix .fleet .exrc .vimrc .nvimrc .nvim.lua .vim .dir-locals.el .dir-locals-2.el .projectile .editorconfig .clangd .clang-format .clang-tidy compile_flags.txt .luarc.json .ccls compile_commands.json .ycm_extra_conf.py .lvimrc .local.vimrc *.sublime-project .sublime-project tsconfig.json jsconfig.json"},
	{"agents", ".claude CLAUDE.md AGENTS.md GEMINI.md .mcp.json .cursor .cursorrules .windsurfrules .aider.conf.yml .codex"},
	{"make and others that run tasks", "[Mm]akefile GNUmakefile *.mk [Jj]ustfile .justfile *.just [Tt]askfile*.y*ml Rakefile Procfile Procfile.* process-compose.y*ml Earthfile Tiltfile build.zig meson.build configure.ac CMakeLists.txt CMakePresets.json CMakeUserPresets.json"},
	{"Bazel", ".bazelrc *.bazelrc .bazelversion .bazeliskrc WORKSPACE WORKSPACE.bazel MODULE.bazel"},
	{"npm and its kind", "package.json package-lock.json .npmrc .yarnrc .yarnrc.yml .yarn .pnpmfile.cjs .pnp.cjs pnpm-workspace.yaml bunfig.toml deno.json deno.jsonc .nvmrc .node-version .eslintrc* eslint.config.* .prettierrc* prettier.config.* babel.config.* .babelrc* vite.config.* webpack.config.*"},
	{"cargo", ".cargo Cargo.toml build.rs rust-toolchain rust-toolchain.toml"},
	{"go", "go.mod go.work go.env"},
	{"Python", "pyproject.toml setup.py setup.cfg tox.ini noxfile.py conftest.py pip.conf .python-version .pdbrc sitecustomize.py usercustomize.py *.pth"},
	{"Ruby", "Gemfile .bundle .ruby-version .irbrc .pryrc .rspec"},
	{"the JVM's builds", ".mvn pom.xml gradlew mvnw gradle gradle.properties *.gradle *.gradle.kts build.sbt .sdkmanrc .jvmopts .sbtopts"},
	{"keepers of tools", ".tool-versions mise.toml .mise.toml mise.*.toml .mise .rtx.toml .asdfrc devbox.json .flox"},
	{"debuggers", ".gdbinit .lldbinit gdbinit"},
	{"Haskell", ".ghci *.cabal cabal.project cabal.project.* stack.yaml Setup.hs"},
	{"R", ".Rprofile .Renviron"},
	{"containers", "Dockerfile Dockerfile.* Containerfile docker-compose*.y*ml compose*.y*ml .dockerignore .devcontainer .devcontainer.json Vagrantfile"},
	{"continuous integration", ".github .gitea .forgejo .gitlab .gitlab-ci.yml .circleci .buildkite .woodpecker .woodpecker.y*ml .travis.yml .cirrus.yml .cirrus.star .drone.yml .appveyor.yml appveyor.yml azure-pipelines.yml bitbucket-pipelines.yml buildspec.yml cloudbuild.yaml Jenkinsfile .builds .build.yml .hydra.json garnix.yaml"},
}

// whole are directories with too many files to name each. They are one change, and
// files below are compared by metadata, not by content.
var whole = []reader{
	{"editors, and whoever runs programs from there", "node_modules .venv venv bower_components"},
	{"direnv", ".direnv"},
	{"devenv", ".devenv"},
}

// gitDirs are the directories in a git directory that git obeys as a whole.
var gitDirs = []reader{{"", "hooks info"}}

// gitData are the names in a git directory of mere data: commits, and the logs of
// git. Git obeys the rest, and new files there.
var gitData = []reader{{"", "logs refs packed-refs lfs rr-cache *.lock gc.log gc.pid *_EDITMSG *_HEAD"}}

// of is the reader of a file by its name, and whether there is one.
func of(readers []reader, name string) (by string, is bool) {
	for _, r := range readers {
		for pattern := range strings.FieldsSeq(r.patterns) {
			if ok, err := path.Match(pattern, name); ok && err == nil {
				return r.by, true
			}
		}
	}
	return "", false
}
