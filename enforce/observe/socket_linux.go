package observe

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Receive waits at a socket for the message of [enforce.Watch]: a note and, unless
// nobody can be watched, a listener, else -1.
func Receive(socket int) (note string, listener int, err error) {
	return receive(socket, 0)
}

// Told is the data that the watched process left at a socket ([enforce.Watch.Tell]), nil for
// none. It waits for none.
func Told(socket int) ([]byte, error) {
	_, fd, err := receive(socket, unix.MSG_DONTWAIT)
	if err != nil || fd < 0 {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "data")
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(file, 0, info.Size()))
}

// receive takes a message, with the descriptor in it, else -1.
func receive(socket, flags int) (note string, fd int, err error) {
	data, control := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	n, nc, _, _, err := unix.Recvmsg(socket, data, control, flags|unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return "", -1, fmt.Errorf("watch: %w", err)
	}
	if nc == 0 {
		return string(data[:n]), -1, nil
	}
	messages, err := unix.ParseSocketControlMessage(control[:nc])
	if err != nil || len(messages) == 0 {
		return "", -1, fmt.Errorf("watch: read listener: %v", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return "", -1, fmt.Errorf("watch: read listener: %v", err)
	}
	return string(data[:n]), fds[0], nil
}
