package config

import (
	"errors"
	"fmt"
	"os"

	"github.com/nix-purity/purity/enforce"
)

// ReadAt reads the purity.toml of a directory, or one that is named.
func ReadAt(path string) (*File, error) {
	path = enforce.Real(path)
	root := "/"
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	} else if !info.IsDir() {
		return Read(path)
	}
	file, err := Find(path, root)
	if err == nil && file == nil {
		err = fmt.Errorf("read settings: %w in %s or above", ErrNone, path)
	}
	return file, err
}

// ErrNone says that there is no purity.toml.
var ErrNone = errors.New("there is no " + Name)
