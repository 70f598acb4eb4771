package show

import (
	"strings"
	"testing"

	"github.com/nix-purity/purity/closure"
)

// A name means the package that has it, and of its outputs the main one.
func TestMatch(t *testing.T) {
	hash := func(c string) string { return "/s/" + strings.Repeat(c, 32) + "-" }
	node := func(c, name, deriver string) closure.Node {
		n := closure.Node{Path: closure.Path(hash(c) + name)}
		if deriver != "" {
			n.Deriver = closure.Path(hash("9") + deriver + ".drv")
		}
		return n
	}
	c := closure.Closure{StoreDir: "/s", Nodes: []closure.Node{
		node("0", "zlib-1.3", "zlib-1.3"), node("1", "zlib-1.3-dev", "zlib-1.3"), node("2", "zlib-ng-2.2", "zlib-ng-2.2"), node("3", "minizip-zlib-1.3", ""),
		node("4", "ncurses-6.5", ""), node("5", "ncurses-6.5-dev", ""), node("6", "ncurses-6.5-man", ""),
		node("7", "gcc-13.2.0-lib", ""), node("8", "python3-3.11", "python3-3.11"), node("a", "python3-3.12", "python3-3.12"),
	}}
	for wanted, want := range map[string]string{
		"zlib": hash("0") + "zlib-1.3", "zlib-1.3-dev": hash("1") + "zlib-1.3-dev", "-ng": hash("2") + "zlib-ng-2.2", "ncurses": hash("4") + "ncurses-6.5",
		"gcc": hash("7") + "gcc-13.2.0-lib", hash("5") + "ncurses-6.5-dev/include": hash("5") + "ncurses-6.5-dev",
	} {
		if got, err := match(c, wanted); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", wanted, got, err, want)
		}
	}
	_, err := match(c, "python3")
	if err == nil || !strings.Contains(err.Error(), "python3-3.11\n") || !strings.HasSuffix(err.Error(), "python3-3.12") {
		t.Errorf("python3: %v", err)
	}
	if _, err := match(c, "nosuch"); err == nil {
		t.Error("nosuch is found")
	}
}
