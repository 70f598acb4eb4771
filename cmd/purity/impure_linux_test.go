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

// impurity is a command that uses one thing that is not declared.
type impurity struct {
	name    string
	command string // for sh, in the project
	path    string // what it uses; @ is the directory outside
	access  string
	says    string // in the reason or the remedy
	flags   string // of purity
	// only is a pattern of what else may be found: parts of the same cause.
	only string
}

var impurities = []impurity{
	{name: "host compiler", command: "/usr/bin/gcc --version", path: "/usr/bin/gcc", access: "execute", says: "the dev shell has"},
	{name: "host compiler by make", command: "make -f host.mk", path: "/usr/bin/gcc", access: "execute", says: "host program of gcc"},
	{name: "host program that is not declared", command: "/usr/bin/git --version", path: "/usr/bin/git", access: "execute", says: "packages = [ pkgs.git ];"},
	{name: "PATH with the host's", command: "PATH=/usr/bin:$PATH; export PATH; id", path: "/usr/bin/id", access: "execute", says: "the dev shell has"},
	{name: "host program by system(3)", command: `python3 -c 'import os; os.system("/usr/bin/id")'`, path: "/usr/bin/id", access: "execute"},
	{name: "host program by posix_spawn", command: `python3 -c 'import subprocess; subprocess.run(["/usr/bin/id"])'`, path: "/usr/bin/id", access: "execute"},
	{name: "host program by execveat", command: `python3 -c 'import os; os.execve(os.open("/usr/bin/id", os.O_PATH), ["id"], {})'`, path: "/usr/bin/id", access: "execute"},
	{name: "host program by a double fork", command: "( (/usr/bin/id) & wait )", path: "/usr/bin/id", access: "execute"},
	{name: "host program by a 32-bit one", command: "./thirtytwo", path: "/usr/bin/id", access: "execute"},
	{name: "shebang", command: "./by-perl", path: "/usr/bin/perl", access: "execute", says: "named by the first line of"},
	{name: "shebang by env", command: "./by-env-perl", path: "/usr/bin/perl", access: "execute"},
	{name: "static program outside", command: "@/static", path: "@/static", access: "execute"},
	{name: "prebuilt program", command: "./prebuilt", path: "@/ld.so", access: "execute", says: "built for another system than Nix"},
	{name: "program of the home", command: "$USER_HOME/.cargo/bin/tool", path: "home/.cargo/bin/tool", access: "execute", says: "Cargo's"},
	{name: "program of the home by PATH", command: "PATH=$USER_HOME/.local/bin:$PATH; export PATH; other", path: "home/.local/bin/other", access: "execute", says: "in your home directory"},
	{name: "store path outside", command: "$UNDECLARED/bin/git --version", path: "/bin/git", access: "execute", says: "packages = [ pkgs.git ];", only: "-git/"},
	{name: "file of a store path outside", command: "cat $UNDECLARED/bin/git > /dev/null", path: "/bin/git", access: "read", says: "store path of git"},
	{name: "header by name", command: "gcc -E -include /usr/include/elf.h -x c /dev/null > /dev/null", path: "/usr/include/elf.h", access: "read", only: "^/usr/include"},
	{name: "header by -I", command: "gcc -E -I@ -include outside.h -x c /dev/null > /dev/null", path: "@/outside.h", access: "read", says: "its arguments -I @"},
	{name: "header by CPATH", command: "CPATH=@ gcc -E -include outside.h -x c /dev/null > /dev/null", path: "@/outside.h", access: "read", says: "its variable CPATH"},
	{name: "library by dlopen", command: `python3 -c 'import ctypes; ctypes.CDLL("@/libm.so.6")'`, path: "@/libm.so.6", access: "read"},
	{name: "library by LD_LIBRARY_PATH", command: "LD_LIBRARY_PATH=@ jq --version", path: "@/libm.so.6", access: "read", says: "its variable LD_LIBRARY_PATH"},
	{name: "library by RPATH", command: "./rpath", path: "@/liboutside.so", access: "read"},
	{name: "library by -L", command: "gcc -o library main.c -L@ -l:liboutside.a", path: "@/liboutside.a", access: "read", says: "its argument -L@"},
	{name: "library by LD_PRELOAD", command: "LD_PRELOAD=@/libm.so.6 jq --version", path: "@/libm.so.6", access: "read", says: "its variable LD_PRELOAD"},
	{name: "pkg-config", command: "PKG_CONFIG_PATH=@ pkg-config --cflags outside", path: "@/outside.pc", access: "read", says: "its variable PKG_CONFIG_PATH", only: "^(@|/usr/(lib|lib/x86_64-linux-gnu|share)/pkgconfig)$"},
	{name: "python import", command: "PYTHONPATH=@ python3 -B -c 'import outside'", path: "@", access: "read", only: "^@"},
	{name: "perl module", command: "PERL5LIB=@ perl -MOutside -e 1", path: "@/Outside.pm", access: "read", says: "its variable PERL5LIB"},
	{name: "make include", command: "make -f include.mk", path: "@/rules.mk", access: "read", only: "^@$"},
	{name: "file of /etc", command: "cat /etc/debian_version", path: "/etc/debian_version", access: "read", says: "host data of base-files"},
	{name: "redirection", command: "read x < /etc/debian_version", path: "/etc/debian_version", access: "read"},
	{name: "sourced script", command: ". /etc/profile", path: "/etc/profile", access: "read", only: "^/etc/(bash|profile)"},
	{name: "locale", command: "cat /usr/share/i18n/SUPPORTED > /dev/null", path: "/usr/share/i18n/SUPPORTED", access: "read"},
	{name: "certificate", command: "cat $CERTIFICATE", path: "@/certificate.pem", access: "read"},
	{name: "relative path", command: "cat ../outside/data", path: "@/data", access: "read"},
	{name: "after cd", command: "cd @ && cat data", path: "@/data", access: "read"},
	{name: "through a directory's descriptor", command: `python3 -c 'import os; os.open("data", os.O_RDONLY, dir_fd=os.open("@", os.O_PATH))'`, path: "@/data", access: "read"},
	{name: "openat2", command: `python3 -c 'import ctypes; ctypes.CDLL(None).syscall(437, -100, b"@/data", ctypes.create_string_buffer(24), 24)'`, path: "@/data", access: "read"},
	{name: "chain of links", command: "cat second", path: "project/second", access: "read"},
	{name: "threads", command: `python3 -c 'import threading; t = [threading.Thread(target=lambda: open("@/data")) for _ in range(4)]; [x.start() for x in t]; [x.join() for x in t]' 2> /dev/null`, path: "@/data", access: "read"},
	{name: "raw system calls of a Go program", command: "./gobinary @/data", path: "@/data", access: "read"},
	{name: "directory", command: "ls @", path: "@", access: "read"},
	{name: "write", command: "echo x > @/data", path: "@/data", access: "write", says: "outside the project"},
	{name: "create", command: "echo x > @/new", path: "@/new", access: "write"},
	{name: "mkdir", command: "mkdir @/made", path: "@/made", access: "write"},
	{name: "remove", command: "rm -f @/removable", path: "@/removable", access: "write"},
	{name: "move out", command: "touch moved; mv -T moved @/moved", path: "@/moved", access: "write"},
	{name: "link out", command: "ln -s x @/link", path: "@/link", access: "write"},
	{name: "truncate", command: `python3 -c 'import os; os.truncate("@/data", 0)'`, path: "@/data", access: "write"},
	{name: "named pipe", command: "mkfifo @/pipe", path: "@/pipe", access: "write"},
	{name: "port", command: `python3 -c 'import socket; socket.create_connection(("127.0.0.1", $PORT))'`, path: "127.0.0.1:$PORT", access: "connect", says: "--network connect=1,connect=$PORT", flags: "--network connect=1"},
	{name: "port to listen at", command: `python3 -c 'import socket; socket.create_server(("127.0.0.1", $FREE))'`, path: "127.0.0.1:$FREE", access: "listen", says: "--network connect=1,bind=$FREE", flags: "--network connect=1"},
	{name: "socket of a service", command: `python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("@/socket")'`, path: "@/socket", access: "connect", says: "sockets = "},
}

// pure are commands that come near, and use nothing that is not declared.
var pure = []string{
	"make -s clean greet && ./greet",
	"test -e /etc/debian_version; test -x /usr/bin/git; ls -d /usr/bin /etc; stat @/data > /dev/null",
	"cat /nonexistent /etc/nonexistent @/nonexistent 2> /dev/null; rm -f @/nonexistent; mkdir -p /tmp /etc",
	"command -v git || command -v jq; nosuchprogram 2> /dev/null",
	"python3 -c 'import os, socket, tempfile, threading, json, ssl, ctypes; tempfile.TemporaryFile(); os.getlogin if 0 else 0'",
	"perl -e 'use strict; use POSIX; print 1' && pkg-config --version",
	"cat greet.c /etc/hosts /etc/resolv.conf /etc/passwd /proc/self/status > /dev/null; head -c 1 /dev/urandom > /dev/null",
	"mkdir -p a/b && touch a/b/c && mv a/b/c a/d && ln -s a/d e && cat e && rm -r a e",
	"echo 'int main(void){return 0;}' > p.c && gcc -o p p.c -lm && ./p && cp p $HOME/p && $HOME/p && cp p $TMPDIR/p && $TMPDIR/p",
	"bash -c 'exec 3<&0; cat <(echo x); read x <<< y; wait'",
	"cat /proc/$$/status /dev/stdin < /dev/null > /dev/null",
}

// impureProject is a project with all that the impurities need, beside a
// directory outside of it.
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
echo data > data; echo data > removable; echo 'int outside;' > outside.h; echo x > certificate.pem
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
ln -s $OUTSIDE/data first; ln -s first second
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

// dontWrite keeps Python, where it is root's, from writing into the store.
const dontWrite = "PYTHONDONTWRITEBYTECODE=1"

// findings runs a command of purity that reports, and returns what it found.
func (u user) findings(t *testing.T, dir string, args ...string) []report.Finding {
	t.Helper()
	file := filepath.Join(u.dir, "report-"+strings.ReplaceAll(t.Name(), "/", "-")+".json")
	args = append([]string{args[0], "--report", file, "--keep", "UNDECLARED", "--keep", "USER_HOME", "--keep", "CERTIFICATE", "--set", dontWrite}, args[1:]...)
	if out, err := u.command(t, dir, args...).CombinedOutput(); err != nil { // most commands fail
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

// Each impurity is found, audited and enforced, with its reason, and nothing
// beside it is.
func TestImpurities(t *testing.T) {
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
	port := func(l net.Listener) string { return fmt.Sprint(l.Addr().(*net.TCPAddr).Port) }
	words := strings.NewReplacer("@", outside, "$PORT", port(listener), "$FREE", port(free))
	if len(impurities) < 40 {
		t.Errorf("%d impurities", len(impurities))
	}
	for _, im := range impurities {
		for _, command := range []string{"exec", "audit"} {
			if command == "exec" && im.access == "connect" && im.name == "socket of a service" {
				continue // before Linux 7.1 it is not refused, which the test of the observer holds
			}
			t.Run(im.name+"/"+command, func(t *testing.T) {
				if strings.Contains(im.name, "32-bit") && !thirtyTwoBit(t) {
					t.Skip("this kernel runs no 32-bit programs")
				}
				args := []string{command, "--explain=files"}
				if im.flags != "" {
					args = append(args, strings.Fields(im.flags)...)
				}
				all := u.findings(t, dir, append(args, "--", "sh", "-c", words.Replace(im.command))...)
				want, found := words.Replace(im.path), false
				for _, f := range all {
					text := f.Why + " " + f.Hint
					switch {
					case strings.HasSuffix(f.Subject(), want) && f.Access == im.access:
						found = true
						if !strings.Contains(text, words.Replace(im.says)) {
							t.Errorf("it says %q, want %q", text, words.Replace(im.says))
						}
						if im.access == "execute" && f.Kind != "program" || f.By.Program == "" {
							t.Errorf("it is %+v", f)
						}
					case im.only != "" && regexp.MustCompile(words.Replace(im.only)).MatchString(f.Subject()):
					default:
						t.Errorf("also found: %s %s: %s", f.Access, f.Subject(), text)
					}
				}
				if !found {
					t.Errorf("%s %s is not found", im.access, want)
				}
			})
		}
	}
	for _, script := range pure {
		t.Run("pure", func(t *testing.T) {
			for _, command := range []string{"exec", "audit"} {
				for _, f := range u.findings(t, dir, command, "--explain=files", "--", "sh", "-c", words.Replace(script)) {
					t.Errorf("%s: %s: found %s %s, by %s", command, script, f.Access, f.Subject(), f.By.Program)
				}
			}
		})
	}
}
