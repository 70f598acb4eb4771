package complete

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// grammar has one of everything.
type grammar struct {
	Quiet bool `short:"q" help:"Say less."`

	Run struct {
		Ref    string   `short:"r" placeholder:"REF"`
		Level  string   `enum:"low,high," default:"" placeholder:"low|high"`
		Names  []string `placeholder:"NAME"`
		Paths  []string `sep:"none" placeholder:"PATH|none"`
		Fast   *bool    `negatable:"" xor:"speed"`
		Slow   bool     `xor:"speed"`
		Secret bool     `hidden:""`
		N      int      `placeholder:"N"`

		Command []string `arg:"" passthrough:"" name:"command"`
	} `cmd:"" help:"Run."`
	Show struct {
		Old string   `arg:"" type:"path"`
		Ref []string `arg:"" name:"ref" placeholder:"REF|NAME"`
	} `cmd:""`
	Sub struct {
		One struct{} `cmd:""`
		Two struct{} `cmd:"" hidden:""`
	} `cmd:""`
}

func words(list ...string) Source {
	return func(*Line) []Candidate {
		var all []Candidate
		for _, w := range list {
			all = append(all, Candidate{Value: w})
		}
		return all
	}
}

func TestAnswer(t *testing.T) {
	parser, err := kong.New(&grammar{})
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]Source{"REF": words(".#a", ".#b"), "NAME": words("n1", "n2"), "COMMAND": words("make", "cc")}
	for line, want := range map[string]string{
		"":                          "run show sub; none",
		"x":                         "run show sub; none",
		"sub ":                      "one; none",
		"-":                         "--help --quiet; none",
		"run -":                     "--ref --level --names --paths --fast --no-fast --slow --n --help --quiet; none",
		"run -q --ref x --slow -":   "--level --names --paths --n --help; none",
		"run --no-fast --names a -": "--ref --level --names --paths --n --help --quiet; none",
		"run --level ":              "low high; none",
		"run --level=":              "--level=|low high; none",
		"run --ref ":                ".#a .#b; none",
		"run -r ":                   ".#a .#b; none",
		"run -qr ":                  ".#a .#b; none",
		"run -rx ":                  "make cc; none",
		"run --ref d":               "; directories",
		"run --ref d#":              "; none",
		"run --names n1,":           "n1,|n2; none",
		"run --names=n1,":           "--names=n1,|n2; none",
		"run --paths ":              "none; none",
		"run --paths /":             "none; files",
		"run --n ":                  "; none",
		"run --unknown ":            "make cc; none",
		"run m":                     "make cc; none",
		"run x":                     "; files",
		"run make ":                 "; files",
		"run make --ref ":           "; files",
		"run -- ":                   "make cc; none",
		"run -- -":                  "; files",
		"run -- make -":             "; files",
		"show ":                     "; files",
		"show a ":                   ".#a .#b; none",
		"show a n":                  "n1 n2; none",
		"show a x y z":              "; directories",
		"quiet ":                    "run show sub; none",
	} {
		answer := Read(parser.Model, strings.Split(line, " ")).Answer(sources)
		var got []string
		for _, c := range answer.Candidates {
			got = append(got, c.Value)
		}
		text := strings.Join(got, " ") + "; " + string(answer.Paths)
		if answer.Prefix != "" {
			text = answer.Prefix + "|" + text
		}
		if diff := cmp.Diff(want, text); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}
