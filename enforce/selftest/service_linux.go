package selftest

import (
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// listen serves at sockets of all kinds; to who connects to a UNIX stream
// socket it hands an open file.
func (w *World) listen() error {
	handOver := func(l net.Listener) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if u, ok := c.(*net.UnixConn); ok {
				if f, err := os.Open(w.Outside + "/file"); err == nil {
					u.WriteMsgUnix([]byte("x"), unix.UnixRights(int(f.Fd())), nil)
					f.Close()
				}
			}
			c.Close()
		}
	}
	w.Abstract = fmt.Sprintf("purity-selftest-%d-%s", os.Getpid(), filepath.Base(w.Dir))
	for _, name := range []string{w.Outside + "/stream", w.Project + "/stream", "@" + w.Abstract} {
		l, err := net.Listen("unix", name)
		if err != nil {
			return err
		}
		w.cleanups = append(w.cleanups, func() { l.Close() })
		go handOver(l)
	}
	for _, kind := range []string{"unixgram", "unixpacket"} {
		address := &net.UnixAddr{Name: w.Outside + "/" + kind, Net: kind}
		if kind == "unixgram" {
			c, err := net.ListenUnixgram(kind, address)
			if err != nil {
				return err
			}
			w.cleanups = append(w.cleanups, func() { c.Close() })
			continue
		}
		l, err := net.ListenUnix(kind, address)
		if err != nil {
			return err
		}
		w.cleanups = append(w.cleanups, func() { l.Close() })
	}
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.TCP, w.UDP = tcp.Addr().(*net.TCPAddr).Port, udp.LocalAddr().(*net.UDPAddr).Port
	w.cleanups = append(w.cleanups, func() { tcp.Close(); udp.Close() })
	go handOver(tcp)
	return nil
}

// makeIPC makes objects without a path: one that this machine lacks stays 0.
func (w *World) makeIPC() error {
	if id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600); err == nil {
		w.Shm = id
		w.cleanups = append(w.cleanups, func() { unix.SysvShmCtl(id, unix.IPC_RMID, nil) })
		if memory, err := unix.SysvShmAttach(id, 0, 0); err == nil {
			copy(memory, secret)
			unix.SysvShmDetach(memory)
		}
	}
	if id, _, errno := unix.Syscall(unix.SYS_SEMGET, 0, 1, unix.IPC_CREAT|0o600); errno == 0 {
		w.Sem = int(id)
		w.cleanups = append(w.cleanups, func() { unix.Syscall(unix.SYS_SEMCTL, id, 0, unix.IPC_RMID) })
	}
	if id, _, errno := unix.Syscall(unix.SYS_MSGGET, 0, unix.IPC_CREAT|0o600, 0); errno == 0 {
		w.Msg = int(id)
		w.cleanups = append(w.cleanups, func() { unix.Syscall(unix.SYS_MSGCTL, id, unix.IPC_RMID, 0) })
	}
	if id, err := unix.AddKey("user", filepath.Base(w.Dir), []byte(secret), unix.KEY_SPEC_USER_KEYRING); err == nil {
		w.Key = id
		w.cleanups = append(w.cleanups, func() { unix.KeyctlInt(unix.KEYCTL_UNLINK, id, unix.KEY_SPEC_USER_KEYRING, 0, 0) })
	}
	os.WriteFile(w.shmFile(), []byte(secret), 0o600) // where there is no /dev/shm the attack fails anyway
	w.cleanups = append(w.cleanups, func() {
		os.Remove(w.shmFile())
		os.Remove(w.shmFile() + "-more")
		removeMemory(w.memoryKey())
		w.removeQueue()
	})
	return nil
}

// memoryKey is the key of the System V shared memory that the attacker makes.
func (w *World) memoryKey() int {
	sum := fnv.New32a()
	sum.Write([]byte(w.Dir))
	return int(sum.Sum32()>>1 | 1)
}

// removeMemory removes shared memory by its key, if it is there.
func removeMemory(key int) error {
	id, err := unix.SysvShmGet(key, 0, 0)
	if err == nil {
		_, err = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
	}
	return err
}
