package learn

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/nix-purity/purity/enforce"
)

// Baseline adds an exception for each need to a purity.toml, and says how many it added.
// Outside is where a file is, without links that a command can have made.
func (n Needs) Baseline(path string, outside func(name string) (string, error)) (added int, err error) {
	file, err := openBaseline(path, outside)
	if err != nil {
		return 0, fmt.Errorf("update baseline: %w", err)
	}
	defer file.Close()
	var b bytes.Buffer
	added, err = n.Exceptions(&b)
	text := b.Bytes()
	if info, statErr := file.Stat(); statErr == nil && info.Size() == 0 {
		text = bytes.TrimPrefix(text, []byte("\n")) // it sets them apart from the text before
	}
	if err == nil {
		_, err = file.Write(text)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return 0, fmt.Errorf("update baseline: %w", err)
	}
	return added, nil
}

// openBaseline opens a purity.toml to add to it. The command, which ran unconfined, and
// those before it can have put anything there; only a regular file is added to, and no
// link is followed.
func openBaseline(path string, outside func(name string) (string, error)) (*os.File, error) {
	path, err := outside(path)
	if err != nil {
		return nil, err
	}
	root, err := enforce.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name := filepath.Base(path)
	if info, err := root.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return root.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
}
