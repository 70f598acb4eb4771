package selftest

import (
	"errors"
	"net"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// inherited is a vector of a descriptor that was open before.
func inherited(name, what string, use func(fd int) error, twin func(*World) error) Vector {
	return Vector{ID: "descriptor." + name, What: what, By: Descriptors, twin: twin,
		attack: func(w *World) error {
			kind, _, _ := strings.Cut(name, "-")
			fd, ok := w.FD[kind]
			if !ok {
				return unix.EBADF
			}
			return use(fd)
		}}
}

// opened is a twin that does with an open path of the project as the attack
// does with an inherited descriptor.
func opened(path string, flags int, use func(fd int) error) func(*World) error {
	return func(w *World) error {
		fd, err := unix.Open(w.Project+path, flags|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return use(fd)
	}
}

func readFD(fd int) error { _, err := unix.Pread(fd, make([]byte, 1), 0); return err }

func listFD(fd int) error { _, err := unix.ReadDirent(fd, make([]byte, 4096)); return err }

func openAt(fd int) error {
	file, err := unix.Openat(fd, "file", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(file)
	}
	return err
}

func receive(fd int) error {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(fd, make([]byte, 1), control, unix.MSG_DONTWAIT)
	if err == nil && n == 0 {
		return errors.New("no descriptor came")
	}
	return err
}

func descriptorVectors() []Vector {
	return []Vector{
		inherited("file-read", "read an inherited file", readFD, opened("/file", unix.O_RDONLY, readFD)),
		inherited("file-write", "write an inherited file", func(fd int) error { _, err := unix.Pwrite(fd, []byte("x"), 0); return err },
			opened("/file", unix.O_RDWR, func(fd int) error { _, err := unix.Pwrite(fd, []byte("S"), 0); return err })),
		inherited("file-truncate", "truncate an inherited file", func(fd int) error { return unix.Ftruncate(fd, 3) },
			opened("/file", unix.O_RDWR, func(fd int) error { return unix.Ftruncate(fd, 3) })),
		inherited("dir-list", "list an inherited directory", listFD, opened("/a", unix.O_RDONLY, listFD)),
		inherited("dir-open", "open below an inherited directory", openAt, opened("/", unix.O_RDONLY, openAt)),
		inherited("dir-enter", "change to an inherited directory", func(fd int) error { return apart(func() error { return unix.Fchdir(fd) }) },
			opened("/a", unix.O_RDONLY, func(fd int) error { return apart(func() error { return unix.Fchdir(fd) }) })),
		inherited("program", "execute an inherited program", func(fd int) error { return run("/proc/self/fd/"+itoa(fd), nothingWord) },
			func(w *World) error { return run(w.Self, nothingWord) }),
		inherited("mem", "read another process's memory that was open", func(fd int) error { _, err := unix.Seek(fd, 0, 0); return err },
			func(w *World) error { return open("/proc/self/mem", unix.O_RDONLY) }),
		inherited("pidfd", "signal by an inherited process descriptor", func(fd int) error { return unix.PidfdSendSignal(fd, 0, nil, 0) }, withChild(pidfdSignal)),
		inherited("socket", "receive an open file from an inherited socket", receive, func(*World) error {
			pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			defer unix.Close(pair[0])
			defer unix.Close(pair[1])
			if err := unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(0), nil, 0); err != nil {
				return err
			}
			return receive(pair[1])
		}),
		{ID: "descriptor.ring", What: "have an inherited io_uring open a file, as who made it", By: Descriptors | Filter,
			attack: func(w *World) error {
				fd, ok := w.FD["ring"]
				if !ok {
					return unix.EBADF
				}
				return ringOpen(fd, w.Ring, w.Outside+"/file", 1)
			},
			twin: func(w *World) error { return readFile(w.Project + "/file") }},
	}
}

// handedOver connects to a UNIX socket and takes the file that it hands over.
func handedOver(name string) error {
	c, err := net.Dial("unix", name)
	if err != nil {
		return err
	}
	defer c.Close()
	_, n, _, _, err := c.(*net.UnixConn).ReadMsgUnix(make([]byte, 1), make([]byte, unix.CmsgSpace(4)))
	if err == nil && n == 0 {
		return errors.New("no descriptor came")
	}
	return err
}

func dial(network, address string) error {
	c, err := net.Dial(network, address)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte("x"))
	return err
}

// serving is a twin that connects to a socket of the attacker's own.
func serving(network, name string) func(*World) error {
	return func(w *World) error {
		if !w.Unix { // there are none: pairs remain
			return pairTwin(w)
		}
		if !strings.HasPrefix(name, "@") {
			name := w.Project + "/" + name
			if network == "unixgram" {
				c, err := net.ListenUnixgram(network, &net.UnixAddr{Name: name, Net: network})
				if err != nil {
					return err
				}
				defer c.Close()
				return dial(network, name)
			}
			l, err := net.Listen(network, name)
			if err != nil {
				return err
			}
			defer l.Close()
			return dial(network, name)
		}
		l, err := net.Listen(network, name+"-"+filepath.Base(w.Dir))
		if err != nil {
			return err
		}
		defer l.Close()
		return dial(network, name+"-"+filepath.Base(w.Dir))
	}
}

func socketVectors() []Vector {
	return []Vector{
		{ID: "socket.stream", What: "have a service hand over an open file, by its socket", ABI: 9, By: NoSockets | View,
			attack: func(w *World) error { return handedOver(w.Outside + "/stream") }, twin: serving("unix", "own-stream")},
		{ID: "socket.datagram", What: "send to a service's datagram socket", ABI: 9, By: NoSockets | View,
			attack: func(w *World) error { return dial("unixgram", w.Outside+"/unixgram") }, twin: serving("unixgram", "own-datagram")},
		{ID: "socket.packet", What: "connect to a service's packet socket", ABI: 9, By: NoSockets | View,
			attack: func(w *World) error { return dial("unixpacket", w.Outside+"/unixpacket") }, twin: serving("unixpacket", "own-packet")},
		{ID: "socket.datagram-pair", What: "send to a service by one of a pair of datagram sockets", ABI: 9, By: NoSockets | View,
			attack: func(w *World) error { return sendByPair(w.Outside + "/unixgram") }, twin: pairTwin},
		{ID: "socket.project", What: "connect to a service's socket in the project", By: NoSockets,
			Design: "what is in the project is shared with it: a database that was started there, say",
			attack: func(w *World) error { return handedOver(w.Project + "/stream") }},
		{ID: "socket.abstract", What: "connect to an abstract socket", ABI: 6, By: NoSockets,
			attack: func(w *World) error { return handedOver("@" + w.Abstract) }, twin: serving("unix", "@own")},
	}
}

// sendByPair sends an open file to a socket with a name, from a socket of a pair.
func sendByPair(name string) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	return unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(0), &unix.SockaddrUnix{Name: name}, unix.MSG_DONTWAIT)
}

func terminalVectors() []Vector {
	return []Vector{
		{ID: "terminal.type", What: "type into the terminal (TIOCSTI)", By: Filter,
			attack: func(*World) error { return terminalInput(unix.TIOCSTI) }, twin: terminalSize},
		{ID: "terminal.type-high", What: "the same with a bit more in the request", By: Filter,
			attack: func(*World) error { return terminalInput(unix.TIOCSTI | 1<<40) }, twin: terminalSize},
		{ID: "terminal.paste", What: "paste into a console (TIOCLINUX)", By: Filter,
			attack: func(*World) error { return terminalInput(unix.TIOCLINUX) }, twin: terminalSize},
		{ID: "terminal.other", What: "open another of the user's terminals", By: NoTerminals | View, Design: "new terminals are made in /dev/pts, where the others are",
			attack: func(w *World) error { return open(w.Terminal, unix.O_RDWR|unix.O_NOCTTY) }},
	}
}

func terminalInput(request uintptr) error {
	var c byte = 'x'
	err := call(unix.SYS_IOCTL, 0, request, addressOf(&c))
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) { // the kernel has looked at it
		return nil
	}
	return err
}

func terminalSize(*World) error {
	_, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EIO) { // no terminal here, and asking is allowed
		return nil
	}
	return err
}
