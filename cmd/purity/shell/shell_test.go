package shell

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decides has programs in /usr run as they are.
func decides(path string, known bool) bool { return !known || !strings.HasPrefix(path, "/usr/") }

func TestConfine(t *testing.T) {
	t.Setenv("HOME", "/home/u")
	t.Setenv("PWD", "/p")
	for _, c := range []struct{ language, line, want string }{
		{"bash", `make test`, `make test`},
		{"bash", `./configure --prefix=/x ./y`, `P ./configure --prefix=/x ./y`},
		{"bash", `  ./configure`, `  P ./configure`},
		{"bash", `/usr/bin/gcc x.c`, `/usr/bin/gcc x.c`},
		{"bash", `bin/a | bin/b && bin/c || bin/d; bin/e & bin/f`, `P bin/a | P bin/b && P bin/c || P bin/d; P bin/e & P bin/f`},
		{"bash", `A=1 B="x y" ./t`, `A=1 B="x y" P ./t`},
		{"bash", `A=./t`, `A=./t`},
		{"bash", `>./out 2>&1 ./t <./in`, `>./out 2>&1 P ./t <./in`},
		{"bash", `(./a; { ./b; })`, `(P ./a; { P ./b; })`},
		{"bash", "cat <<E\n./a\n$(./b)\nE", "cat <<E\n./a\n$(P ./b)\nE"},
		{"bash", "cat <<'E'\n./a\n$(./b)\nE", "cat <<'E'\n./a\n$(./b)\nE"},
		{"bash", `echo "$(./a)" '$(./b)' ` + "`./c`", `echo "$(P ./a)" '$(./b)' ` + "`P ./c`"},
		{"bash", `if ./a; then ./b; else ./c; fi`, `if P ./a; then P ./b; else P ./c; fi`},
		{"bash", `for i in ./a; do ./b; done`, `for i in ./a; do P ./b; done`},
		{"bash", `time ./a; ! ./b`, `time P ./a; ! P ./b`},
		{"bash", `exec -a x ./a; exec -cla x -- ./b; exec ./c`, `exec -a x P ./a; exec -cla x -- P ./b; exec P ./c`},
		{"bash", `command ./a; command -- ./b; command -v ./c; command -pV ./d; command exec ./e`, `command P ./a; command -- P ./b; command -v ./c; command -pV ./d; command exec P ./e`},
		{"bash", `nohup ./a; builtin ./b; command -p ./c`, `nohup ./a; builtin ./b; command -p ./c`},
		{"bash", `coproc ./a; coproc x { ./b; }; time -p ./c`, `coproc P ./a; coproc x { P ./b; }; time -p P ./c`},
		{"bash", `f() { ./a; }`, `f() { P ./a; }`},
		{"bash", `'./a b' "./c d" ./e\ f`, `P './a b' "./c d" ./e\ f`},
		{"bash", `"./c \"d"`, `P "./c \"d"`},
		{"bash", `./e\ f`, `P ./e\ f`},
		{"bash", `~/a; $HOME/b; "$PWD/c"; ~other/d`, `P ~/a; P $HOME/b; P "$PWD/c"; P ~other/d`},
		{"bash", `$x/a; ${HOME#/}/b; ./*; $x; $(./a)/b`, `P $x/a; P ${HOME#/}/b; P ./*; $x; P $(P ./a)/b`},
		{"bash", `cd x && ./a; /b`, `cd x && P ./a; P /b`},
		{"bash", `nopurity ./a`, `nopurity ./a`},
		{"bash", `echo !! # ./a`, `echo !! # ./a`},
		{"bash", "./a\\\n ./b", "P ./a\\\n ./b"},
		{"fish", `./a; and bin/b | bin/c &`, `P ./a; and P bin/b | P bin/c &`},
		{"fish", `X=1 ./a ./b`, `X=1 P ./a ./b`},
		{"fish", `echo (./a) "$(./b)" '(./c)' # ./d`, `echo (P ./a) "$(P ./b)" '(./c)' # ./d`},
		{"fish", `if not ./a; ./b > ./c 2> ./d; else if ./e; end`, `if not P ./a; P ./b > ./c 2> ./d; else if P ./e; end`},
		{"fish", `command -q ./a; './b c'; ./d\ e; ~/f`, `command -q ./a; P './b c'; P ./d\ e; P ~/f`},
		{"fish", `command ./a; exec ./b; nohup ./c; builtin -q ./d; time ./e`, `command P ./a; exec P ./b; nohup ./c; builtin -q ./d; time P ./e`},
		{"fish", `$x/a; {./b,c}; ./*; cd y; ./z`, `P $x/a; P {./b,c}; P ./*; cd y; P ./z`},
		{"fish", `for i in ./a; ./b $i[1 2]; end`, `for i in ./a; P ./b $i[1 2]; end`},
		{"fish", `./a &> ./b; ./c &| ./d`, `P ./a &> ./b; P ./c &| P ./d`},
	} {
		got, err := Confine(c.language, c.line, "P", decides)
		if err != nil || got != c.want {
			t.Errorf("%s %q:\n got %q, %v\nwant %q", c.language, c.line, got, err, c.want)
		}
	}
}

// A line that cannot be read differs from one that goes on in the next.
func TestConfineNot(t *testing.T) {
	for _, c := range []struct{ language, line, want string }{
		{"bash", `./a )`, "column"}, {"bash", `fi`, "column"}, {"fish", `./a )`, "column"},
		{"bash", `echo "./a`, "goes on"},
		{"bash", `for i in a; do`, "goes on"},
		{"bash", `cat <<E`, "goes on"},
		{"bash", "cat <<E\nx", "goes on"},
		{"bash", "cat <<'E'\n$(./a)", "goes on"},
		{"bash", `./a |`, "goes on"},
		{"bash", `./a &&`, "goes on"},
		{"bash", `f()`, "goes on"},
		{"bash", `./a \`, "goes on"},
		{"bash", `echo $(./a`, "goes on"},
		{"bash", `if ./a; then`, "goes on"},
		{"bash", `a=(./a`, "goes on"},
		{"bash", `case x in`, "goes on"},
		{"fish", `echo "./a`, "goes on"},
		{"fish", `echo (./a`, "goes on"},
		{"fish", `./a \`, "goes on"},
	} {
		if got, err := Confine(c.language, c.line, "P", decides); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %q, %v", c.language, c.line, got, err)
		}
	}
	for _, line := range []string{`./a \\`, `# ./a \`, `./a # \`} { // no backslash that a line goes on after
		if _, err := Confine("bash", line, "P", decides); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// The value of a word is known if that takes no shell.
func TestKnown(t *testing.T) {
	t.Setenv("HOME", "/home/u")
	t.Setenv("PWD", "/p")
	const unknown = "?"
	for _, c := range []struct{ language, word, want string }{
		{"bash", `'./a b'`, "./a b"}, {"bash", `./e\ f`, "./e f"}, {"bash", `"./c \"d"`, `./c "d`},
		{"bash", `~/a`, "/home/u/a"}, {"bash", `$HOME/b`, "/home/u/b"}, {"bash", `"$PWD/c"`, "/p/c"},
		{"bash", `~other/d`, unknown}, {"bash", `${HOME#/}/b`, unknown}, {"bash", `./*`, unknown}, {"bash", `$(x)/b`, unknown},
		{"zsh", `'./a b'`, "./a b"}, {"zsh", `~/a`, "/home/u/a"}, {"zsh", `$HOME:h/b`, unknown}, {"zsh", `./a^b`, unknown},
		{"fish", `./a\ b`, "./a b"}, {"fish", `'./a b'`, "./a b"}, {"fish", `~/a`, "/home/u/a"}, {"fish", `$x/a`, unknown}, {"fish", `{./a,b}`, unknown},
	} {
		got := "none"
		decides := func(path string, known bool) bool {
			if got = path; !known {
				got = unknown
			}
			return true
		}
		if c.language == "zsh" {
			Named(c.word, decides)
		} else if _, err := Confine(c.language, c.word, "P", decides); err != nil {
			t.Error(err)
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.language, c.word, got, c.want)
		}
	}
}

// Of a line of zsh all words count that can come to name a program.
func TestNamed(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{`make test`, nil},
		{`/usr/bin/gcc ./x.c >/usr/x`, []string{`./x.c`}},
		{`./a x; (bin/b)|bin/c&&{ ./d }`, []string{`./a`, `./d`, `bin/b`, `bin/c`}},
		{"repeat 2 ./a; coproc `./b`; for x (y z) ./c", []string{`./a`, `./b`, `./c`}},
		{`'./a b' "./c" ./d\ e ~/f $x/g ./h*`, []string{`"./c"`, `$x/g`, `'./a b'`, `./a`, `./c`, `./d\ e`, `./h*`, `~/f`}},
		{`$(npm bin)/x "$(echo a)/y" ${z:-/w}/v`, []string{`"$(echo a)/y"`, `$(echo a)/y`, `$(npm bin)/x`, `${z:-/w}/v`, `z:-/w`}},
		{`eval './a; ./b'`, []string{`'./a; ./b'`, `./a`, `./b`}},
		{"done\nE\n./a\\\nb it's # ./c", []string{`./ab`, `./c`}},
		{`./a '`, []string{`./a`}}, {`./a \`, []string{`./a`}}, {`$(./a`, []string{`$(./a`, `./a`}}, {`${/`, []string{`${/`, `/`}},
	} {
		if diff := cmp.Diff(c.want, Named(c.line, decides)); diff != "" {
			t.Errorf("%s: %s", c.line, diff)
		}
	}
}

// Whatever is typed, nothing of it is lost.
func FuzzConfine(f *testing.F) {
	f.Add("bash", `A=1 ./a "$(b/c)" <<E && cd /`)
	f.Add("zsh", `./a(.)`)
	f.Add("fish", `./a (b/c "$(d)" ) 2>&1`)
	f.Fuzz(func(t *testing.T, language, line string) {
		all := func(string, bool) bool { return true }
		for _, word := range Named(line, all) {
			if !strings.Contains(strings.ReplaceAll(line, "\\\n", ""), word) {
				t.Errorf("%q has no word %q", line, word)
			}
		}
		got, err := Confine(language, line, "\x00", all)
		if err == nil && strings.ReplaceAll(got, "\x00 ", "") != strings.ReplaceAll(line, "\x00 ", "") {
			t.Errorf("%q became %q", line, got)
		}
	})
}

// Quoted text is one word of a real shell, whatever is in it.
func TestQuote(t *testing.T) {
	for _, word := range []string{"", "plain/path-1.2", "a b", "it's", `"$x" \ \\ \'`, "$(touch x)", "`touch x`", "-n", "~", "#a", "a\nb", "\xff\xfe", "!!", "*", "=ls", "^x"} {
		for name, program := range map[string][]string{
			"sh":   {"sh", "-c", "printf %s " + Quote(word)},
			"bash": {"bash", "-c", "printf %s " + Quote(word)},
			"call": {"bash", "-c", "f() { printf %s \"$1\"; }\n" + Call("bash", "f", word)},
		} {
			out, err := exec.Command(program[0], program[1:]...).Output()
			if err != nil || string(out) != word {
				t.Errorf("%s: %q became %q, %v", name, word, out, err)
			}
		}
	}
}
