package packages

import "testing"

// These are the results of builtins.parseDrvName.
func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"git":                                "git",
		"git-2.42.0":                         "git",
		"glibc-2.38-44":                      "glibc",
		"zlib-1.3-dev":                       "zlib",
		"bash-interactive-5.2-p26":           "bash-interactive",
		"perl5.38.2-XML-Parser-2.46":         "perl5.38.2-XML-Parser",
		"python3.11-requests-2.31.0":         "python3.11-requests",
		"python3-3.11.6-env":                 "python3",
		"gcc-wrapper-13.2.0":                 "gcc-wrapper",
		"nix-shell-env":                      "nix-shell-env",
		"font-awesome_4-4.7":                 "font-awesome_4",
		"7zz-23.01":                          "7zz",
		"x-_y":                               "x",
		"source":                             "source",
		"jq-1.7.drv":                         "jq",
		"-odd":                               "-odd",
		"end-":                               "end-",
		"libfoo-unstable-2023-01-01":         "libfoo-unstable",
		"perl5.38.2-Module-Build-Tiny-0.047": "perl5.38.2-Module-Build-Tiny",
	} {
		if got := Name(name); got != want {
			t.Errorf("Name(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAttribute(t *testing.T) {
	for name, want := range map[string]string{
		"git":                   "git",
		"glibc":                 "glibc",
		"bash-interactive":      "bashInteractive",
		"perl5.38.2-XML-Parser": "perlPackages.XMLParser",
		"python3.11-requests":   "python3Packages.requests",
		"python3.11-zope.event": `python3Packages."zope.event"`,
		"gcc-wrapper":           "gcc",
		"7zz":                   "_7zz",
		"x.y":                   `"x.y"`,
		"gtk+":                  `"gtk+"`,
		"make":                  "gnumake",
		"[":                     "",
		"a b":                   "",
		"a\"b":                  "",
		"${x}":                  "",
		"\x1b[31m":              "",
		"":                      "",
		".hidden":               "",
	} {
		if got := Attribute(name); got != want {
			t.Errorf("Attribute(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestOfProgram(t *testing.T) {
	for name, want := range map[string]string{
		"git": "git", "gcc": "gcc", "g++-12": "gcc", "gcc-12": "gcc", "cc": "gcc", "[": "coreutils", "php8.2": "php",
		"python3.11": "python3", "python": "python3", "perl5.36.0": "perl", "node": "nodejs", "sed": "gnused", "clang-15": "clang",
		"autoconf2.69": "autoconf", "aclocal-1.16": "automake", "tclsh8.6": "tclsh", "sqlite3": "sqlite", "bzip2": "bzip2", "x264": "x264",
		"7zz": "_7zz", "a\nb": "", "ldd": "glibc.bin", "md5sum": "coreutils", "lua5.4": "lua", "strace": "strace",
	} {
		if got := OfProgram(name); got != want {
			t.Errorf("OfProgram(%q) = %q, want %q", name, got, want)
		}
	}
}
