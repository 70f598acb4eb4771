package manual

import (
	"embed"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed text
var texts embed.FS

// Manual is all pages and topics.
type Manual struct {
	app    *kong.Application
	groups []Group
}

// New is the manual of a command line.
func New(app *kong.Application, groups ...Group) Manual { return Manual{app, groups} }

// Page is a page, or a part of one.
type Page struct {
	Name    string
	Section int // of the system's manual
	blocks  []block
}

// Entry is something that there is help for.
type Entry struct{ Name, Help string }

// The topics that are sections of purity(1) and of purity.toml(5), in this order.
var (
	commandTopics  = []string{"policy", "sources", "cache", "explain", "exit-codes", "environment", "files", "shims", "hooks", "direnv", "devenv", "flake", "checks", "reports", "security", "examples"}
	settingsTopics = []string{"keys", "levels", "view", "presets", "baseline"}
)

const (
	commandPage  = "purity"
	settingsPage = "purity.toml"
)

// Pages are purity(1) and purity.toml(5).
func (m Manual) Pages() []Page { return []Page{m.commandPage(), m.settingsPage()} }

func (m Manual) commandPage() Page {
	_, summary, body := source("description")
	blocks := section("name", block{kind: paragraph, text: plain(commandPage + " - " + summary)})
	blocks = append(blocks, section("synopsis")...)
	for _, n := range m.leaves() {
		blocks = append(blocks, block{kind: line, text: usage(n)})
	}
	blocks = append(append(blocks, section("description")...), body...)
	blocks = append(blocks, section("commands")...)
	for _, n := range m.leaves() {
		blocks = append(blocks, block{kind: subheading, text: plain(commandPage + " " + n.Path())})
		blocks = append(append(blocks, about(n)...), flags(m.own(n))...)
	}
	blocks = append(append(blocks, section("options")...), m.shared()...)
	blocks = append(blocks, topics(commandTopics)...)
	blocks = append(blocks, section("see also", block{kind: paragraph, text: marked("`purity.toml`(5), `nix`(1), `landlock`(7), `direnv`(1)")})...)
	return Page{Name: commandPage, Section: 1, blocks: blocks}
}

func (m Manual) settingsPage() Page {
	_, summary, body := source("settings")
	blocks := section("name", block{kind: paragraph, text: plain(settingsPage + " - " + summary)})
	blocks = append(append(blocks, section("description")...), body...)
	blocks = append(blocks, topics(settingsTopics)...)
	blocks = append(blocks, section("see also", block{kind: paragraph, text: marked("`purity`(1)")})...)
	return Page{Name: settingsPage, Section: 5, blocks: blocks}
}

// Help is the page of a command or topic, or both where they have one name.
func (m Manual) Help(name string) (page Page, ok bool) {
	switch name {
	case commandPage:
		return m.commandPage(), true
	case settingsPage:
		return m.settingsPage(), true
	}
	if n := m.find(name); n != nil && n != m.app.Node {
		page.blocks = m.commandHelp(n)
	}
	if slices.Contains(slices.Concat(commandTopics, settingsTopics), name) {
		page.blocks = append(page.blocks, topics([]string{name})...)
	}
	return page, page.blocks != nil
}

// commandHelp is all of one command.
func (m Manual) commandHelp(n *kong.Node) []block {
	blocks := section("synopsis")
	for _, leaf := range append(n.Leaves(true), n) {
		if leaf.Leaf() {
			blocks = append(blocks, block{kind: line, text: usage(leaf)})
		}
	}
	blocks = append(append(blocks, section("description")...), about(n)...)
	for _, child := range n.Children {
		blocks = append(blocks, block{kind: item, term: typed(n.Path() + " " + child.Name), text: marked(child.Help)})
	}
	blocks = append(append(blocks, section("options")...), flags(m.own(n))...)
	for _, g := range m.groups {
		if these := m.of(n, g); len(these) > 0 {
			blocks = append(append(blocks, block{kind: subheading, text: plain(g.Title)}), flags(these)...)
		}
	}
	return append(append(blocks, block{kind: subheading, text: plain("Every command")}), flags(m.app.Flags)...)
}

// Commands are those that there is help for.
func (m Manual) Commands() []Entry {
	var entries []Entry
	for _, n := range m.leaves() {
		entries = append(entries, Entry{n.Path(), n.Help})
	}
	return entries
}

// Topics are the subjects of help besides commands.
func (m Manual) Topics() []Entry {
	var entries []Entry
	for _, name := range slices.Concat(commandTopics, settingsTopics) {
		_, summary, _ := source(name)
		entries = append(entries, Entry{name, summary})
	}
	return append(entries, Entry{settingsPage, "all of the file: purity.toml(5)"}, Entry{commandPage, "all of the command: purity(1)"})
}

// Index lists the subjects of help.
func (m Manual) Index() Page {
	table := func(entries []Entry) []block {
		var rows []block
		for _, e := range entries {
			rows = append(rows, block{kind: row, term: typed(e.Name), text: plain(e.Help)})
		}
		return rows
	}
	blocks := append(section("commands"), table(m.Commands())...)
	blocks = append(append(blocks, section("topics")...), table(m.Topics())...)
	return Page{blocks: blocks}
}

func section(title string, blocks ...block) []block {
	return append([]block{{kind: heading, text: plain(title)}}, blocks...)
}

// topics are the sections of that name.
func topics(names []string) []block {
	var blocks []block
	for _, name := range names {
		title, _, body := source(name)
		blocks = append(append(blocks, section(title)...), body...)
	}
	return blocks
}

// source reads a text: its first line has the title and the summary.
func source(name string) (title, summary string, body []block) {
	data, err := texts.ReadFile("text/" + name + ".txt")
	if err != nil {
		panic(err) // a test reads all of them
	}
	head, rest, _ := strings.Cut(string(data), "\n")
	title, summary, _ = strings.Cut(head, ": ")
	for _, b := range parse(rest) {
		name, ok := strings.CutPrefix(b.text.String(), "{")
		if part := parts[strings.TrimSuffix(name, "}")]; ok && part != nil {
			body = append(body, part()...)
		} else {
			body = append(body, b)
		}
	}
	return title, summary, body
}
