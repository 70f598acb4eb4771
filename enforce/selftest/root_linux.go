package selftest

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// privilege is a vector that only root may try, by a capability.
func privilege(id, what string, attack func(*World) error, twin func(*World) error) Vector {
	return Vector{ID: "root." + id, What: what, By: Capabilities, Root: true, attack: attack, twin: twin}
}

func rootVectors() []Vector {
	return []Vector{
		privilege("host-name", "set the host name", func(*World) error {
			name, err := os.Hostname()
			if err != nil {
				return err
			}
			return unix.Sethostname([]byte(name))
		}, func(*World) error { _, err := os.Hostname(); return err }),
		privilege("chroot", "change the root", func(w *World) error { return apart(func() error { return unix.Chroot(w.Project) }) },
			func(w *World) error { return apart(func() error { return unix.Chdir(w.Project) }) }),
		privilege("become", "become another user", func(*World) error {
			return onThread(func() error { return call(unix.SYS_SETRESUID, 12345, 12345, 12345) })
		}, func(*World) error { return onThread(func() error { return call(unix.SYS_SETRESUID, 0, 0, 0) }) }),
		privilege("give-away", "give a file to another user", func(w *World) error { return unix.Chown(w.Project+"/file", 12345, 12345) },
			func(w *World) error { return unix.Chown(w.Project+"/file", 0, 0) }),
		privilege("clock", "adjust the clock", func(*World) error {
			var t unix.Timex
			if _, err := unix.Adjtimex(&t); err != nil {
				return err
			}
			t.Modes = unix.ADJ_STATUS // unchanged
			_, err := unix.Adjtimex(&t)
			return err
		}, func(*World) error { _, err := unix.Adjtimex(new(unix.Timex)); return err }),
		privilege("priority", "raise its own priority", func(*World) error {
			return onThread(func() error {
				lower := 19 // which anybody may have, and from where there is something to raise
				if err := unix.Setpriority(unix.PRIO_PROCESS, 0, lower); err != nil {
					return err
				}
				return unix.Setpriority(unix.PRIO_PROCESS, 0, lower-1)
			})
		}, func(*World) error { return sameNiceness(unix.PRIO_PROCESS) }),
		privilege("limits", "raise its own limits", func(*World) error {
			var limit unix.Rlimit
			if err := unix.Getrlimit(unix.RLIMIT_MSGQUEUE, &limit); err != nil {
				return err
			}
			limit.Max++
			return unix.Prlimit(0, unix.RLIMIT_MSGQUEUE, &limit, nil)
		}, func(*World) error { return unix.Getrlimit(unix.RLIMIT_MSGQUEUE, new(unix.Rlimit)) }),
		{ID: "root.set-user-id", What: "become another user by a program that has the mode for it", By: NoPrivileges, Root: true,
			attack: func(w *World) error { return asOther(w, raisedWord) },
			twin:   func(w *World) error { return asOther(w, nothingWord) }},
		privilege("swap", "use a file as swap space", func(w *World) error {
			name := append([]byte(w.Project+"/file"), 0)
			return reaches(call(unix.SYS_SWAPON, addressOf(&name[0]), 0))
		}, func(w *World) error { return open(w.Project+"/file", unix.O_RDONLY) }),
	}
}

// asOther runs the program of the project that is another user's and set-user-ID.
func asOther(w *World, word string) error {
	err := run(w.Project+"/set-user-id", word)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == int(unix.EPERM) {
		return unix.EPERM
	}
	return err
}
