package starter

import (
	"embed"
	"strings"
)

//go:embed github.yml gitlab.yml
var jobs embed.FS

// The services whose jobs there are.
const (
	GitHub = "github"
	GitLab = "gitlab"
)

// CI is the job by which a service audits a project.
func (p Project) CI(service string) Plan {
	job := p.job(service)
	if service == GitHub {
		return Plan{Files: []File{p.file(".github/workflows/purity.yml", job)}}
	}
	const pipeline, own = ".gitlab-ci.yml", ".gitlab/purity.yml"
	file := p.file(pipeline, job)
	if !file.Done || strings.Contains(p.text(pipeline), origin) {
		return Plan{Files: []File{file}}
	}
	plan := Plan{Files: []File{p.file(own, job)}}
	if !strings.Contains(p.text(pipeline), own) {
		plan.Notes = []Note{{pipeline, "include:\n  - local: " + own + "\n"}}
	}
	return plan
}

// origin is where jobs have purity from.
const origin = "github:nix-purity/purity"

func (p Project) job(service string) string {
	data, err := jobs.ReadFile(service + ".yml")
	if err != nil {
		panic(err) // they are embedded
	}
	flags, _ := p.Source()
	channel := "" // the source of nixpkgs for shell.nix
	if flags != "" {
		channel = "\n        with:\n          nix_path: nixpkgs=channel:nixos-unstable"
	}
	command, _ := p.Build()
	return strings.NewReplacer("@origin@", origin, "@flags@", flags, "@channel@", channel, "@command@", command).Replace(string(data))
}

// builds are the files that tell how a project is built and tested, the first
// that is there counts.
var builds = []struct{ file, command string }{
	{"GNUmakefile", "make"}, {"makefile", "make"}, {"Makefile", "make"},
	{"justfile", "just"},
	{"Cargo.toml", "cargo test"},
	{"go.mod", "go test ./..."},
	{"package.json", "npm test"},
	{"meson.build", "sh -c 'meson setup build && meson test -C build'"},
	{"CMakeLists.txt", "sh -c 'cmake -B build && cmake --build build'"},
	{"configure", "sh -c './configure && make'"},
	{"gradlew", "./gradlew build"},
	{"pom.xml", "mvn verify"},
	{"mix.exs", "mix test"},
	{"dune-project", "dune build"},
	{"build.zig", "zig build"},
	{"pyproject.toml", "python3 -m pytest"},
}

// Build is the command that builds a project, as far as its files tell.
func (p Project) Build() (command string, known bool) {
	for _, b := range builds {
		if p.has(b.file) {
			return b.command, true
		}
	}
	return "make", false
}
