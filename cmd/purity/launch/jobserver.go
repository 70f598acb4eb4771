package launch

import (
	"os"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/enforce"
)

// make shares its number of jobs with its children by a pipe, which MAKEFLAGS names. Only
// the flags of the make that called purity count: those of a file, an option or the
// environment could name any descriptor or pipe. purity keeps only pipes.

// jobserver returns the descriptors of the calling make's jobserver, if the command's
// environment names them, too (--keep MAKEFLAGS).
func jobserver(environ []string) []int {
	calling := enforce.Jobserver(os.Getenv(confine.MakeFlags))
	for _, v := range environ {
		if flags, ok := strings.CutPrefix(v, confine.MakeFlags+"="); ok {
			return slices.DeleteFunc(enforce.Jobserver(flags), func(fd int) bool { return !slices.Contains(calling, fd) || !enforce.Pipe(fd) })
		}
	}
	return nil
}
