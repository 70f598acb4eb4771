package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// trustedFiles are the source files that open files without closure/hostile, each with the
// reason why no command or clone can have made those.
var trustedFiles = map[string]string{
	"closure/binarycache/cache.go":              "a binary cache that a person names; signatures are checked",
	"closure/hostile/hostile.go":                "opens the others' files",
	"closure/hostile/directory.go":              "opens the others' directories",
	"cmd/purity/caller/ancestors.go":            "/proc",
	"cmd/purity/cause/file.go":                  "opens regular files only, with a limit of its own",
	"cmd/purity/cause/having.go":                "a store path",
	"cmd/purity/allow/project.go":               "the list of what was allowed, which no command can write",
	"cmd/purity/allow/file.go":                  "the list of what was allowed, which no command can write",
	"cmd/purity/walls/git.go":                   "purity's cache, which no command can write",
	"cmd/purity/programs/renew.go":              "the directory of shims, which no command can write",
	"cmd/purity/report/file.go":                 "opened for writing only, before the command starts",
	"cmd/purity/shim/set.go":                    "the directory of shims, which is checked to be the user's alone",
	"cmd/purity/starter/hooks.go":               "start-up files of the user's own shells",
	"cmd/purity/watch/tree.go":                  "/proc",
	"cmd/purity/doctor/kernel.go":               "/proc",
	"enforce/overlay/mounted_linux.go":          "/proc",
	"enforce/selftest/overlay_linux.go":         "the attacker's own attempts",
	"cmd/purity/confine/viewable.go":            "/proc",
	"enforce/selftest/metadata_linux.go":        "/proc",
	"enforce/host/service.go":                   "/proc",
	"enforce/host/shell.go":                     "programs and libraries of the host, and ld.so.conf",
	"enforce/inspect/hazard_linux.go":           "/proc",
	"enforce/observe/address_linux.go":          "/proc",
	"enforce/observe/process_linux.go":          "/proc",
	"enforce/observe/tracepoint_linux.go":       "/proc",
	"enforce/selftest/across_hook_linux.go":     "a scene of the selftest",
	"enforce/selftest/across_nix_linux.go":      "a scene of the selftest",
	"enforce/selftest/across_scene_linux.go":    "a scene of the selftest",
	"enforce/selftest/across_variable_linux.go": "a scene of the selftest",
	"enforce/selftest/across_wide_linux.go":     "a scene of the selftest",
	"enforce/selftest/across_linux.go":          "purity itself, to copy it",
	"enforce/selftest/files_linux.go":           "the attacker's own attempts",
	"enforce/selftest/service_linux.go":         "the world of the selftest",
	"enforce/selftest/world_linux.go":           "the world of the selftest",
	"enforce/tempdir/tempdir.go":                "/proc",
	"enforce/view/refusal_linux.go":             "/proc",
	"nixeval/cache.go":                          "purity's cache, which no command can write",
	"nixeval/devenv.go":                         "a store path",
	"nixeval/declared.go":                       "a store path",
	"nixeval/environment.go":                    "purity's cache, which no command can write",
	"nixeval/gc.go":                             "purity's cache, which no command can write",
	"nixeval/inputs/statcache.go":               "purity's cache, which no command can write",
}

// Only closure/hostile opens files that a command or a clone could have made.
func TestReaders(t *testing.T) {
	opening := map[string]bool{"ReadFile": true, "Open": true, "OpenFile": true, "DirFS": true}
	found := map[string]bool{}
	calls(t, func(file, call string, at token.Position) {
		pkg, name, _ := strings.Cut(call, ".")
		if pkg != "os" || !opening[name] {
			return
		}
		found[file] = true
		if trustedFiles[file] == "" {
			t.Errorf("%s: %s; what a command or a clone could have made is for closure/hostile", at, call)
		}
	})
	for file := range trustedFiles {
		if !found[file] {
			t.Errorf("%s opens no file any more: take its row out", file)
		}
	}
}

// calls calls f for each call of a function of a package in the source of the project,
// without tests, fixtures and generated files.
func calls(t *testing.T, f func(file, call string, at token.Position)) {
	t.Helper()
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "fixtures" || d.Name() == "testdata" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		ast.Inspect(file, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := selector.X.(*ast.Ident); ok {
					f(filepath.ToSlash(name), pkg.Name+"."+selector.Sel.Name, set.Position(selector.Pos()))
				}
			}
			return true
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
