// Package packages knows the package that a program or a file is of: what nixpkgs calls it,
// and what the indexes and the package managers of this machine say.
package packages

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Name is the name of a package in the name of a store path or derivation,
// without the version: the part before the first dash that no letter follows, as
// Nix's own parseDrvName has it.
func Name(name string) string {
	name = strings.TrimSuffix(name, ".drv")
	for i := 0; i+1 < len(name); i++ {
		if c := name[i+1] | 0x20; i > 0 && name[i] == '-' && (c < 'a' || c > 'z') {
			return name[:i]
		}
	}
	return name
}

// families are the sets that nixpkgs keeps the packages of a language in, and how
// the names of these begin.
var families = []struct {
	prefix  string // a regular expression
	set     string
	convert func(string) string
}{
	{`^python3(\.\d+)?-`, "python3Packages", same},
	{`^perl5(\.\d+)*-`, "perlPackages", func(s string) string { return strings.ReplaceAll(s, "-", "") }},
	{`^ruby\d(\.\d+)*-`, "rubyPackages", same},
	{`^lua\d(\.\d+)*-`, "luaPackages", same},
	{`^ocaml\d(\.\d+)*-`, "ocamlPackages", same},
}

func same(s string) string { return s }

// renamed are packages whose attribute is not their name.
var renamed = map[string]string{
	"gcc-wrapper": "gcc", "clang-wrapper": "clang", "binutils-wrapper": "binutils", "pkg-config-wrapper": "pkg-config",
	"bash-interactive": "bashInteractive", "glibc-locales": "glibcLocales", "nss-cacert": "cacert",
	"make": "gnumake", "sed": "gnused", "grep": "gnugrep", "tar": "gnutar", "patch": "gnupatch", "m4": "gnum4",
	"php-with-extensions": "php", "ncurses-full": "ncurses", "util-linux-minimal": "util-linux", "coreutils-full": "coreutils",
}

// Attribute is where nixpkgs has a package of a name, as it is written after
// pkgs; empty for a name that cannot be an attribute.
func Attribute(name string) string {
	if other, ok := renamed[name]; ok {
		return other
	}
	for _, f := range families {
		if loc := regexp.MustCompile(f.prefix).FindStringIndex(name); loc != nil {
			if inner := quoted(f.convert(name[loc[1]:])); inner != "" {
				return f.set + "." + inner
			}
			return ""
		}
	}
	if interpreter := versioned().FindStringSubmatch(name); interpreter != nil {
		return interpreter[1]
	}
	if name != "" && '0' <= name[0] && name[0] <= '9' { // _7zz
		name = "_" + name
	}
	return quoted(name)
}

// versioned are interpreters whose names have a version in them.
var versioned = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(python3|perl|ruby|lua|php|nodejs)[\d._]*$`)
})

var (
	identifier = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_'-]*$`)
	})
	storeName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9+._?=-]*$`)
	})
)

// quoted is a part of an attribute path, in quotes where Nix needs them.
func quoted(name string) string {
	switch {
	case identifier().MatchString(name):
		return name
	case storeName().MatchString(name):
		return `"` + name + `"`
	}
	return ""
}

// providers are packages by the programs that they have, where these are called
// otherwise.
var providers = []struct{ pkg, programs string }{
	{"gcc", "cc c++ g++ cpp gcc-ar gcc-nm gcc-ranlib gcov"},
	{"binutils", "ld ld.bfd ld.gold as ar nm objdump objcopy readelf strip ranlib addr2line strings size elfedit c++filt"},
	{"nodejs", "node npm npx corepack"},
	{"jdk", "java javac jar javadoc jshell keytool"},
	{"python3", "python pip pip3 pydoc pydoc3 idle"},
	{"perl", "cpan perldoc pod2man pod2text prove xsubpp"},
	{"ruby", "gem irb erb rake bundle bundler"},
	{"texliveBasic", "pdflatex xelatex lualatex latex tex pdftex bibtex"},
	{"gawk", "awk"},
	{"vim", "vi view vimdiff ex rvim"},
	{"gnumake", "make gmake"},
	{"gnused", "sed"},
	{"gnugrep", "grep egrep fgrep"},
	{"gnutar", "tar"},
	{"gnupatch", "patch"},
	{"gnum4", "m4"},
	{"findutils", "find xargs locate updatedb"},
	{"diffutils", "diff cmp diff3 sdiff"},
	{"gzip", "gunzip zcat zgrep zless zmore zdiff zcmp"},
	{"bzip2", "bunzip2 bzcat bzgrep bzless"},
	{"xz", "unxz xzcat lzma unlzma lzcat xzgrep"},
	{"zstd", "unzstd zstdcat zstdmt zstdgrep"},
	{"bash", "sh"},
	{"util-linux", "getopt mount umount lsblk flock setsid unshare nsenter script column hexdump rev look uuidgen losetup blkid fdisk mkfs mkswap dmesg ionice taskset chrt lscpu findmnt mountpoint more logger"},
	{"procps", "ps top free pgrep pkill pmap watch uptime vmstat w sysctl kill"},
	{"psmisc", "killall fuser pstree"},
	{"iproute2", "ip ss tc bridge"},
	{"iputils", "ping tracepath arping"},
	{"inetutils", "hostname ftp telnet whois dnsdomainname ifconfig"},
	{"dnsutils", "dig host nslookup nsupdate"},
	{"openssh", "ssh scp sftp ssh-keygen ssh-agent ssh-add sshd ssh-keyscan"},
	{"gnupg", "gpg gpg2 gpgv gpg-agent gpgconf"},
	{"glibc.bin", "ldd getconf locale localedef iconv getent ldconfig catchsegv"},
	{"automake", "aclocal"},
	{"autoconf", "autoreconf autoheader autom4te ifnames autoupdate autoscan"},
	{"libtool", "libtoolize"},
	{"gettext", "msgfmt xgettext msgmerge msginit envsubst ngettext autopoint msgcat"},
	{"rustc", "rustdoc"},
	{"go", "gofmt"},
	{"llvm", "llc opt llvm-ar llvm-config llvm-nm llvm-objdump"},
	{"clang", "clang++ clang-cpp"},
	{"imagemagick", "convert identify mogrify magick montage"},
	{"poppler_utils", "pdftotext pdfinfo pdftoppm pdfimages pdfunite pdfseparate"},
	{"libxml2", "xmllint xmlcatalog"},
	{"libxslt", "xsltproc"},
	{"openssl", "c_rehash"},
	{"sqlite", "sqlite3"},
	{"postgresql", "psql pg_dump pg_config createdb initdb pg_ctl"},
	{"graphviz", "dot neato fdp"},
	{"coreutils", "[ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut date dd df dir dircolors " +
		"dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod " +
		"mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum " +
		"sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true " +
		"truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes"},
}

// providerOf is the package that has a program, by its name.
var providerOf = sync.OnceValue(func() map[string]string {
	of := map[string]string{}
	for _, p := range providers {
		for program := range strings.FieldsSeq(p.programs) {
			of[program] = p.pkg
		}
	}
	return of
})

// programVersion is the version that a distribution puts after the name of a program that it
// has in several versions: gcc-12, python3.11, autoconf2.69.
var programVersion = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(.*[A-Za-z+])-?\d+(\.\d+)*$`)
})

// Unversioned is the name of a program without the version that a distribution puts after it.
func Unversioned(name string) (plain string, ok bool) {
	m := programVersion().FindStringSubmatch(name)
	if m == nil {
		return name, false
	}
	return m[1], true
}

// OfProgram is the likely attribute of the package that has a program;
// empty if none is.
func OfProgram(name string) string {
	if pkg, ok := providerOf()[name]; ok {
		return pkg
	}
	if attr := Attribute(name); identifier().MatchString(attr) && attr != name {
		return attr
	}
	if plain, ok := Unversioned(name); ok {
		if pkg, ok := providerOf()[plain]; ok {
			return pkg
		}
		if slices.Contains(interpreters, plain) || strings.ContainsAny(name, "-.") {
			return Attribute(plain)
		}
	}
	return Attribute(name)
}

// interpreters and compilers are called by versions of all kinds.
var interpreters = []string{"gcc", "clang", "perl", "ruby", "lua", "php", "tclsh", "guile"}
