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

// Available is nil where there can be a view, else a [*RefusedError] with the reason. It
// starts a process that tries.
func Available() error { return available() }

// available tries a view, or with a directory as its argument one of an overlay in there.
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
		if errors.As(err, &errno) { // without the name that this program has for itself
			err = errno
		}
		return refused(born, err)
	}
	number, what, _ := strings.Cut(strings.TrimSpace(said.String()), " ")
	errno, err := strconv.Atoi(number)
	if err != nil || errno == 0 {
		return refused(what, errors.New("it fails"))
	}
	if strings.HasPrefix(what, overlaid) {
		return noOverlay(what, syscall.Errno(errno), args[0])
	}
	return refused(what, syscall.Errno(errno))
}

// try runs this program in the namespaces of a view without a network.
func try(said *bytes.Buffer, user bool, args []string) error {
	cmd := exec.Command(self, append([]string{Word}, args...)...)
	cmd.Args[0] = os.Args[0] // by which a program may know itself
	cmd.Stdout = said
	cmd.SysProcAttr = attributesOf(Job{View: probed(args)}, user)
	return cmd.Run()
}

// refused is a refusal with its remedy.
func refused(what string, err error) *RefusedError {
	return &RefusedError{What: what, Err: err, Fix: remedy(what, err)}
}

// refusal is the failure of a step: a refusal where the kernel, or a filter of system calls,
// denies it to this process, whatever its subject is.
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

// Steps that fail so with an error that has a meaning of its own there.
const (
	born  = "make namespaces"
	apart = "keep mounts apart"
)

// sysctls is where settings of the kernel are.
var sysctls = "/proc/sys"

// remedies are the settings that keep users from namespaces, where the kernel tells: the
// text that the file holds then, and the setting that gives them some. Debian's patch, and
// Ubuntu's "Restricted unprivileged user namespaces": there a namespace can be made, and
// nothing can be done in it.
var remedies = []struct {
	file, value string
	errors      []error // by which the kernel denies then
	fix         string
}{
	{"kernel/unprivileged_userns_clone", "0", []error{unix.EPERM}, "sysctl kernel.unprivileged_userns_clone=1 as root lets users have namespaces"},
	{"kernel/apparmor_restrict_unprivileged_userns", "1", []error{unix.EPERM, unix.EACCES}, "AppArmor keeps users from namespaces: give purity a profile with userns, or as root sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
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

// remedy is the help against an error of the kernel in a step.
func remedy(what string, err error) string {
	for _, r := range remedies {
		if (os.Geteuid() != 0 || r.value == "0") && anyOf(err, r.errors...) && sysctl(r.file) == r.value {
			return r.fix
		}
	}
	switch {
	case short(err):
		return "purity has too few open files, processes or memory: see ulimit -a"
	case anyOf(err, unix.ENOSPC, unix.EUSERS):
		for _, kind := range kinds {
			if name := "max_" + kind + "_namespaces"; sysctl("user/"+name) == "0" {
				return "sysctl user." + name + "=10000 as root lets there be namespaces"
			}
		}
		return "there are as many namespaces as there may be: see /proc/sys/user"
	case anyOf(err, unix.ENOENT):
		return "/proc is not mounted, by which purity starts itself again"
	case anyOf(err, unix.EINVAL) && what == apart: // mount(2): no mount point
		return "the root directory of this chroot is no mount: mount --bind DIR DIR as root, before chroot DIR"
	case anyOf(err, unix.EINVAL) && what == born:
		return "the kernel lacks namespaces: it takes CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_IPC_NS, CONFIG_UTS_NS and CONFIG_NET_NS"
	}
	return "a container, a chroot or a sandbox around purity forbids it: allow it namespaces there, or leave the view out"
}
