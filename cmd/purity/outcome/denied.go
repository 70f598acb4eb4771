package outcome

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/enforce"
)

// DeniedArgument is the first file among arguments that the policy does not let be read, empty if
// there is none. Links do not matter: the kernel follows them, too.
func DeniedArgument(p confine.Plan, args []string) string {
	const most = 50 // an argument takes a moment
	for _, arg := range args[:min(len(args), most)] {
		_, value, _ := strings.Cut(arg, "=")
		for _, name := range []string{arg, value} {
			path, err := filepath.Abs(name)
			if err != nil || name == "" || strings.HasPrefix(name, "-") {
				continue
			}
			if _, err := os.Stat(path); err == nil && len(p.Policy.Covering(path, enforce.Read)) == 0 {
				return name
			}
		}
	}
	return ""
}
