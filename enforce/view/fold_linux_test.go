package view

import (
	"slices"
	"testing"

	"github.com/nix-purity/purity/enforce"
)

// A directory of closure paths gets one rule, unless it shows a path with less access, or
// is not the view's own.
func TestFold(t *testing.T) {
	const exec = enforce.Read | enforce.Execute
	closure := func(paths ...string) (grants []enforce.Grant) {
		for _, path := range paths {
			grants = append(grants, enforce.Grant{Path: path, Access: exec, NoFollow: true})
		}
		return grants
	}
	for name, test := range map[string]struct {
		own   []string // directories
		bound map[string]enforce.Access
		want  []string
	}{
		"alone":              {[]string{"/", "/nix", "/nix/store"}, map[string]enforce.Access{"/nix/store/a": exec, "/nix/store/b": exec, "/p": enforce.All}, []string{"/nix/store", "/p"}},
		"more beside them":   {[]string{"/", "/nix", "/nix/store"}, map[string]enforce.Access{"/nix/store/a": exec, "/nix/store/b": exec, "/nix/store/c/w": enforce.All}, []string{"/nix/store", "/p"}},
		"less beside them":   {[]string{"/", "/nix", "/nix/store"}, map[string]enforce.Access{"/nix/store/a": exec, "/nix/store/b": exec, "/nix/store/c": enforce.Read}, []string{"/nix/store/a", "/nix/store/b", "/p"}},
		"less below them":    {[]string{"/", "/nix", "/nix/store"}, map[string]enforce.Access{"/nix/store/a": exec, "/nix/store/b": exec, "/nix/store/c/d/e": enforce.Read}, []string{"/nix/store/a", "/nix/store/b", "/p"}},
		"less with its name": {[]string{"/", "/nix", "/nix/store"}, map[string]enforce.Access{"/nix/store/a": exec, "/nix/store/b": exec, "/nix/storehouse": enforce.Read}, []string{"/nix/store", "/p"}},
		"covered since":      {[]string{"/", "/nix", "/nix/store"}, map[string]enforce.Access{"/nix": enforce.Read}, []string{"/nix/store/a", "/nix/store/b", "/p"}},
		"within another":     {[]string{"/"}, map[string]enforce.Access{"/nix": enforce.All}, []string{"/nix/store/a", "/nix/store/b", "/p"}},
	} {
		b := &builder{dirs: map[string]int{}, bound: test.bound}
		for _, dir := range test.own {
			b.dirs[dir] = -1
		}
		p := enforce.Policy{Grants: append(closure("/nix/store/a", "/nix/store/b"), enforce.Grant{Path: "/p", Access: enforce.All})}
		var got []string
		for _, g := range b.fold(p).Grants {
			got = append(got, g.Path)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: rules for %q, want %q", name, got, test.want)
		}
	}
	b := &builder{dirs: map[string]int{"/": -1}, bound: map[string]enforce.Access{"/a": exec}}
	if got := b.fold(enforce.Policy{Grants: closure("/a")}).Grants; got[0].Path != "/a" {
		t.Errorf("the root directory got a rule: %v", got)
	}
}
