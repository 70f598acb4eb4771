package host

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/enforce"
)

// gitEntry is a line of git's configuration: section.key, or section.sub.key, and its value.
type gitEntry struct{ section, sub, key, value string }

// gitFiles reads files of git's configuration with those that they include
// (git-config(1), CONFIGURATION FILE).
type gitFiles struct {
	paths  Paths
	gitDir string // of the project, for includeIf
	read   []string
	all    []gitEntry
}

// How much is read of the user's configuration.
const (
	largestGitFile = 1 << 20
	maxGitFiles    = 50
)

// add reads a file. One that cannot be read, or that commands may write, is left out.
func (g *gitFiles) add(file string) {
	if len(g.read) == maxGitFiles || slices.Contains(g.read, file) || enforce.Passes("/", file, g.paths.Writable...) {
		return
	}
	data, err := hostile.ReadFile(file, largestGitFile)
	if err != nil {
		return
	}
	g.read = append(g.read, file)
	for _, e := range parseGit(string(data)) {
		switch {
		case e.key != "path":
			g.all = append(g.all, e)
		case e.section == "include", e.section == "includeif" && g.holds(e.sub, file):
			g.add(g.from(e.value, file))
		}
	}
}

// from is a path as a file of git's configuration has it.
func (g *gitFiles) from(path, file string) string {
	switch {
	case path == "~" || strings.HasPrefix(path, "~/"):
		return filepath.Join(g.paths.Home, path[1:])
	case filepath.IsAbs(path):
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// holds reports whether a condition of an include holds. Of conditions purity knows those
// of git's directory.
func (g *gitFiles) holds(condition, file string) bool {
	pattern, fold := strings.CutPrefix(condition, "gitdir/i:")
	if !fold {
		var ok bool
		if pattern, ok = strings.CutPrefix(condition, "gitdir:"); !ok {
			return false
		}
	}
	switch {
	case strings.HasPrefix(pattern, "~/"), strings.HasPrefix(pattern, "./"):
		slash := strings.HasSuffix(pattern, "/")
		if pattern = g.from(pattern, file); slash {
			pattern += "/"
		}
	case !strings.HasPrefix(pattern, "/"):
		pattern = "**/" + pattern
	}
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	dir := g.gitDir
	if fold {
		pattern, dir = strings.ToLower(pattern), strings.ToLower(dir)
	}
	matched, err := doublestar.Match(pattern, dir)
	return err == nil && matched && dir != ""
}

// GitValues returns the values of a key in one file of git's configuration: of worktree in
// [core], or of path in each [submodule "NAME"].
func GitValues(file, section, key string) (values []string) {
	data, err := hostile.ReadFile(file, largestGitFile)
	if err != nil {
		return nil
	}
	for _, e := range parseGit(string(data)) {
		if e.section == section && e.key == key && (e.sub == "" || section != "core") {
			values = append(values, e.value)
		}
	}
	return values
}

// parseGit reads the text of a file of git's configuration, up to a fault.
func parseGit(text string) []gitEntry {
	p := gitParser{text: text}
	for p.skipBlank(); p.at < len(p.text); p.skipBlank() {
		ok := false
		if p.text[p.at] == '[' {
			ok = p.header()
		} else {
			ok = p.entry()
		}
		if !ok {
			break
		}
	}
	return p.entries
}

type gitParser struct {
	text         string
	at           int
	section, sub string
	entries      []gitEntry
}

// skipBlank goes to the next thing that is no comment.
func (p *gitParser) skipBlank() {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			p.at++
		case c == '#' || c == ';':
			p.take(func(c byte) bool { return c != '\n' })
		default:
			return
		}
	}
}

func (p *gitParser) take(while func(c byte) bool) string {
	from := p.at
	for p.at < len(p.text) && while(p.text[p.at]) {
		p.at++
	}
	return p.text[from:p.at]
}

// header reads [section], [section.sub] or [section "sub"].
func (p *gitParser) header() bool {
	p.at++
	name := p.take(func(c byte) bool { return c != ']' && c != '"' && c != '\n' })
	p.section, p.sub, _ = strings.Cut(strings.ToLower(strings.TrimSpace(name)), ".")
	if p.at < len(p.text) && p.text[p.at] == '"' {
		var sub strings.Builder
		for p.at++; p.at < len(p.text) && p.text[p.at] != '"'; p.at++ {
			if p.text[p.at] == '\\' && p.at+1 < len(p.text) {
				p.at++
			}
			sub.WriteByte(p.text[p.at])
		}
		p.at++
		p.sub = sub.String()
	}
	if p.at >= len(p.text) || p.text[p.at] != ']' {
		return false
	}
	p.at++
	return true
}

// entry reads key = value, or key alone, which is true.
func (p *gitParser) entry() bool {
	key := p.take(func(c byte) bool {
		return c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	})
	p.take(func(c byte) bool { return c == ' ' || c == '\t' })
	e := gitEntry{p.section, p.sub, strings.ToLower(key), "true"}
	if p.at < len(p.text) && p.text[p.at] == '=' {
		p.at++
		e.value = p.value()
	}
	p.entries = append(p.entries, e)
	return key != ""
}

// value reads a value, to the end of its line.
func (p *gitParser) value() string {
	var b strings.Builder
	quoted, end := false, 0 // blanks at the end do not count
	p.take(func(c byte) bool { return c == ' ' || c == '\t' })
	for ; p.at < len(p.text) && p.text[p.at] != '\n'; p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			quoted = !quoted
			end = b.Len()
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			switch c := p.text[p.at]; c {
			case '\n':
				continue
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'b':
				b.WriteByte('\b')
			default:
				b.WriteByte(c)
			}
			end = b.Len()
		case !quoted && (c == '#' || c == ';'):
			p.take(func(c byte) bool { return c != '\n' })
			return b.String()[:end]
		case c == '\r' && strings.HasPrefix(p.text[p.at:], "\r\n"):
		default:
			b.WriteByte(c)
			if quoted || c != ' ' && c != '\t' {
				end = b.Len()
			}
		}
	}
	return b.String()[:end]
}
