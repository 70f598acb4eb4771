package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// large are structs that may have more fields or methods than others: flags of the command
// line, and reports, which have one form.
var large = map[string]bool{"cli": true, "source": true, "Report": true}

// The structs of the commands, and of the packages that a run goes through, stay small: every
// check would end up in one that knows everything.
func TestSmallStructs(t *testing.T) {
	const most = 12
	for dir := range strings.FieldsSeq(". caller complete confine doctor hook outcome screen show walls watch words") {
		fields, methods := map[string]int{}, map[string]int{}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.TypeSpec:
					if s, ok := n.Type.(*ast.StructType); ok {
						for _, f := range s.Fields.List {
							fields[n.Name.Name] += max(1, len(f.Names))
						}
					}
				case *ast.FuncDecl:
					if n.Recv != nil {
						of := n.Recv.List[0].Type
						if star, ok := of.(*ast.StarExpr); ok {
							of = star.X
						}
						methods[of.(*ast.Ident).Name]++
					}
				}
				return true
			})
		}
		for name, n := range fields {
			if n > most && !large[name] {
				t.Errorf("%s: %s has %d fields", dir, name, n)
			}
		}
		for name, n := range methods {
			if n > most {
				t.Errorf("%s: %s has %d methods", dir, name, n)
			}
		}
	}
}
