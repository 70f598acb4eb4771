package view

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Available returns nil if this process can have a view, else a [*RefusedError] with the
// reason. It starts a process that tries.
func Available() error { return available() }

// available tries a view; with a directory as its argument, a view of an overlay in there.
func available(args ...string) error {
	var said bytes.Buffer
	err := try(&said, os.Geteuid() != 0, args)
	if errors.Is(err, unix.EPERM) && os.Geteuid() == 0 {
		err = try(&said, true, args)
	}
	switch {
	case err == nil:
		return nil
	case said.Len() == 0:
		var errno syscall.Errno
		if errors.As(err, &errno) { // without the path /proc/self/exe
			err = errno
		}
		if short(err) {
			return fmt.Errorf("make view: %s: %w", born, err)
		}
		return refused(born, err)
	}
	number, what, _ := strings.Cut(strings.TrimSpace(said.String()), " ")
	errno, err := strconv.Atoi(number)
	if err != nil || errno == 0 {
		return refused(what, errors.New("it fails"))
	}
	if short(syscall.Errno(errno)) {
		return fmt.Errorf("make view: %s: %w", what, syscall.Errno(errno))
	}
	if strings.HasPrefix(what, overlaid) {
		return noOverlay(what, syscall.Errno(errno), args[0])
	}
	return refused(what, syscall.Errno(errno))
}

// try runs this program in the namespaces of a view without a network.
func try(said *bytes.Buffer, user bool, args []string) error {
	cmd := exec.Command(self, append([]string{Word}, args...)...)
	cmd.Args[0] = os.Args[0] // a program may choose its task by its name
	cmd.Stdout = said
	cmd.SysProcAttr = attributesOf(Job{View: probed(args)}, user)
	return cmd.Run()
}

// refused returns a RefusedError with its remedy.
func refused(what string, err error) *RefusedError {
	fix := remedy(what, err)
	if what == born && anyOf(err, unix.ENOSPC, unix.EUSERS) {
		err = limitError{err}
	}
	return &RefusedError{What: what, Err: err, Fix: fix}
}

// limitError is the kernel's error for more namespaces than a limit allows: "no space left on
// device", which has nothing to do with a device.
type limitError struct{ err error }

func (e limitError) Error() string { return "the limit of namespaces is reached" }

func (e limitError) Unwrap() error { return e.err }

// refusal returns the error of a step: a RefusedError if the kernel, or a system call filter,
// denies the step itself to this process, whatever its subject.
func refusal(what string, err error) error {
	if anyOf(err, unix.EPERM, unix.EACCES, unix.ENOSYS) {
		return &RefusedError{What: what, Err: err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// short reports whether a process ran out of descriptors, processes or memory: then nobody
// refuses a view, and the next try may succeed.
func short(err error) bool {
	return anyOf(err, unix.EMFILE, unix.ENFILE, unix.EAGAIN, unix.ENOMEM)
}

// Steps in which an error has a remedy of its own.
const (
	born  = "make namespaces"
	apart = "keep mounts apart"
)

// sysctls is the directory of the kernel's settings.
var sysctls = "/proc/sys"

// remedies are the settings that keep users from namespaces: the text of the file then, the
// errors, and the setting that allows namespaces. The first is Debian's patch, the second
// Ubuntu's "Restricted unprivileged user namespaces", under which a user can make a
// namespace, but do nothing in it.
var remedies = []struct {
	file, value string
	errors      []error // of the kernel under this setting
	fix         string
}{
	{"kernel/unprivileged_userns_clone", "0", []error{unix.EPERM}, "allow users namespaces, as root:  sysctl kernel.unprivileged_userns_clone=1"},
	{"kernel/apparmor_restrict_unprivileged_userns", "1", []error{unix.EPERM, unix.EACCES}, "AppArmor keeps users from namespaces: give purity a profile with userns, or as root:  sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
}

// kinds of namespaces have limits (namespaces(7), "The /proc/sys/user directory").
var kinds = []string{"user", "mnt", "pid", "ipc", "uts", "net"}

func sysctl(file string) string {
	data, _ := os.ReadFile(filepath.Join(sysctls, file))
	return strings.TrimSpace(string(data))
}

func anyOf(err error, of ...error) bool {
	return slices.ContainsFunc(of, func(e error) bool { return errors.Is(err, e) })
}

// remedy returns the help against an error of the kernel in a step.
func remedy(what string, err error) string {
	for _, r := range remedies {
		if (os.Geteuid() != 0 || r.value == "0") && anyOf(err, r.errors...) && sysctl(r.file) == r.value {
			return r.fix
		}
	}
	switch {
	case anyOf(err, unix.ENOSPC, unix.EUSERS):
		for _, kind := range kinds {
			if name := "max_" + kind + "_namespaces"; sysctl("user/"+name) == "0" {
				return "allow namespaces, as root:  sysctl user." + name + "=10000"
			}
		}
		return "other programs have all namespaces that /proc/sys/user allows: end some, or as root:  sysctl user.max_user_namespaces=100000"
	case anyOf(err, unix.ENOENT):
		return "/proc is not mounted, by which purity starts itself again"
	case anyOf(err, unix.EINVAL) && what == apart: // mount(2): no mount point
		return "the root directory of this chroot is no mount: mount --bind DIR DIR as root, before chroot DIR"
	case anyOf(err, unix.EINVAL) && what == born:
		return "the kernel lacks namespaces: it takes CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_IPC_NS, CONFIG_UTS_NS and CONFIG_NET_NS"
	}
	return "a container, a chroot or a sandbox around purity forbids it: allow it namespaces there, or leave the view out"
}
