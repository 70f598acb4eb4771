package view

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
		return refused("make namespaces", err)
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
	return &RefusedError{What: what, Err: err, Fix: remedy(err)}
}

// refusal is the failure of a step: a refusal where the kernel, or a filter of system calls,
// denies it to this process, whatever its subject is.
func refusal(what string, err error) error {
	for _, errno := range []error{unix.EPERM, unix.EACCES, unix.ENOSYS} {
		if errors.Is(err, errno) {
			return &RefusedError{What: what, Err: err}
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// remedies are the settings that keep users from namespaces, where the kernel tells: the
// text that the file holds then, and the one that gives them some. Debian's patch,
// namespaces(7), and Ubuntu's "Restricted unprivileged user namespaces".
var remedies = []struct{ file, value, fix string }{
	{"/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1 as root lets users have namespaces"},
	{"/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000 as root lets users have namespaces"},
	{"/proc/sys/user/max_mnt_namespaces", "0", "sysctl user.max_mnt_namespaces=10000 as root lets users have namespaces"},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor keeps users from namespaces: give purity a profile with userns, or as root sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
}

// remedy is the help against an error of the kernel.
func remedy(err error) string {
	for _, r := range remedies {
		if data, readErr := os.ReadFile(r.file); readErr == nil && strings.TrimSpace(string(data)) == r.value && (os.Geteuid() != 0 || r.value == "0") {
			return r.fix
		}
	}
	switch {
	case errors.Is(err, unix.ENOENT):
		return "/proc is not mounted, by which purity starts itself again"
	case errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS):
		return "there are as many namespaces as there may be: see /proc/sys/user"
	}
	return "a container, a chroot or a sandbox around purity forbids it: allow it namespaces there, or leave the view out"
}
