package main

// impurity is a command that uses one thing that is not declared.
type impurity struct {
	name    string
	command string // for sh, in the project
	path    string // the used file; @ is the directory outside
	access  string
	says    string // in the reason or the remedy
	flags   string // of purity
	of      string // the command of purity that finds it; empty for both
	// only is a pattern of other findings of the same cause.
	only string
	// unseen is the reason why exec does not find it in a view, empty if it does.
	unseen string
}

// hostLibc matches the libraries of a program of the host. Landlock alone grants them for
// the host's /bin/sh; a view does not.
const hostLibc = `^(/etc/ld\.so\.cache|/lib/x86_64-linux-gnu/libc\.so\.6|/lib64/ld-linux-x86-64\.so\.2)$`

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
	{name: "prebuilt program", command: "./prebuilt", path: "@/ld.so", access: "execute", says: "built for another system than Nix", only: hostLibc},
	{name: "program of the home", command: "$USER_HOME/.cargo/bin/tool", path: "home/.cargo/bin/tool", access: "execute", says: "Cargo's"},
	{name: "program of the home by PATH", command: "PATH=$USER_HOME/.local/bin:$PATH; export PATH; other", path: "home/.local/bin/other", access: "execute", says: "in your home directory"},
	{name: "store path outside", command: "$UNDECLARED/bin/git --version", path: "/bin/git", access: "execute", says: "packages = [ pkgs.git ];", only: "-git/"},
	{name: "file of a store path outside", command: "cat $UNDECLARED/bin/git > /dev/null", path: "/bin/git", access: "read", says: "store path of git"},
	{name: "header by name", command: "gcc -E -include /usr/include/elf.h -x c /dev/null > /dev/null", path: "/usr/include/elf.h", access: "read", only: "^/usr/include"},
	{name: "header by -I", command: "gcc -E -I@ -include outside.h -x c /dev/null > /dev/null", path: "@/outside.h", access: "read", says: "its arguments -I @"},
	{name: "header by CPATH", command: "CPATH=@ gcc -E -include outside.h -x c /dev/null > /dev/null", path: "@/outside.h", access: "read", says: "its variable CPATH"},
	{name: "library by dlopen", command: `python3 -c 'import ctypes; ctypes.CDLL("@/libm.so.6")'`, path: "@/libm.so.6", access: "read"},
	{name: "library by LD_LIBRARY_PATH", command: "LD_LIBRARY_PATH=@ jq --version", path: "@/libm.so.6", access: "read", says: "its variable LD_LIBRARY_PATH"},
	{name: "library by RPATH", command: "./rpath", path: "@/liboutside.so", access: "read", only: hostLibc},
	{name: "library by -L", command: "gcc -o library main.c -L@ -l:liboutside.a", path: "@/liboutside.a", access: "read", says: "its argument -L@"},
	{name: "library by LD_PRELOAD", command: "LD_PRELOAD=@/libm.so.6 jq --version", path: "@/libm.so.6", access: "read", says: "its variable LD_PRELOAD"},
	{name: "pkg-config", command: "PKG_CONFIG_PATH=@ pkg-config --cflags outside", path: "@/outside.pc", access: "read", says: "its variable PKG_CONFIG_PATH", only: "^(@|/usr/(lib|lib/x86_64-linux-gnu|share)/pkgconfig)$"},
	{name: "python import", command: "PYTHONPATH=@ python3 -B -c 'import outside'", path: "@", access: "read", only: "^@"},
	{name: "perl module", command: "PERL5LIB=@ perl -MOutside -e 1", path: "@/Outside.pm", access: "read", says: "its variable PERL5LIB"},
	{name: "make include", command: "make -f include.mk", path: "@/rules.mk", access: "read", only: "^@$"},
	{name: "file of /etc", command: "cat /etc/issue.net", path: "/etc/issue.net", access: "read", says: "host data of base-files"},
	{name: "redirection", command: "read x < /etc/issue.net", path: "/etc/issue.net", access: "read"},
	{name: "sourced script", command: ". /etc/profile", path: "/etc/profile", access: "read", only: "^/etc/(bash|profile)"},
	{name: "locale", command: "cat /usr/share/i18n/SUPPORTED > /dev/null", path: "/usr/share/i18n/SUPPORTED", access: "read"},
	{name: "certificate", command: "cat $CERTIFICATE", path: "@/certificate.pem", access: "read"},
	{name: "relative path", command: "cat ../outside/data", path: "@/data", access: "read"},
	{name: "after cd", command: "cd @ && cat data", path: "@/data", access: "read"},
	{name: "through a directory's descriptor", command: `python3 -c 'import os; os.open("data", os.O_RDONLY, dir_fd=os.open("@", os.O_PATH))'`, path: "@/data", access: "read"},
	{name: "openat2", command: `python3 -c 'import ctypes; ctypes.CDLL(None).syscall(437, -100, b"@/data", ctypes.create_string_buffer(24), 24)'`, path: "@/data", access: "read"},
	{name: "openat2 with a root", command: `python3 -c 'import ctypes, os, struct; ctypes.CDLL(None).syscall(437, os.open("@", os.O_PATH), b"/data", struct.pack("QQQ", 0, 0, 16), 24)'`, path: "@/data", access: "read"},
	{name: "up after a link", command: "cat into/../data", path: "project/into/../data", access: "read"},
	{name: "up from /proc", command: "cat /proc/self/cwd/../outside/data", path: "/proc/self/cwd/../outside/data", access: "read"},
	{name: "a descriptor of its own", command: `python3 -c 'import os; fd = os.open("@/data", os.O_PATH); open(f"/dev/fd/{fd}")'`, path: "/dev/fd/3", access: "read"},
	{name: "standard input anew", command: "cat /dev/stdin", path: "/dev/stdin", access: "read"},
	{name: "file by a 32-bit program", command: "./opens32 @/data", path: "@/data", access: "read"},
	{name: "chain of scripts", command: "./script1", path: "/usr/bin/perl", access: "execute", says: "named by the first line of"},
	{name: "chain of links", command: "cat second", path: "project/second", access: "read"},
	{name: "threads", command: `python3 -c 'import threading; t = [threading.Thread(target=lambda: open("@/data")) for _ in range(4)]; [x.start() for x in t]; [x.join() for x in t]' 2> /dev/null`, path: "@/data", access: "read"},
	{name: "raw system calls of a Go program", command: "./gobinary @/data", path: "@/data", access: "read"},
	{name: "directory", command: "ls @", path: "@", access: "read"},
	{name: "write", command: "echo x > @/data", path: "@/data", access: "write", says: "outside the project"},
	{name: "create", command: "echo x > @/new", path: "@/new", access: "write"},
	{name: "mkdir", command: "mkdir @/made", path: "@/made", access: "write"},
	{name: "remove", command: "rm -f @/removable", path: "@/removable", access: "write"},
	{name: "move out", command: "touch moved; mv -T moved @/moved", path: "@/moved", access: "write"},
	{name: "move into a directory", command: "touch carried; mv -f carried @/sub || rm carried", path: "@/sub/carried", access: "write", only: "^@/sub$"},
	{name: "move onto a file", command: "touch onto; mv -f onto @/onto || rm onto", path: "@/onto", access: "write"},
	{name: "move in", command: "mv @/movable .", path: "@/movable", access: "write"},
	{name: "exchange", command: `touch exchanged; python3 -c 'import ctypes; ctypes.CDLL(None).syscall(316, -100, b"exchanged", -100, b"@/exchanged", 2)'`, path: "@/exchanged", access: "write"},
	{name: "link out", command: "ln -s x @/link", path: "@/link", access: "write"},
	{name: "hard link out", command: "ln main.c @/hard", path: "@/hard", access: "write"},
	{name: "hard link in", command: "rm -f hard; ln @/data hard", path: "@/data", access: "write"},
	{name: "through a link to nothing", command: "echo x > dangling", path: "project/dangling", access: "write"},
	{name: "a setting of its own", flags: "--view=false", command: "sh -c 'echo 0 > /proc/self/oom_score_adj'; echo 0 > /proc/self/oom_score_adj", path: "/proc/self/oom_score_adj", access: "write"},
	{name: "truncate", command: `python3 -c 'import os; os.truncate("@/data", 0)'`, path: "@/data", access: "write"},
	{name: "named pipe", command: "mkfifo @/pipe", path: "@/pipe", access: "write"},
	{name: "port", command: `python3 -c 'import socket; socket.create_connection(("127.0.0.1", $PORT))'`, path: "127.0.0.1:$PORT", access: "connect", says: "--network connect=1,connect=$PORT", flags: "--network connect=1"},
	{name: "port to listen at", command: `python3 -c 'import socket; socket.create_server(("127.0.0.1", $FREE))'`, path: "127.0.0.1:$FREE", access: "listen", says: "--network connect=1,bind=$FREE", flags: "--network connect=1"},
	{name: "any port to listen at", command: `python3 -c 'import socket; socket.create_server(("127.0.0.1", 0))'`, path: "127.0.0.1:0", access: "listen", flags: "--network connect=1"},
	{name: "datagram", command: `python3 -c 'import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", $PORT))'`, path: "127.0.0.1:$PORT", access: "connect", flags: "--network connect=1", of: "audit"},
	{name: "datagram by sendmsg", command: `python3 -c 'import socket; socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("127.0.0.1", $PORT))'`, path: "127.0.0.1:$PORT", access: "connect", flags: "--network connect=1", of: "audit"},
	{name: "socket for datagrams", command: `python3 -c 'import socket; socket.socket(type=socket.SOCK_DGRAM)'`, path: "inet", access: "connect", flags: "--network connect=1", of: "exec"},
	{name: "socket without a network", command: `python3 -c 'import socket; socket.socket(socket.AF_INET6)'`, path: "inet", access: "connect", flags: "--network false", of: "exec"},
	{name: "socket in Nix's sandbox", command: `python3 -c 'import socket; socket.socket()'`, path: "inet", access: "connect", flags: "--level nix --view=false", of: "exec", only: "/locale|/localtime"},
	{name: "UNIX socket where there is none", command: `python3 -c 'import socket; socket.socket(socket.AF_UNIX)'`, path: "unix", access: "connect", flags: "--sockets none", of: "exec"},
	{name: "abstract socket", command: `python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("\0$ABSTRACT")'`, path: "@$ABSTRACT", access: "connect"},
	{name: "socket of a service", command: `python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("@/socket")'`, path: "@/socket", access: "connect", says: "sockets = "},
}

// pure are similar commands that use no undeclared file.
var pure = []string{
	"make -s clean greet && ./greet",
	"./script0", // its interpreters are too many to ask any policy
	"test -e /etc/issue.net; test -x /usr/bin/git; ls -d /usr/bin /etc; stat @/data > /dev/null",
	"cat /no/such/file /etc/nonexistent @/nonexistent 2> /dev/null; rm -f @/nonexistent; mkdir -p /tmp /etc",
	"command -v git || command -v jq; nosuchprogram 2> /dev/null",
	"python3 -c 'import os, socket, tempfile, threading, json, ssl, ctypes; tempfile.TemporaryFile(); os.getlogin if 0 else 0'",
	"perl -e 'use strict; use POSIX; print 1' && pkg-config --version",
	"cat greet.c /etc/hosts /etc/resolv.conf /etc/passwd /proc/self/status > /dev/null; head -c 1 /dev/urandom > /dev/null",
	"mkdir -p a/b && touch a/b/c && mv a/b/c a/d && ln -s a/d e && cat e && rm -r a e",
	"echo 'int main(void){return 0;}' > p.c && gcc -o p p.c -lm && ./p && cp p $HOME/p && $HOME/p && cp p $TMPDIR/p && $TMPDIR/p",
	"bash -c 'exec 3<&0; cat <(echo x); read x <<< y; wait'",
	"cat /proc/$$/status /dev/stdin < /dev/null > /dev/null",
	"mkdir -p sub && cd sub && touch x y z && mv x .. && mv y $TMPDIR && mv z $HOME",
	"cat @/backlink/../greet.c; cat /proc/self/cwd/greet.c; cat /dev/stdin < greet.c",
	"exec > log; echo x > /dev/stdout; ln -sf /proc/self/exe self; head -c 1 self; cat log 3< log /dev/fd/3",
	": > @; echo x > @/data/; cat @/data/; cat @/locked; ln @/nonexistent x; mv @/nonexistent x; rmdir @/data; mv @/data/ x",
	`python3 -c '
import os
for flags in os.O_CREAT|os.O_EXCL|os.O_WRONLY, os.O_DIRECTORY, 3, os.O_CREAT|os.O_DIRECTORY, os.O_PATH, os.O_NOFOLLOW:
    try: os.open("@/data" if flags != os.O_NOFOLLOW else "first", flags)
    except OSError: pass
'`,
	`python3 -c '
import socket, threading
s = socket.socket(socket.AF_UNIX); s.bind("\0purity-own"); s.listen(); c = socket.socket(socket.AF_UNIX); c.connect("\0purity-own")
a, b = socket.socketpair(); a.sendmsg([b"x"])
try: socket.socket(socket.AF_UNIX).connect("\0purity-nobody")
except OSError: pass
'`,
}
