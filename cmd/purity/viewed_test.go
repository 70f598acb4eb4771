package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// viewed reports whether the scripts run again, with a view: PURITY_TEST_VIEW=1.
func viewed() bool { return os.Getenv("PURITY_TEST_VIEW") != "" }

// refusal returns a program's message about a file that is out of reach.
func refusal() string {
	if viewed() {
		return "No such file or directory"
	}
	return "Permission denied"
}

// difference is a line of a script and its replacement in a view. An empty replacement drops
// the line.
type difference struct{ file, line, view, reason string }

// differences returns the list of testdata/view.txt:
//
//	# the reason for those that follow
//	once/confine.txtar
//	- the line
//	+ the lines in its place, any number of lines
//
// The line "all of it" leaves out a script. A file * stands for all; then the text after the
// - is any part of the expectation of an output, and that after the + a pattern. Recordings of
// sessions are files, too, and so are the names of tests in Go: left out, or with the names
// of cases that end otherwise.
func differences(t *testing.T) (all []difference) {
	t.Helper()
	data, err := os.ReadFile("testdata/view.txt")
	if err != nil {
		t.Fatal(err)
	}
	reason, file, fresh := "", "", true
	for n, text := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		word, rest, _ := strings.Cut(text, " ")
		switch {
		case text == "":
		case word == "#" && !fresh:
			reason += " " + rest
		case word == "#":
			reason, fresh = rest, false
		case word == "-" && file != "" && reason != "":
			all = append(all, difference{file, rest, "", reason})
		case word == "+" && len(all) > 0:
			all[len(all)-1].view += rest + "\n"
		case strings.HasSuffix(text, ".txtar"), strings.HasPrefix(text, "sessions/"), strings.HasPrefix(text, "Test"), text == "*":
			file = text
		default:
			t.Fatalf("testdata/view.txt:%d: what is this?", n+1)
		}
		if word != "#" {
			fresh = true
		}
	}
	return all
}

// leaveOut skips a test without findings in a view.
func leaveOut(t *testing.T) {
	t.Helper()
	if !viewed() {
		return
	}
	for _, d := range differences(t) {
		if d.file == t.Name() {
			t.Skip(d.reason)
		}
	}
	t.Errorf("testdata/view.txt does not have %s", t.Name())
}

// ending returns the end of a case's output, in a view the listed one if there is one.
func ending(t *testing.T, name, want string) string {
	t.Helper()
	if viewed() {
		for _, d := range differences(t) {
			if d.file == strings.Replace(t.Name(), "TestSlow", "Test", 1) && d.line == name {
				return d.view
			}
		}
	}
	return want
}

// ofTests is the warning of PURITY_VIEW, which the tests set for a dev shell, too.
var ofTests = regexp.MustCompile(`(?m)^.*PURITY_VIEW can come from the dev shell.*\n`)

// alike returns a recording as it is with a view, with one word in place of each of its
// alternatives.
func alike(t *testing.T, file, text string) string {
	for _, d := range differences(t) {
		switch d.file {
		case "*":
			text = regexp.MustCompile(strings.TrimSuffix(d.view, "\n")).ReplaceAllString(text, d.line)
		case file:
			text = strings.ReplaceAll("\n"+text, "\n"+d.line+"\n", "\n"+d.view)[1:]
		}
	}
	return ofTests.ReplaceAllString(text, "")
}

// expecting matches the lines of a script about the output of a command.
var expecting = regexp.MustCompile(`(?m)^(stdout|stderr) .*$`)

// differently makes a directory of scripts as they are with a view.
func differently(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	scripts, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	all := differences(t)
	skipped := map[string]bool{}
	for _, d := range all {
		if d.line == "all of it" {
			skipped[d.file] = true
		}
	}
	for _, script := range scripts {
		if skipped[filepath.Base(dir)+"/"+filepath.Base(script)] {
			continue
		}
		data, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		text := "\n" + string(data)
		for _, d := range all {
			if d.file == "*" {
				text = expecting.ReplaceAllStringFunc(text, func(line string) string {
					return strings.ReplaceAll(line, d.line, strings.TrimSuffix(d.view, "\n"))
				})
				continue
			}
			if d.file != filepath.Base(dir)+"/"+filepath.Base(script) {
				continue
			}
			if !strings.Contains(text, "\n"+d.line+"\n") {
				t.Errorf("%s has no line %q: take it out of testdata/view.txt", d.file, d.line)
			}
			text = strings.ReplaceAll(text, "\n"+d.line+"\n", "\n"+d.view)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(script)), []byte(text[1:]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
