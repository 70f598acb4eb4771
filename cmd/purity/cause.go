package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce/observe"
)

// finding says why a denial is one, and what to do about it.
func (p *plan) finding(d observe.Denial) report.Finding {
	f := report.Finding{Denial: d, Where: whereAsked(d)}
	name := filepath.Base(d.Path)
	home := real(os.Getenv("HOME"))
	store, _, storeErr := closure.Within(p.nix.StoreDir(), d.Real)
	switch {
	case d.Address != "":
		f.Why = "a network that the policy does not open"
		f.Hint = fmt.Sprintf("--network %s=%s", map[string]string{"connect": "connect", "listen": "bind"}[d.Access], d.Address[strings.LastIndexByte(d.Address, ':')+1:])
	case storeErr == nil && p.env.Contains(string(store)):
		f.Why = "a store path of the closure, which nobody may write"
	case storeErr == nil:
		f.Why = "store path of " + store.Name() + "; not in the closure of " + p.env.Source
		f.Hint = "add it to the dev shell:  packages = [ pkgs." + packageName(store.Name()) + " ];"
	case d.Access == "write":
		f.Why = "outside the project"
		f.Hint = "if it has to be:  write = [\"" + filepath.Dir(d.Real) + "\"] in purity.toml, or --write"
	case home != "" && inside(d.Real, home):
		f.Why = "in your home directory" + toolchain(strings.TrimPrefix(d.Real, home+"/"))
		f.Hint = p.remedyFor(d, name)
	default:
		f.Why = "host " + d.Kind + owner(d.Real) + "; not in the closure of " + p.env.Source
		f.Hint = p.remedyFor(d, name)
	}
	if d.Script != "" {
		f.Why += "; named by the first line of " + d.Script
		if isELF(d.Script) {
			f.Why = "the loader of " + d.Script + ", a program that was built for another system than Nix"
			f.Hint = "take the program from a package, or build it in the dev shell"
		}
	} else if by := named(d); by != "" {
		f.Why += "; named by " + by
	}
	return f
}

// remedyFor is how to get a file in a declared way.
func (p *plan) remedyFor(d observe.Denial, name string) string {
	switch d.Kind {
	case "program":
		if own, err := p.find(name, p.environ()); err == nil {
			return "the dev shell has " + own + ": run it as " + name + ", without the directory"
		}
		if pkg := p.inClosure("bin/" + name); pkg != "" {
			return "the closure has it, but not on PATH: add it to the dev shell:  packages = [ pkgs." + pkg + " ];"
		}
		pkg := located(name)
		if pkg == "" {
			pkg = packageName(programPackage(name))
		}
		return "add it to the dev shell:  packages = [ pkgs." + pkg + " ];"
	case "library":
		return p.addPackageWith("lib/" + name)
	case "header":
		return p.addPackageWith("include/" + name)
	case "socket":
		return "if it has to be:  sockets = [\"" + d.Real + "\"] in purity.toml, or --sockets"
	}
	return "if it has to be:  read = [\"" + d.Real + "\"] in purity.toml, or --read"
}

// addPackageWith is how to get a library or header, by the package if the
// closure has it already.
func (p *plan) addPackageWith(file string) string {
	if pkg := p.inClosure(file, strings.Replace(file, "/", "/*-linux-*/", 1)); pkg != "" {
		return "the closure has it: add it to the dev shell:  packages = [ pkgs." + pkg + " ];"
	}
	return "add the package with " + file + " to the dev shell"
}

// inClosure is the likely attribute of the package in the closure that has a
// file, by patterns of where.
func (p *plan) inClosure(patterns ...string) string {
	for _, path := range p.env.Paths {
		for _, pattern := range patterns {
			if found, _ := filepath.Glob(filepath.Join(string(path), pattern)); found != nil {
				return packageName(path.Name())
			}
		}
	}
	return ""
}

// environ is the PATH of the environment, to look programs up in.
func (p *plan) environ() []string { return []string{"PATH=" + p.env.Path()} }

// toolchain names whose directory a path below HOME is.
func toolchain(path string) string {
	for prefix, whose := range map[string]string{
		".cargo/": "Cargo's", ".rustup/": "rustup's", "go/": "Go's", ".local/bin/": "programs installed by hand or pip", ".npm": "npm's",
		".nvm/": "nvm's", ".pyenv/": "pyenv's", ".rbenv/": "rbenv's", ".sdkman/": "SDKMAN's", ".nix-profile/": "your Nix profile's",
		".gradle/": "Gradle's", ".m2/": "Maven's", ".ssh/": "keys", ".cache/": "caches", ".config/": "configuration",
	} {
		if strings.HasPrefix(path, prefix) {
			return " (" + whose + ")"
		}
	}
	return ""
}

// owner is the package of the host that a file is of, by the first package
// manager that knows.
func owner(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "" // of all that have files there
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	candidates := []string{path, strings.TrimPrefix(path, "/usr")} // dpkg knows merged directories by their old names
	for _, ask := range []struct {
		program string
		args    []string
		answer  *regexp.Regexp
	}{
		{"dpkg-query", []string{"-S"}, regexp.MustCompile(`^([^\s:,]+)`)},
		{"rpm", []string{"-qf", "--qf", "%{NAME}\n"}, regexp.MustCompile(`^(\S+)$`)},
		{"pacman", []string{"-Qqo"}, regexp.MustCompile(`^(\S+)`)},
		{"apk", []string{"info", "-qW"}, regexp.MustCompile(`^(\S+)`)},
	} {
		if _, err := exec.LookPath(ask.program); err != nil {
			continue
		}
		for _, candidate := range candidates {
			out, err := exec.CommandContext(ctx, ask.program, append(ask.args, candidate)...).Output()
			if m := ask.answer.FindSubmatch(out); err == nil && m != nil {
				return " of " + string(m[1]) + " (" + strings.TrimSuffix(ask.program, "-query") + ")"
			}
		}
	}
	if strings.HasPrefix(path, "/run/current-system/") || strings.HasPrefix(path, "/etc/profiles/") {
		return " of this NixOS system"
	}
	return ""
}

// named is what of the arguments or the environment of a process names the
// directory of what it was refused: -I/usr/include, LD_LIBRARY_PATH.
func named(d observe.Denial) string {
	if d.Path == "" || d.Kind == "program" {
		return ""
	}
	dir := filepath.Dir(d.Path)
	for i, arg := range d.By.Args {
		if i > 0 && arg == dir && strings.HasPrefix(d.By.Args[i-1], "-") {
			return "its arguments " + d.By.Args[i-1] + " " + arg
		}
		option := strings.HasPrefix(arg, "-") && len(arg) < 200 && dir != "/"
		if option && (strings.HasSuffix(arg, dir) || strings.Contains(arg, dir+"/") || strings.Contains(arg, dir+":")) {
			return "its argument " + arg
		}
	}
	for _, v := range d.By.Environ {
		name, value, _ := strings.Cut(v, "=")
		for _, entry := range strings.FieldsFunc(value, func(r rune) bool { return r == ':' || r == ' ' }) {
			entry = strings.TrimLeft(entry, "-IL")
			if entry == d.Path || entry == dir && strings.HasPrefix(entry, "/") {
				return "its variable " + name
			}
		}
	}
	return ""
}

// whereAsked is the line of a makefile that names what make was refused, if
// there is one such line.
func whereAsked(d observe.Denial) string {
	if filepath.Base(d.By.Program) != "make" && filepath.Base(d.By.Parent) != "make" || d.Path == "" {
		return ""
	}
	for _, name := range []string{"GNUmakefile", "makefile", "Makefile"} {
		f, err := os.Open(filepath.Join(d.By.Dir, name))
		if err != nil {
			continue
		}
		defer f.Close()
		found, line := 0, 0
		for lines := bufio.NewScanner(f); lines.Scan(); {
			line++
			if strings.Contains(lines.Text(), d.Path) {
				if found != 0 {
					return "" // more than one
				}
				found = line
			}
		}
		if found != 0 {
			return fmt.Sprintf("%s:%d", name, found)
		}
		return ""
	}
	return ""
}

// programPackage is the package that has a program, where that is called
// otherwise.
func programPackage(name string) string {
	switch name {
	case "cc", "c++", "g++", "cpp":
		return "gcc"
	case "node", "npm", "npx":
		return "nodejs"
	case "java", "javac", "jar":
		return "jdk"
	case "pip", "pip3", "python":
		return "python3"
	case "gem", "irb":
		return "ruby"
	case "pdflatex", "xelatex", "latex":
		return "texliveBasic"
	case "awk":
		return "gawk"
	case "ld", "as", "ar", "nm", "objdump", "objcopy", "readelf", "strip":
		return "binutils"
	case "vi":
		return "vim"
	case "make":
		return "gnumake"
	case "sed", "grep", "tar", "patch":
		return "gnu" + name
	case "find", "xargs":
		return "findutils"
	case "rustc", "cargo", "gcc", "clang":
		return name
	}
	return name
}

var versionSuffix = regexp.MustCompile(`-\d[^-]*(-(bin|dev|lib|out|man|doc))?$`)

// packageName is the likely attribute of a package, from the name of a store
// path or program: without a version.
func packageName(name string) string {
	name = versionSuffix.ReplaceAllString(name, "")
	if m := regexp.MustCompile(`^(python3|perl|ruby|lua)\.?[\d.]+$`).FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return name
}

func isELF(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4)
	f.Read(head)
	return string(head) == "\x7fELF"
}
