package programs

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
)

// shimsLifetime is how long shims are kept that run nothing any more.
const shimsLifetime = 30 * 24 * time.Hour

// Collect removes the shims of environments that are cached no more.
func Collect(nix nixeval.Nix) (removed int, err error) {
	files, err := filepath.Glob(filepath.Join(nix.Cache, "projects", "*", "*-*", shim.File))
	if err != nil {
		return 0, fmt.Errorf("list shims: %w", err)
	}
	for _, file := range files {
		info, err := os.Lstat(file)
		if err != nil || time.Since(info.ModTime()) < shimsLifetime {
			continue
		}
		dir := filepath.Dir(file)
		if set, err := shim.Read(dir); err == nil {
			if _, ok := nix.Recall(set.Request.Project, set.Entry); ok || set.Entry == "" {
				continue
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return removed, fmt.Errorf("remove shims: %w", err)
		}
		removed++
	}
	return removed, nil
}
