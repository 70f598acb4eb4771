package main

import (
	"bytes"
	native "encoding/binary"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/fixtures"
)

// The kernel's audit log confirms the predicted denials, if it is on and purity
// may read it. Users may not.
func TestAuditLog(t *testing.T) {
	leaveOut(t)
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	script := "/usr/bin/true; read x < /usr/include/stdio.h; : > " + u.dir + "/new; read x < greet.c"
	count := func(flags ...string) (all, confirmed int) {
		for _, f := range u.findings(t, dir, append(append([]string{"exec"}, flags...), "--", "bash", "-c", script)...) {
			all++
			if f.Confirmed {
				confirmed++
			}
		}
		return all, confirmed
	}
	unheard := map[string]int{"--explain=programs": 1, "--explain=files": 3}
	if points, err := observe.OpenTracepoints(); err == nil {
		points.Close()
		unheard = nil // tracepoints confirm without the log
	}
	for explain, want := range unheard {
		if all, confirmed := count(explain); all != want || confirmed != 0 {
			t.Errorf("%s without the log: %d denials, %d confirmed", explain, all, confirmed)
		}
	}
	if err := switchAudit(true); err != nil {
		if os.Geteuid() == 0 {
			t.Fatal(err)
		}
		t.Skip("a user may not switch the audit log on: ", err)
	}
	defer switchAudit(false)
	for explain, want := range map[string]int{"--explain=programs": 1, "--explain=files": 3} {
		if all, confirmed := count(explain); all != want || confirmed != want {
			t.Errorf("%s with the log: %d denials, %d confirmed", explain, all, confirmed)
		}
	}
	// The report of a check says the same on every machine.
	if all, confirmed := count("--explain=files", "--absent"); all != 3 || confirmed != 0 {
		t.Errorf("--absent with the log: %d denials, %d confirmed", all, confirmed)
	}
}

// switchAudit switches the kernel's audit log.
func switchAudit(on bool) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	status := [11]uint32{0: unix.AUDIT_STATUS_ENABLED}
	if on {
		status[1] = 1
	}
	var message bytes.Buffer
	header := unix.NlMsghdr{Len: uint32(unix.NLMSG_HDRLEN + native.Size(status)), Type: unix.AUDIT_SET, Flags: unix.NLM_F_REQUEST | unix.NLM_F_ACK}
	native.Write(&message, native.NativeEndian, header)
	native.Write(&message, native.NativeEndian, status)
	if err := unix.Sendto(fd, message.Bytes(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	if _, _, err := unix.Recvfrom(fd, answer, 0); err != nil {
		return err
	}
	if errno := int32(native.NativeEndian.Uint32(answer[unix.NLMSG_HDRLEN:])); errno != 0 {
		return unix.Errno(-errno)
	}
	return nil
}
