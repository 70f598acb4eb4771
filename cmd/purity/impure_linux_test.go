package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/fixtures"
)

// impureProject makes a project with everything that the impurities need, and a
// directory outside.
func impureProject(t *testing.T) (u user, dir, outside string) {
	u = newUser(t, "self", fixtures.Newest(t))
	dir = u.project(t, "c")
	if err := os.Rename(dir, filepath.Join(u.dir, "project")); err != nil {
		t.Fatal(err)
	}
	dir, outside = filepath.Join(u.dir, "project"), filepath.Join(u.dir, "outside")
	script := `set -e
mkdir -p $OUTSIDE $HOME/.cargo/bin $HOME/.local/bin
cd $OUTSIDE
echo data > data; echo data | tee removable movable onto exchanged; echo 'int outside;' > outside.h; echo x > certificate.pem
cp /lib/x86_64-linux-gnu/libm.so.6 .
echo 'int outside;' | gcc -c -x c - -o o.o && ar rc liboutside.a o.o && rm o.o
printf 'Name: outside\nDescription: x\nVersion: 1\n' > outside.pc
echo > outside.py; echo '1;' > Outside.pm; echo 'all:; @true' > rules.mk
printf 'int main(void){return 0;}' | gcc -static -x c - -o static
cp static $HOME/.cargo/bin/tool; cp static $HOME/.local/bin/other
cd "$1"
printf 'all:\n\t/usr/bin/gcc --version\n' > host.mk
printf 'include %s/rules.mk\n' $OUTSIDE > include.mk
printf 'int main(void){return 0;}' > main.c
printf '#!/usr/bin/perl\n' > by-perl; printf '#!/usr/bin/env /usr/bin/perl\n' > by-env-perl; chmod +x by-*
cp /lib64/ld-linux-x86-64.so.2 $OUTSIDE/ld.so
gcc -Wl,--dynamic-linker=$OUTSIDE/ld.so -o prebuilt main.c
gcc -shared -x c -o $OUTSIDE/liboutside.so main.c
gcc -Wl,--no-as-needed -Wl,-rpath,$OUTSIDE -L$OUTSIDE -o rpath main.c -l:liboutside.so
ln -s $OUTSIDE/data first; ln -s first second; ln -s $OUTSIDE/sub into; ln -s $OUTSIDE/made-through dangling
mkdir $OUTSIDE/sub; mkdir -p sub; ln -s $PWD/sub $OUTSIDE/backlink; echo x > $OUTSIDE/locked; chmod 0 $OUTSIDE/locked
for i in 0 1 2 3 4 5; do printf '#!%s/script%d\n' $PWD $((i+1)) > script$i; done; cp by-perl script6; chmod +x script*
cat > g.go <<'G'
package main
import ("os"; "syscall")
func main() { syscall.Open(os.Args[1], syscall.O_RDONLY, 0) }
G
CGO_ENABLED=0 HOME= GOCACHE=$OUTSIDE/../gocache go build -o gobinary g.go
cat > t.S <<'S'
.globl _start
_start: mov $11, %eax; mov $path, %ebx; mov $argv, %ecx; xor %edx, %edx; int $0x80; mov $1, %eax; xor %ebx, %ebx; int $0x80
.data
path: .asciz "/usr/bin/id"
argv: .long path, 0
S
gcc -m32 -nostdlib -static -o thirtytwo t.S
cat > o.S <<'S'
.globl _start
_start: mov $5, %eax; mov 8(%esp), %ebx; xor %ecx, %ecx; int $0x80; mov $1, %eax; xor %ebx, %ebx; int $0x80
S
gcc -m32 -nostdlib -static -o opens32 o.S
sed -i 's/packages = \[ pkgs.jq \]/packages = with pkgs; [ jq python3 perl pkg-config ]/' flake.nix
git add -A`
	cmd := exec.Command("bash", "-c", script, "bash", dir)
	cmd.Env = append(os.Environ(), "OUTSIDE="+outside, "HOME="+filepath.Join(u.dir, "home"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	u.environ = append(u.environ, "UNDECLARED="+undeclared(t), "USER_HOME="+filepath.Join(u.dir, "home"), "CERTIFICATE="+outside+"/certificate.pem")
	u.run(t, 0, dir, "exec", "-q", "--", "true")
	return u, dir, outside
}

// dontWrite keeps root's Python from writing into the store.
const dontWrite = "PYTHONDONTWRITEBYTECODE=1"

// hostFile is the standard input of commands.
const hostFile = "/etc/issue.net"

// findings runs a command of purity that reports, and returns its findings.
func (u user) findings(t *testing.T, dir string, args ...string) []report.Finding {
	t.Helper()
	file := filepath.Join(u.dir, "report-"+strings.ReplaceAll(t.Name(), "/", "-")+".json")
	args = append([]string{args[0], "--report", file, "--keep", "UNDECLARED", "--keep", "USER_HOME", "--keep", "CERTIFICATE", "--set", dontWrite}, args[1:]...)
	cmd := u.command(t, dir, args...)
	stdin, err := os.Open(hostFile)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	cmd.Stdin = stdin
	if out, err := cmd.CombinedOutput(); err != nil { // most commands fail
		t.Logf("%v\n%s", err, out)
	}
	return readReport(t, file).Findings
}

// thirtyTwoBit reports whether this kernel runs 32-bit programs.
func thirtyTwoBit(t *testing.T) bool {
	runs, err := fixtures.ThirtyTwoBit()
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// purity finds each impurity, audited and enforced, with its reason, and nothing
// else.
func TestSlowImpurities(t *testing.T) {
	t.Parallel()
	u, dir, outside := impureProject(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	socket, err := net.Listen("unix", outside+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	abstract := fmt.Sprintf("purity-test-%d", os.Getpid())
	named, err := net.Listen("unix", "@"+abstract)
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	port := func(l net.Listener) string { return fmt.Sprint(l.Addr().(*net.TCPAddr).Port) }
	words := strings.NewReplacer("@$ABSTRACT", "@"+abstract, "$ABSTRACT", abstract, "@", outside, "$PORT", port(listener), "$FREE", port(free))
	if len(impurities) < 40 {
		t.Errorf("%d impurities", len(impurities))
	}
	t.Run("all", func(t *testing.T) { // ends when the parallel ones have
		for _, im := range impurities {
			im.unseen = ending(t, im.name, "")
			t.Run(im.name, func(t *testing.T) {
				t.Parallel()
				im.test(t, u, dir, words)
			})
		}
		for _, script := range pure {
			t.Run("pure", func(t *testing.T) {
				t.Parallel()
				for _, command := range []string{"exec", "audit"} {
					for _, f := range u.findings(t, dir, command, "--explain=files", "--", "sh", "-c", words.Replace(script)) {
						t.Errorf("%s: %s: found %s %s, by %s", command, script, f.Access, f.Subject(), f.By.Program)
					}
				}
			})
		}
	})
}

// test tests that each command, or the one for the impurity, finds it and nothing else.
func (im impurity) test(t *testing.T, u user, dir string, words *strings.Replacer) {
	if strings.Contains(im.name, "32-bit") && !thirtyTwoBit(t) {
		t.Skip("this kernel runs no 32-bit programs")
	}
	for _, command := range []string{"exec", "audit"} {
		if command == "exec" && im.name == "socket of a service" || im.of != "" && im.of != command {
			continue // before Linux 7.1 the kernel does not deny this socket; the observer's test covers it
		}
		args := append([]string{command, "--explain=files"}, strings.Fields(im.flags)...)
		want, times := words.Replace(im.path), 0
		for _, f := range u.findings(t, dir, append(args, "--", "sh", "-c", words.Replace(im.command))...) {
			text := f.Why + " " + f.Hint
			switch {
			case strings.HasSuffix(f.Subject(), want) && f.Access == im.access:
				times++
				if !strings.Contains(text, words.Replace(im.says)) {
					t.Errorf("%s: it says %q, want %q", command, text, words.Replace(im.says))
				}
				if im.access == "execute" && f.Kind != "program" || f.By.Program == "" || f.Errno == "" || (f.Verdict == "would be") != (command == "audit") {
					t.Errorf("%s: it is %+v", command, f)
				}
			case im.only != "" && regexp.MustCompile(words.Replace(im.only)).MatchString(f.Subject()):
			default:
				t.Errorf("%s: also found: %s %s: %s", command, f.Access, f.Subject(), text)
			}
		}
		if command == "exec" && im.unseen != "" {
			times++
		}
		if times != 1 {
			t.Errorf("%s: %s %s is found %d times", command, im.access, want, times)
		}
	}
}
