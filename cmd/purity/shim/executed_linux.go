package shim

import (
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atExecFn is AT_EXECFN of getauxval(3): where the file name is that execve(2)
// was given.
const atExecFn = 31

// executed is the file name that this process was started by. For a script
// whose first line names a shim that is the script, and then argv[0] is the
// shim (Linux, fs/binfmt_script.c).
func executed(argv0 string) string {
	name := argv0
	vector, err := unix.Auxv()
	if err != nil {
		return name
	}
	for _, entry := range vector {
		if entry[0] == atExecFn {
			name = stringAt(entry[1])
		}
	}
	if name == self || strings.Contains(argv0, "/") && !isPurity(name) {
		return argv0
	}
	return name
}

// self is the file name by which purity starts itself, and then argv[0] is the name that
// it was started by before.
const self = "/proc/self/exe"

// isPurity reports whether a file is the program that runs.
func isPurity(path string) bool {
	program, err := os.Stat(self)
	if err != nil {
		return true // who knows
	}
	info, err := os.Stat(path)
	return err == nil && os.SameFile(program, info)
}

// stringAt reads a string that ends with a zero byte.
func stringAt(address uintptr) string {
	p := *(**byte)(unsafe.Pointer(&address)) // the stack, which nobody moves
	return unix.BytePtrToString(p)
}
