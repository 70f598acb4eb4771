package learn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce/observe"
)

func finding(access, kind, path string) report.Finding {
	return report.Finding{Denial: observe.Denial{Access: access, Kind: kind, Path: path, Real: path, By: observe.Process{Program: "/p/make"}}}
}

// learned is the text of the policy that findings need, which must be one.
func learned(t *testing.T, r Run, findings ...report.Finding) (string, config.Settings) {
	t.Helper()
	if r.Executable == nil {
		r.Executable = func(string) bool { return true }
	}
	s, note := r.Needs(findings).Policy(config.Settings{}, config.Network{Connect: []uint16{1}})
	var b strings.Builder
	if err := s.WriteTOML(&b, note); err != nil {
		t.Fatal(err)
	}
	file, err := config.Parse("/p/purity.toml", []byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return b.String(), file.Settings
}

// The name of a program cannot become a line of the policy.
func TestInjection(t *testing.T) {
	evil := finding("read", "data", "/out/a\"b\n]\nexec = [ \"/\" ]")
	evil.By.Program = "/p/c\n]\nlevel = \"open\"\nseccomp = false\nwrite = [ \"~\", #"
	text, s := learned(t, Run{}, evil)
	if s.Level != "" || s.Seccomp != nil || len(s.Write)+len(s.Exec) > 0 || len(s.Read) != 1 {
		t.Errorf("%+v\n%s", s, text)
	}
	var b strings.Builder
	evil.Why = evil.By.Program
	if _, err := (Run{}).Needs([]report.Finding{evil}).Exceptions(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Parse("/p/purity.toml", []byte(strings.ReplaceAll(b.String(), `reason = ""`, `reason = "x"`))); err != nil {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// A policy is small: a path that another line covers is left out, and a directory stands for the
// files in it that a person would not name one by one.
func TestSmall(t *testing.T) {
	findings := []report.Finding{
		finding("read", "data", "/opt/a/x"), finding("read", "directory", "/opt/a"), finding("read", "data", "/opt/a/y/z"),
		finding("execute", "program", "/opt/b/tool"), finding("read", "data", "/opt/b/tool"), finding("read", "data", "/opt/b/tool"),
		finding("read", "data", "/data/x/one"),
	}
	for i := range 33 {
		findings = append(findings, finding("read", "data", "/data/many/"+strings.Repeat("x", i+1)))
	}
	text, s := learned(t, Run{}, findings...)
	if got := strings.Join(s.Read, " "); got != "/data/many /data/x/one /opt/a" || strings.Join(s.Exec, " ") != "/opt/b/tool" {
		t.Errorf("%s\n%s", got, text)
	}
	if !strings.Contains(text, `"/data/many",  # 33 files, the first by make`) {
		t.Error(text)
	}
	if text, s := learned(t, Run{Exact: true}, findings...); len(s.Read) != 33+2 {
		t.Error(text)
	}
}

// A compiler of the host is a few lines, with all that it brings along and the next
// header that a source includes.
func TestCompiler(t *testing.T) {
	gcc := finding("execute", "program", "/usr/bin/x86_64-linux-gnu-gcc-12")
	for _, name := range strings.Fields("cc1 collect2") {
		gcc.Followers = append(gcc.Followers, finding("execute", "program", "/usr/lib/gcc/x86_64-linux-gnu/12/"+name).Denial)
	}
	for _, name := range strings.Fields("stdio.h bits/types.h x86_64-linux-gnu/sys/cdefs.h") {
		gcc.Followers = append(gcc.Followers, finding("read", "header", "/usr/include/"+name).Denial)
	}
	for _, name := range strings.Fields("libc.so.6 libm.so.6") {
		gcc.Followers = append(gcc.Followers, finding("read", "library", "/usr/lib/x86_64-linux-gnu/"+name).Denial)
	}
	text, s := learned(t, Run{}, gcc)
	if got, want := strings.Join(append(s.Read, s.Exec...), " "), "/usr/include /usr/lib/x86_64-linux-gnu /usr/bin/x86_64-linux-gnu-gcc-12 /usr/lib/gcc"; got != want {
		t.Errorf("%s, want %s\n%s", got, want, text)
	}
}

func TestPorts(t *testing.T) {
	port := func(access, address string) report.Finding {
		f := finding(access, "port", "")
		f.Real, f.Address = "", address
		return f
	}
	findings := []report.Finding{port("connect", "192.0.2.1:443"), port("connect", "192.0.2.2:443"), port("listen", "[::]:80"), port("connect", "inet")}
	needs := (Run{}).Needs(findings)
	if len(needs.Other) != 1 || needs.Other[0] != "inet" {
		t.Errorf("left out are %v", needs.Other)
	}
	text, s := learned(t, Run{}, findings...)
	if s.Network == nil || text != "network = { connect = [1, 443], bind = [80] }\n" {
		t.Error(text)
	}
	var b strings.Builder
	if n, err := (Run{}).Needs(findings).Exceptions(&b); n != 2 || err != nil || !strings.Contains(b.String(), "path = \"*:443\"\naccess = \"connect\"") {
		t.Errorf("%d, %v\n%s", n, err, b.String())
	}
}

// A port of UDP is open where UDP is, once for all protocols.
func TestUDP(t *testing.T) {
	var findings []report.Finding
	for _, protocol := range []string{"tcp", "udp", "tcp"} {
		f := finding("connect", "port", "")
		f.Real, f.Address, f.Protocol = "", "192.0.2.1:53", protocol
		findings = append(findings, f)
	}
	findings = append(findings, findings[1])
	findings[3].Address = "192.0.2.1:1"
	if text, _ := learned(t, Run{}, findings...); text != "network = { connect = [1, 53], udp = true }\n" {
		t.Error(text)
	}
}

func TestSockets(t *testing.T) {
	if text, s := learned(t, Run{}, finding("connect", "socket", "/run/x/socket")); len(s.Sockets) != 1 || text != "sockets = [\n  \"/run/x/socket\",  # socket, by make\n]\n" {
		t.Error(text)
	}
}

// A new file is granted by the directory, as far as that is there.
func TestMade(t *testing.T) {
	dir := t.TempDir()
	made := finding("write", "data", dir+"/new/deep/file")
	made.Entry = true
	if _, s := learned(t, Run{}, made); len(s.Write) != 1 || s.Write[0] != dir {
		t.Errorf("%v", s.Write)
	}
}

// Ten times as many findings take ten times as much.
func TestLinear(t *testing.T) {
	cost := func(n int) float64 {
		var findings []report.Finding
		for i := range n {
			findings = append(findings, finding("read", "data", fmt.Sprintf("/data/%d/x", i)))
		}
		return testing.AllocsPerRun(1, func() {
			if got := len((Run{}).Needs(findings).all); got != n {
				t.Fatalf("%d needs of %d", got, n)
			}
		})
	}
	if few, many := cost(1000), cost(10_000); many > 13*few {
		t.Errorf("ten times as many findings take %.1f times as many allocations", many/few)
	}
}
