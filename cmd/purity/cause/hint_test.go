package cause

import (
	"testing"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/observe"
)

// No hint opens a secret, but for sockets by a preset that names its grants.
func TestSecretHints(t *testing.T) {
	f := finder{Run: Run{Home: "/people/me"}}
	f.presets = []enforce.Grant{
		{Path: "/tmp/ssh-1/agent.2", Access: enforce.Connect, Reason: "ssh-agent"},
		{Path: "/people/me/.config/git", Access: enforce.Read, Reason: "git"},
	}
	const closed = "it looks like a secret, or has some in it "
	for _, tt := range []struct {
		key, path, real string
		entry           bool
		want            string
	}{
		{"read", "/people/me/.ssh/id_rsa", "", false, closed + "(/people/me/.ssh/id_rsa): better keep it closed"},
		{"read", "/people/me/link.key", "/people/me/data", false, closed + "(/people/me/link.key): better keep it closed"},
		{"read", "/etc/shadow", "", false, closed + "(/etc/shadow): better keep it closed"},
		{"write", "/etc/new", "", true, closed + "(/etc/shadow): better keep it closed"},
		{"write", "/etc/new", "", false, `if it has to be, in purity.toml:  write = ["/etc/new"]`},
		{"write", "/dev/null", "", false, `if it has to be, in purity.toml:  devices = ["/dev/null"]`},
		{"read", "/dev/mem", "", false, closed + "(/dev/mem): better keep it closed"},
		{"write", "/people/me/new", "", true, closed + "(/people/me/.ssh): better keep it closed"},
		{"write", "/people/me/src/new", "", true, `if it has to be, in purity.toml:  write = ["/people/me/src"]`},
		{"read", "/proc/self/environ", "/proc/self/environ", false, closed + "(/proc): better keep it closed"},
		{"write", "/proc/self/comm", "/proc/self/comm", false, "if it has to be, in purity.toml:  view = true"},
		{"write", "/proc/self/uid_map", "/proc/12/uid_map", false, "if it has to be, in purity.toml:  view = true"},
		{"write", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/core_pattern", false, closed + "(/proc): better keep it closed"},
		{"read", "/people/me/.config/git/config", "", false, `if it has to be, the preset for it:  presets = ["git"]`},
		{"read", "/people/me/.config/git/credentials", "", false, closed + "(/people/me/.config/git/credentials): better keep it closed"},
		{"connect", "/tmp/ssh-1/agent.2", "", false, `if it has to be, the preset for it:  presets = ["ssh-agent"]`},
		{"connect", "/tmp/ssh-1/agent.3", "", false, closed + "(/tmp/ssh-1/agent.3): better keep it closed"},
		{"connect", "/run/x/socket", "", false, `if it has to be, in purity.toml:  sockets = ["/run/x/socket"]`},
	} {
		d := observe.Denial{Path: tt.path, Real: tt.real, Entry: tt.entry}
		if d.Real == "" {
			d.Real = tt.path
		}
		if got := f.openPath(tt.key, d); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.key, tt.path, got, tt.want)
		}
	}
	f.Policy.Apart = true
	d := observe.Denial{Path: "/proc/self/comm", Real: "/proc/12/comm"}
	if got, want := f.openPath("write", d), "if it has to be, in purity.toml:  network = false"; got != want {
		t.Errorf("in a view: %s, want %s", got, want)
	}
}
