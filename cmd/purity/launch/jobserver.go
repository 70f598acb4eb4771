package launch

import (
	"os"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/enforce"
)

// make shares its number of jobs with its children by a pipe, which MAKEFLAGS names.
// Only the make that called purity has one: flags that a file, an option or the
// environment says could name any descriptor or pipe, and do not count. None is kept that
// is no pipe.

// jobserver are the descriptors of the calling make's jobserver, if the environment that
// the command gets names them, too (--keep MAKEFLAGS).
func jobserver(environ []string) []int {
	calling := enforce.Jobserver(os.Getenv(confine.MakeFlags))
	for _, v := range environ {
		if flags, ok := strings.CutPrefix(v, confine.MakeFlags+"="); ok {
			return slices.DeleteFunc(enforce.Jobserver(flags), func(fd int) bool { return !slices.Contains(calling, fd) || !enforce.Pipe(fd) })
		}
	}
	return nil
}
