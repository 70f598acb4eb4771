package outside

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// Start starts a command. Neither it nor its children can execute a file of the hostile
// directories.
//
// Landlock forbids to mount; so a command that does gets a mount namespace in which the
// directories are mounted noexec. Where the kernel gives it none, it could not mount
// either, and Landlock is the wall after all. Without either the error is why.
func Start(cmd *exec.Cmd, w Walls) error {
	hostile := resolved(w.Hostile)
	if len(hostile) == 0 {
		return cmd.Start()
	}
	temp := ""
	if w.Temp != nil && tempHostile(cmd.Environ(), hostile) { // in which no build could run its programs
		var err error
		if temp, err = w.ownTemp(cmd); err != nil {
			return err
		}
	}
	if w.Mounts && os.Geteuid() != 0 && inNamespace(cmd, hostile) {
		return cmd.Start()
	}
	return onThread(func() error {
		if w.Mounts && os.Geteuid() == 0 {
			err := unix.Unshare(unix.CLONE_NEWNS)
			if err == nil {
				err = mountNoexec(hostile)
			}
			if err == nil {
				return cmd.Start()
			}
			if !errors.Is(err, unix.EPERM) {
				return err
			}
		}
		known := slices.Concat(places(cmd.Path, cmd.Environ()), w.Known)
		if w.Temp != nil && temp == "" {
			var err error
			if temp, err = w.ownTemp(cmd); err != nil {
				return err
			}
		}
		if temp != "" {
			known = append(known, temp)
		}
		if err := enforce.RestrictExecute(cover("/", hostile, resolved(known))); err != nil {
			return fmt.Errorf("start %s: deny executing files that commands may write: %w", cmd.Path, err)
		}
		return cmd.Start()
	})
}

// ownTemp makes the directory of w.Temp and has cmd use it.
func (w Walls) ownTemp(cmd *exec.Cmd) (dir string, err error) {
	if dir, err = w.Temp(); err != nil {
		return "", fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir)
	return dir, nil
}

// onThread runs f on a thread of its own, which ends with it: rights that f takes from the
// thread, its children lack, too, and nobody else. The command must not ask for a signal
// when its parent ends, for that is the thread (prctl(2), PR_SET_PDEATHSIG).
func onThread(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		result <- f()
	}()
	return <-result
}

// Word is the hidden argument by which purity, in a user and a mount namespace
// of its own, mounts directories noexec and becomes a program. After it come the
// directories, "--", the file of the program and its arguments; or nothing, to see
// whether there are such namespaces.
const Word = "__outside"

// inNamespace changes a command to one that a user starts: to mount takes a user
// namespace. It reports whether the kernel gives any.
func inNamespace(cmd *exec.Cmd, hostile []string) bool {
	attr := &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN}, // of the namespace, which execve takes from a user else
	}
	probe := exec.Command(self, Word)
	probe.SysProcAttr = attr
	if probe.Run() != nil {
		return false
	}
	cmd.Args = slices.Concat([]string{"purity", Word}, hostile, []string{"--", cmd.Path}, cmd.Args)
	cmd.Path, cmd.SysProcAttr = self, attr
	return true
}

// self is this program, for itself.
const self = "/proc/self/exe"

// RunPart is purity started by a user's command, if args say so.
func RunPart(args []string) (code int, ok bool) {
	if len(args) < 2 || args[1] != Word {
		return 0, false
	}
	runtime.LockOSThread()
	end := slices.Index(args, "--")
	if end < 0 || len(args) < end+3 { // a probe
		if mountNoexec(nil) != nil {
			return 1, true
		}
		return 0, true
	}
	err := mountNoexec(args[2:end])
	if err == nil {
		err = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	}
	if err == nil {
		err = unix.Exec(args[end+1], args[end+2:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "purity: error: start "+args[end+1]+":", err)
	return 125, true
}

// mountNoexec has nothing below dirs be executed in the mount namespace of the calling
// thread, which is its own.
func mountNoexec(dirs []string) error {
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("keep mounts apart: %w", err)
	}
	for _, dir := range dirs {
		if err := unix.Mount(dir, dir, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
		var stat unix.Statfs_t
		if err := unix.Statfs(dir, &stat); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
		// The flags of a mount are the same bits in statfs(2) but for the last two.
		flags := uintptr(stat.Flags) & (unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOATIME | unix.MS_NODIRATIME)
		if err := unix.Mount("", dir, "", flags|unix.MS_REMOUNT|unix.MS_BIND|unix.MS_NOEXEC, ""); err != nil {
			return fmt.Errorf("mount %s noexec: %w", dir, err)
		}
	}
	return nil
}
