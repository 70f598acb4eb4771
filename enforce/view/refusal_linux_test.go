package view

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/fixtures"
)

// denial makes a system call fail if an argument has a value under a mask.
type denial struct {
	call, argument, mask, value uint32
	errno                       unix.Errno
}

func namespacesFail(errno unix.Errno) denial {
	return denial{unix.SYS_CLONE, 0, unix.CLONE_NEWNS, unix.CLONE_NEWNS, errno}
}

// mapFails denies writes as long as the map of user 65534, which purity writes for its init.
func mapFails(errno unix.Errno) denial {
	return denial{unix.SYS_WRITE, 2, ^uint32(0), uint32(len("65534 65534 1\n")), errno}
}

func mountFails(call uint32, errno unix.Errno) denial { return denial{call, 0, 0, 0, errno} }

func (d denial) String() string {
	return fmt.Sprint(d.call, " ", d.argument, " ", d.mask, " ", d.value, " ", uint32(d.errno))
}

// runRefused is TEST refused DENIAL SYSCTLS: it prints why a view fails, from a try and from
// a run.
func runRefused(text, settings string) int {
	var d denial
	var errno uint32
	if _, err := fmt.Sscan(text, &d.call, &d.argument, &d.mask, &d.value, &errno); err != nil {
		panic(err)
	}
	sysctls = settings
	if err := fixtures.FilterArgument(d.call, int(d.argument), d.mask, d.value, unix.SECCOMP_RET_ERRNO|errno); err != nil {
		panic(err)
	}
	_, err := Run(Job{})
	for _, err := range []error{Available(), err} {
		var refused *RefusedError
		if errors.As(err, &refused) {
			fmt.Printf("%v: %s\n", refused, refused.Fix)
		} else {
			fmt.Printf("no refusal: %v\n", err)
		}
	}
	return 0
}

// Each kernel, distribution or container that keeps a user from namespaces has one message,
// with its remedy.
func TestRefused(t *testing.T) {
	const container = "a container, a chroot or a sandbox around purity forbids it"
	const want = "too many open files"
	for _, line := range refusedTo(t, nil, namespacesFail(unix.EMFILE), "") {
		if line != "no refusal: make view: make namespaces: "+want {
			t.Errorf("few descriptors: %q", line)
		}
	}
	if out := refusedTo(t, nil, mountFails(unix.SYS_FSOPEN, unix.EMFILE), ""); !strings.HasPrefix(out[1], "no refusal: make view: make its root directory: ") || !strings.HasSuffix(out[1], want) {
		t.Errorf("few descriptors of the init: %q", out)
	}
	for _, c := range []struct {
		name    string
		fails   denial
		setting string // file and text
		want    string
		user    bool // it concerns users alone
	}{
		{"nothing", denial{call: unix.SYS_PIVOT_ROOT, mask: 1, value: 2}, "", "no refusal: ", false},
		{"Debian's patch", namespacesFail(unix.EPERM), "kernel/unprivileged_userns_clone 0", "make view: make namespaces: operation not permitted: allow users namespaces, as root:  sysctl kernel.unprivileged_userns_clone=1", false},
		{"Debian's patch, allowing", namespacesFail(unix.EPERM), "kernel/unprivileged_userns_clone 1", "make namespaces: operation not permitted: " + container, false},
		{"no user namespaces", namespacesFail(unix.ENOSPC), "user/max_user_namespaces 0", "make namespaces: the limit of namespaces is reached: allow namespaces, as root:  sysctl user.max_user_namespaces=10000", false},
		{"no process namespaces", namespacesFail(unix.ENOSPC), "user/max_pid_namespaces 0", "sysctl user.max_pid_namespaces=10000", false},
		{"too many namespaces", namespacesFail(unix.ENOSPC), "user/max_user_namespaces 7", "other programs have all namespaces", false},
		{"AppArmor beside", namespacesFail(unix.ENOSPC), "kernel/apparmor_restrict_unprivileged_userns 1", "other programs have all namespaces", false},
		{"a kernel without", namespacesFail(unix.EINVAL), "", "make namespaces: invalid argument: the kernel lacks namespaces", false},
		{"a chroot", mountFails(unix.SYS_MOUNT, unix.EINVAL), "", "keep mounts apart: invalid argument: the root directory of this chroot is no mount", false},
		{"a container", namespacesFail(unix.EPERM), "", "make namespaces: operation not permitted: " + container, false},
		{"AppArmor, no namespace", namespacesFail(unix.EACCES), "kernel/apparmor_restrict_unprivileged_userns 1", "make namespaces: permission denied: AppArmor keeps users", true},
		{"AppArmor, no mount", mountFails(unix.SYS_MOUNT, unix.EACCES), "kernel/apparmor_restrict_unprivileged_userns 1", "keep mounts apart: permission denied: AppArmor keeps users", true},
		{"AppArmor, no capability", mountFails(unix.SYS_MOUNT, unix.EPERM), "kernel/apparmor_restrict_unprivileged_userns 1", "keep mounts apart: operation not permitted: AppArmor keeps users", true},
		{"AppArmor, no name", mountFails(unix.SYS_SETHOSTNAME, unix.EPERM), "kernel/apparmor_restrict_unprivileged_userns 1", "name the host: operation not permitted: AppArmor keeps users", true},
		{"AppArmor, no map", mapFails(unix.EPERM), "kernel/apparmor_restrict_unprivileged_userns 1", "make namespaces: operation not permitted: AppArmor keeps users", true},
		{"a map that fails", mapFails(unix.EPERM), "", "make namespaces: operation not permitted: " + container, true},
		{"a container, no mount", mountFails(unix.SYS_MOUNT, unix.EACCES), "", "keep mounts apart: permission denied: " + container, false},
	} {
		for name, attr := range runners() {
			if c.user && (attr == nil && os.Getuid() == 0 || c.fails.call == unix.SYS_WRITE && attr == nil) {
				continue
			}
			out := refusedTo(t, attr, c.fails, c.setting)
			for _, line := range out {
				if !strings.Contains(line, c.want) {
					t.Errorf("%s, %s: %q, want %q", c.name, name, line, c.want)
				}
			}
		}
	}
}

// refusedTo runs runRefused with a setting of the kernel.
func refusedTo(t *testing.T, attr *syscall.SysProcAttr, fails denial, setting string) []string {
	t.Helper()
	dir, program := world(t, attr)
	if file, text, found := strings.Cut(setting, " "); found {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "refused", fails.String(), dir)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != 2 {
		t.Fatalf("%v\n%s", err, strconv.Quote(string(out)))
	}
	return lines
}
