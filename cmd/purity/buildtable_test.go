package main

// realBuild is a project in fixtures/projects/builds, with a script called run.
type realBuild struct {
	name     string
	packages string // of its dev shell, besides those of stdenv
	impure   string // a command that works on this machine by files outside the dev shell
}

// realBuilds are the projects by kind: compilers first, then languages, databases,
// tools and behaviour of processes.
var realBuilds = []realBuild{
	{"c-make", "", "make -s CC=/usr/bin/gcc"},
	{"c-parallel", "", "make -s -j2 -O CC=/usr/bin/gcc"},
	{"c-cmake", "cmake ninja-build", "cmake -S . -B out -DCMAKE_C_COMPILER=/usr/bin/gcc"},
	{"c-meson", "python3 ninja-build zlib pkg-config", "CC=/usr/bin/gcc meson setup out"},
	{"c-pkgconfig", "pkg-config zlib", "cc -I/usr/include -fsyntax-only -include stdio.h hello.c"},
	{"c-ccache", "ccache", "CCACHE_DIR=$PWD/cache ccache /usr/bin/gcc -c hello.c"},
	{"c-sanitize", "", "/usr/bin/gcc -fsanitize=address -o good good.c"},
	{"c-tmpfile", "", "cp /bin/true /tmp/purity-t$$; /tmp/purity-t$$; r=$?; rm /tmp/purity-t$$; exit $r"},
	{"c-sysv", "util-linux", "/usr/bin/ipcs"},
	{"c-posix-ipc", "", "cp /bin/true /dev/shm/purity-t$$; /dev/shm/purity-t$$; r=$?; rm /dev/shm/purity-t$$; exit $r"},
	{"cxx", "", "echo '#include </usr/include/stdio.h>' | g++ -x c++ -fsyntax-only -"},
	{"clang", "clang", "clang -B/usr/bin -fuse-ld=/usr/bin/ld -o hello hello.c"},
	{"bison-flex", "bison flex", "flex -o x.c calc.l && /usr/bin/gcc -fsyntax-only -include /usr/include/stdio.h -x c /dev/null"},
	{"gettext", "gettext", "TEXTDOMAINDIR=/usr/share/locale; cat /usr/include/libintl.h"},
	{"protobuf", "protobuf-compiler", "protoc --plugin=/usr/bin/gcc --version; head -c 4 /usr/bin/gcc"},
	{"go", "go", "GOTOOLCHAIN=local go version && /usr/bin/env /usr/bin/git --version"},
	{"go-cgo", "go", "mkdir x; printf 'package main\\n\\nimport \"C\"\\n\\nfunc main() {}\\n' > x/main.go; CC=/usr/bin/gcc CGO_ENABLED=1 go run x/main.go"},
	{"go-proxy", "go git", "GOPROXY=direct /usr/bin/git --version"},
	{"rust", "rust", "echo 'fn main() {}' > x.rs && rustc -C linker=/usr/bin/gcc x.rs"},
	{"python-pip", "python3", "ls /usr/lib/python3"},
	{"python-venv", "python3", "python3 -c 'import subprocess; subprocess.run([\"/usr/bin/gcc\", \"--version\"], check=True)'"},
	{"python-multiprocessing", "python3", "python3 -c 'import multiprocessing as m; m.Pool(1).map(open, [\"/usr/include/stdio.h\"])' || head -c 1 /usr/include/stdio.h"},
	{"python-pytest", "python3", "python3 -c 'import os; os.listdir(\"/usr/lib/python3\")'"},
	{"python-extension", "python3", "CC=/usr/bin/gcc; $CC -shared -o x.so -x c /dev/null"},
	{"node", "nodejs", "node -e 'require(\"fs\").readFileSync(\"/usr/include/stdio.h\")'"},
	{"node-addon", "nodejs", "/usr/bin/gcc -shared -o x.node -x c /dev/null"},
	{"node-npm", "nodejs", "npm_config_script_shell=/usr/bin/bash npm run --silent build; npm_config_script_shell=/usr/bin/bash npm exec --offline -c true"},
	{"node-vite", "nodejs", "node -e 'import(\"/usr/share/nodejs/npm/package.json\").catch(() => require(\"fs\").readFileSync(\"/usr/include/stdio.h\"))'"},
	{"node-vitest", "nodejs", "node -e 'require(\"child_process\").execFileSync(\"/usr/bin/true\")'"},
	{"java", "java", "echo 'class X { public static void main(String[] a) throws Exception { System.exit(new ProcessBuilder(\"/usr/bin/gcc\", \"--version\").start().waitFor()); } }' > X.java; java X.java"},
	{"java-maven", "java", "mvn -o -q validate; cat /usr/bin/gcc >/dev/null"},
	{"java-ant", "java", "echo '<project><exec executable=\"/usr/bin/gcc\" failonerror=\"true\"><arg value=\"--version\"/></exec></project>' > x.xml; ant -q -f x.xml"},
	{"perl", "perl", "perl -e 'opendir(D, \"/usr/share/perl5\") or die; system(\"/usr/bin/perl\", \"-v\") == 0 or die'"},
	{"ruby", "ruby", "ruby -e 'system(\"/usr/bin/gcc --version\", exception: true)'"},
	{"lua", "lua5.4", "lua5.4 -e 'assert(io.open(\"/usr/include/stdio.h\"))'"},
	{"php", "php", "php -r 'exit(file_get_contents(\"/usr/include/stdio.h\") ? 0 : 1);'"},
	{"tcl", "tcl8.6 tzdata", "echo 'open /usr/include/stdio.h' | tclsh"},
	{"postgres", "postgresql tzdata", "ls /usr/share/postgresql /usr/lib"},
	{"redis", "redis", "cat /usr/include/stdio.h"},
	{"sqlite", "sqlite3", "sqlite3 :memory: '.read /usr/include/stdio.h' 2>/dev/null; sqlite3 :memory: \"create table t(x);\" '.import /usr/include/stdio.h t' 2>/dev/null"},
	{"git", "git", "git -c alias.x='!/usr/bin/true' x"},
	{"tmux", "tmux ncurses", "tmux -V; /usr/bin/tail --version"},
	{"gdb", "gdb", "gdb -batch -nx -ex 'file /usr/bin/true' 2>&1 | grep -q 'No such\\|ermission' && exit 1; true"},
	{"strace", "strace", "strace -o log /usr/bin/true"},
	{"valgrind", "valgrind", "cp /usr/bin/true .; valgrind -q /usr/bin/true"},
	{"tar", "", "/usr/bin/tar cf x.tar run"},
	{"tls", "openssl python3", "cat /usr/bin/openssl >/dev/null"},
	{"locale", "locales tzdata", "/usr/bin/locale -a"},
	{"groff", "groff", "echo .so /usr/include/stdio.h | groff -U -Tascii && cat /usr/include/stdio.h"},
	{"asciidoctor", "ruby", "ruby -e 'File.read(\"/usr/include/stdio.h\")'"},
	{"shell", "", "/usr/bin/head -1 run"},
	{"flock", "util-linux", "flock lock /usr/bin/true"},
	{"self", "util-linux bsdutils python3", "/usr/bin/nice true"},
	{"gnupg", "gnupg", "cat /usr/share/doc/* >/dev/null 2>&1; /usr/bin/sha256sum run"},
	{"archives", "zip unzip rsync bc", "rsync /usr/include/stdio.h copy"},
	{"http", "python3 curl", "curl -s file:///usr/include/stdio.h"},
	{"terminal", "util-linux bsdutils python3 procps ncurses", "script -qec /usr/bin/true /dev/null </dev/null"},
}

// atLevelNix are the builds with another result at level nix with Landlock alone, each with the
// reason.
var atLevelNix = map[string]string{
	"c-sysv":                 "System V memory is closed",
	"c-posix-ipc":            "/dev/shm is closed",
	"c-tmpfile":              "/tmp is closed, and only TMPDIR is there",
	"c-parallel":             "GNU make 4.3 -O wants /tmp",
	"python-pip":             "Python's distro ends where /etc/os-release is there and closed",
	"tmux":                   "tmux wants a UTF-8 locale, and those of the machine are closed",
	"python-multiprocessing": "semaphores are in /dev/shm",
	"git":                    "git ends where /etc/gitconfig is there and closed",
	"node":                   openssl,
	"node-addon":             openssl,
	"node-npm":               openssl,
	"node-vite":              openssl,
	"node-vitest":            openssl,
	"gnupg":                  noSockets,
	"redis":                  noSockets,
	"postgres":               noSockets,
	"locale":                 "the user database is closed",
	"self":                   "the number of a process is another one for each, which no filter knows",
	"terminal":               "new terminals are closed",
	"go":                     goCache,
	"go-cgo":                 goCache,
	"go-proxy":               "there is no network",
	"java":                   "there is no network, and no loopback",
	"php":                    "there is no network, and no loopback",
	"gettext":                "translations want a UTF-8 locale, and those of the machine are closed",
	"tcl":                    "Tcl has the time zones of the machine, which are closed",
	"lua":                    "/tmp is closed, and io.tmpfile knows no other",
	"tls":                    "there is no network, and no loopback",
	"http":                   "there is no network, and no loopback",
}

// atLevelNixInView are those with another result at level nix in a view. They end so in Nix's
// own sandbox, too.
var atLevelNixInView = map[string]string{
	"go":          goCache,
	"go-cgo":      goCache,
	"go-proxy":    goCache,
	"node-npm":    npmNetwork,
	"node-vite":   npmNetwork,
	"node-vitest": npmNetwork,
	"gettext":     noLocales,
	"locale":      noLocales,
	"tmux":        noLocales,
	"php":         noZones,
	"postgres":    noZones,
	"tcl":         noZones,
}

const (
	noLocales = "there are no locales of the machine"
	noZones   = "there are no time zones of the machine"
)

const npmNetwork = "there is no network, from which npm takes packages"

const goCache = "Go has its cache of builds in HOME, which is not there"

const noSockets = "there are no sockets, which its programs speak by"

const openssl = "OpenSSL ends where /etc/ssl/openssl.cnf is there and closed"

// notByRoot are the builds that do little as root, with the same result at any level.
var notByRoot = map[string]bool{"postgres": true}

// toldToRoot are the builds with the same result although audit and learn report denials
// to root.
var toldToRoot = map[string]string{
	"node-vite":   "npm gives files to whom they belong in an archive, and goes on without",
	"node-vitest": "npm gives files to whom they belong in an archive, and goes on without",
}

// withoutView are the builds with another result at level dev with Landlock alone, each with
// the reason. In a view they have the same.
var withoutView = map[string]string{
	"self": "the number of a process is another one for each, which no filter knows",
}
