package cause

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/packages"
	"github.com/nix-purity/purity/enforce/observe"
)

// launchers run the programs of their arguments: the uses of these are not theirs.
var launchers = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(`sh bash dash ash zsh ksh mksh fish nu elvish busybox
		make gmake bmake ninja samu cmake ctest meson just task rake ant mvn gradle java bazel
		env xargs find parallel sudo doas su chroot setpriv time timeout nice ionice nohup setsid stdbuf script watch flock entr
		strace ltrace gdb valgrind perf ccache sccache distcc libtool
		perl python ruby node npm npx yarn pnpm bun deno lua tclsh guile php purity`) {
		all[name] = true
	}
	return all
})

// launches reports whether a program runs its arguments. The interpreter of a script
// of the store does as a package has it.
func launches(program string, args []string, storeDir string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(program), "."), "-wrapped")
	if !launchers()[name] {
		name, _ = packages.Unversioned(name)
	}
	if !launchers()[name] {
		return false
	}
	for _, arg := range args[min(1, len(args)):] {
		if !strings.HasPrefix(arg, "-") {
			_, _, err := closure.Within(storeDir, arg)
			return err != nil
		}
	}
	return true
}

// fold puts the denials that a program from outside brings about under its own, as its
// followers: a compiler of the host runs its assembler, and the linker reads files that it
// names. They go when the program does.
func fold(denials []observe.Denial, storeDir string) []observe.Denial {
	at := map[string]int{} // programs from outside
	for i, d := range denials {
		if _, known := at[d.Real]; d.Access == "execute" && !known {
			at[d.Real] = i
		}
	}
	cause := make([]int, len(denials))
	for i, d := range denials {
		cause[i] = causeOf(d, i, at, storeDir)
	}
	var kept []observe.Denial
	place := map[int]int{} // of a cause in kept
	for i, d := range denials {
		if cause[i] < 0 {
			place[i] = len(kept)
			d.Followers = slices.Clone(d.Followers)
			kept = append(kept, d)
		}
	}
	for i, d := range denials {
		if cause[i] < 0 {
			continue
		}
		root := cause[i]
		for range 16 { // programs can run each other
			if cause[root] < 0 {
				break
			}
			root = cause[root]
		}
		to, ok := place[root]
		if !ok {
			place[i] = len(kept)
			kept = append(kept, d)
			continue
		}
		all := &kept[to].Followers
		followers := d.Followers
		d.Follow, d.Followers = 0, nil
		*all = append(append(*all, d), followers...)
		kept[to].Follow = len(*all)
	}
	return kept
}

// causeOf is the first program from outside that brings a denial about, -1 if none does.
// A path in that program's arguments is not its own use.
func causeOf(d observe.Denial, own int, at map[string]int, storeDir string) int {
	cause, level := -1, 0
	var told []string
	lineage := append([]observe.Ancestor{{Program: d.By.Program, Args: d.By.Args}}, d.By.Above...)
	for i, p := range lineage {
		if launches(p.Program, p.Args, storeDir) {
			break
		}
		if j, outside := at[p.Program]; outside && j != own {
			cause, level, told = j, i, p.Args
		}
	}
	if arg := named(d, storeDir).arg; level > 0 && arg != "" && given(told, arg) {
		return -1
	}
	return cause
}
