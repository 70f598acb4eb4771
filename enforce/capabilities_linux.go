package enforce

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// capabilities by their numbers (linux/capability.h).
var capabilities = []string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
	"setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw",
	"ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
	"sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod",
	"lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
	"wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
}

// Capabilities returns the names of all capabilities.
func Capabilities() []string { return slices.Clone(capabilities) }

// Capability returns the bit of a capability by its name, "chown" or "CAP_CHOWN".
func Capability(name string) (bit uint64, ok bool) {
	name = strings.TrimPrefix(strings.ToLower(name), "cap_")
	for i, c := range capabilities {
		if c == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// dropCapabilities drops all capabilities of the thread but keep. It gains none
// by execve: no_new_privs limits execve to the permitted capabilities.
func dropCapabilities(keep uint64) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return fmt.Errorf("confine: capget: %w", err)
	}
	if sets[0].Permitted|sets[1].Permitted|sets[0].Inheritable|sets[1].Inheritable == 0 {
		return nil // an ordinary user's process
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("confine: clear ambient capabilities: %w", err)
	}
	for c := range 64 {
		if keep&(1<<c) != 0 {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPERM) {
			break // c is past the last capability, or the thread lacks CAP_SETPCAP
		}
		if err != nil {
			return fmt.Errorf("confine: drop capability %d: %w", c, err)
		}
	}
	for i := range sets {
		kept := uint32(keep >> (32 * i))
		sets[i].Permitted &= kept
		sets[i].Effective &= kept
		sets[i].Inheritable = 0
	}
	if err := unix.Capset(&header, &sets[0]); err != nil {
		return fmt.Errorf("confine: capset: %w", err)
	}
	return nil
}
