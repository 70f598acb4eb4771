package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// prefix marks what is known by an angle, and what is not by a question mark.
func prefix(path string, known bool) string {
	switch {
	case !known:
		return "?"
	case strings.HasPrefix(path, "/usr/"):
		return ""
	}
	return "<" + path + ">"
}

func TestConfine(t *testing.T) {
	t.Setenv("HOME", "/home/u")
	t.Setenv("PWD", "/p")
	for _, c := range []struct{ language, line, want string }{
		{"bash", `make test`, `make test`},
		{"bash", `./configure --prefix=/x ./y`, `<./configure> ./configure --prefix=/x ./y`},
		{"bash", `  ./configure`, `  <./configure> ./configure`},
		{"bash", `/usr/bin/gcc x.c`, `/usr/bin/gcc x.c`},
		{"bash", `bin/a | bin/b && bin/c || bin/d; bin/e & bin/f`, `<bin/a> bin/a | <bin/b> bin/b && <bin/c> bin/c || <bin/d> bin/d; <bin/e> bin/e & <bin/f> bin/f`},
		{"bash", `A=1 B="x y" ./t`, `A=1 B="x y" <./t> ./t`},
		{"bash", `A=./t`, `A=./t`},
		{"bash", `>./out 2>&1 ./t <./in`, `>./out 2>&1 <./t> ./t <./in`},
		{"bash", `(./a; { ./b; })`, `(<./a> ./a; { <./b> ./b; })`},
		{"bash", "cat <<E\n./a\n$(./b)\nE", "cat <<E\n./a\n$(<./b> ./b)\nE"},
		{"bash", "cat <<'E'\n./a\n$(./b)\nE", "cat <<'E'\n./a\n$(./b)\nE"},
		{"bash", `echo "$(./a)" '$(./b)' ` + "`./c`", `echo "$(<./a> ./a)" '$(./b)' ` + "`<./c> ./c`"},
		{"bash", `if ./a; then ./b; else ./c; fi`, `if <./a> ./a; then <./b> ./b; else <./c> ./c; fi`},
		{"bash", `for i in ./a; do ./b; done`, `for i in ./a; do <./b> ./b; done`},
		{"bash", `time ./a; ! ./b`, `time <./a> ./a; ! <./b> ./b`},
		{"bash", `exec -a x ./a; command -p ./b; nohup ./c`, `exec -a x <./a> ./a; command -p <./b> ./b; nohup <./c> ./c`},
		{"bash", `f() { ./a; }`, `f() { <./a> ./a; }`},
		{"bash", `'./a b' "./c d" ./e\ f`, `<./a b> './a b' "./c d" ./e\ f`},
		{"bash", `"./c \"d"`, `<./c "d> "./c \"d"`},
		{"bash", `./e\ f`, `<./e f> ./e\ f`},
		{"bash", `~/a; $HOME/b; "$PWD/c"; ~other/d`, `</home/u/a> ~/a; </home/u/b> $HOME/b; </p/c> "$PWD/c"; ? ~other/d`},
		{"bash", `$x/a; ${HOME#/}/b; ./*; $x; $(./a)/b`, `? $x/a; ? ${HOME#/}/b; ? ./*; $x; ? $(<./a> ./a)/b`},
		{"bash", `cd x && ./a; /b`, `cd x && ? ./a; </b> /b`},
		{"bash", `nopurity ./a`, `nopurity ./a`},
		{"bash", `echo !! # ./a`, `echo !! # ./a`},
		{"bash", "./a\\\n ./b", "<./a> ./a\\\n ./b"},
		{"zsh", `./a **/*(.) && bin/b`, `<./a> ./a **/*(.) && <bin/b> bin/b`},
		{"zsh", `noglob ./a; $HOME:h/b`, `noglob <./a> ./a; ? $HOME:h/b`},
		{"fish", `./a; and bin/b | bin/c &`, `<./a> ./a; and <bin/b> bin/b | <bin/c> bin/c &`},
		{"fish", `X=1 ./a ./b`, `X=1 <./a> ./a ./b`},
		{"fish", `echo (./a) "$(./b)" '(./c)' # ./d`, `echo (<./a> ./a) "$(<./b> ./b)" '(./c)' # ./d`},
		{"fish", `if not ./a; ./b > ./c 2> ./d; else if ./e; end`, `if not <./a> ./a; <./b> ./b > ./c 2> ./d; else if <./e> ./e; end`},
		{"fish", `command -q ./a; './b c'; ./d\ e; ~/f`, `command -q <./a> ./a; <./b c> './b c'; <./d e> ./d\ e; </home/u/f> ~/f`},
		{"fish", `$x/a; {./b,c}; ./*; cd y; ./z`, `? $x/a; ? {./b,c}; ? ./*; cd y; ? ./z`},
		{"fish", `for i in ./a; ./b $i[1 2]; end`, `for i in ./a; <./b> ./b $i[1 2]; end`},
		{"fish", `./a &> ./b; ./c &| ./d`, `<./a> ./a &> ./b; <./c> ./c &| <./d> ./d`},
	} {
		got, err := Confine(c.language, c.line, prefix)
		if err != nil || got != c.want {
			t.Errorf("%s %q:\n got %q, %v\nwant %q", c.language, c.line, got, err, c.want)
		}
	}
	for _, c := range []struct{ language, line, want string }{
		{"bash", `echo "./a`, "goes on"}, {"bash", `for i in a; do`, "goes on"}, {"bash", `./a )`, "column"},
		{"fish", `echo "./a`, "goes on"}, {"fish", `echo (./a`, "goes on"}, {"fish", `./a )`, "column"}, {"fish", `./a \`, "goes on"},
	} {
		if got, err := Confine(c.language, c.line, prefix); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %q, %v", c.language, c.line, got, err)
		}
	}
}

// Whatever is typed, nothing of it is lost.
func FuzzConfine(f *testing.F) {
	f.Add("bash", `A=1 ./a "$(b/c)" <<E && cd /`)
	f.Add("zsh", `./a(.)`)
	f.Add("fish", `./a (b/c "$(d)" ) 2>&1`)
	f.Fuzz(func(t *testing.T, language, line string) {
		got, err := Confine(language, line, func(string, bool) string { return "\x00" })
		if err == nil && strings.ReplaceAll(got, "\x00 ", "") != strings.ReplaceAll(line, "\x00 ", "") {
			t.Errorf("%q became %q", line, got)
		}
	})
}

// What is quoted is one word of a real shell, whatever is in it.
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
