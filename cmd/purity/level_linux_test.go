package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/show"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/fixtures"
)

// The selftest attacks the levels that users get: purity shows the same rows and limits for
// a level as the attacked policy has.
func TestSelftestAttacksLevels(t *testing.T) {
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	for _, v := range selftest.Variants() {
		if v.View { // the selftest attacks its level without a view, too
			continue
		}
		var shown show.Policy
		out, err := u.command(t, dir, "policy", "-q", "--json", "--view=false", "--level", v.Name).Output()
		if err == nil {
			err = json.Unmarshal(out, &shown)
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", v.Name, err, out)
		}
		attacked, err := v.Policy()
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, g := range shown.Grants {
			if strings.HasPrefix(g.Reason, "base: ") || strings.HasPrefix(g.Reason, "host: ") {
				got = append(got, g.Access+" "+g.Path)
			}
		}
		for _, g := range attacked.Grants {
			if slices.Contains(host.Shared, g.Path) && !slices.Contains(host.Open(binary(t), u.dir), g.Path) {
				continue // closed, because this purity lies in it
			}
			want = append(want, g.Access.String()+" "+g.Path)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("level %s is attacked with other rows than users get:\n%s", v.Name, diff)
		}
		limit := func(subject string) string {
			i := slices.IndexFunc(shown.Limits, func(l show.Limit) bool { return l.Subject == subject })
			return shown.Limits[i].Value
		}
		if network := limit("network") == "any"; network != v.Network || attacked.Network.Any != v.Network {
			t.Errorf("level %s: users get network %v, attacked is %v", v.Name, network, v.Network)
		}
		if sockets := limit("UNIX sockets") != "pairs only"; sockets != v.Unix || attacked.UnixSockets != v.Unix {
			t.Errorf("level %s: users get UNIX sockets %v, attacked is %v", v.Name, sockets, v.Unix)
		}
		if sysV := limit("System V IPC") != "denied"; sysV != v.SysV || attacked.SysVIPC != v.SysV {
			t.Errorf("level %s: users get System V IPC %v, attacked is %v", v.Name, sysV, v.SysV)
		}
		if terminals := slices.Contains(got, "rw-i- /dev/pts"); terminals != v.Terminals {
			t.Errorf("level %s: users get terminals %v, attacked is %v", v.Name, terminals, v.Terminals)
		}
	}
}
