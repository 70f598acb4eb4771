package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// largest is how long a file of a project may be that is read before anybody allowed
// it.
const largest = 16 << 20

// readFile reads a regular file. Anything else, which a project can have by one of
// these names, could keep the reader for ever.
func readFile(name string) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(file, largest+1))
	}
	if err == nil && len(data) > largest {
		err = errors.New("too long")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}
