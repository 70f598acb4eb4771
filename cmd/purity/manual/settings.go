package manual

import (
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/host"
)

// parts are the blocks that texts put in by {name}.
var parts = map[string]func() []block{
	"keys":       func() []block { return keys(config.SettingKeys()) },
	"exceptions": func() []block { return keys(config.ExceptionKeys()) },
	"levels":     levels,
	"presets":    presets,
	"variables":  variables,
}

// keys are those of purity.toml, each with an example.
func keys(all []config.Key) []block {
	var blocks []block
	for _, k := range all {
		b := block{kind: item, term: text{{bold, k.Name}, {roman, " = " + k.Example}}, text: plain(k.Help)}
		switch {
		case k.Variable != "":
			b.text = append(b.text, marked(" As a flag `"+k.Flag+"`, as a variable `"+k.Variable+"`.")...)
		case k.Flag != "":
			b.text = append(b.text, marked(" As a flag `"+k.Flag+"`.")...)
		case len(k.Words) > 0:
			b.text = append(b.text, plain(" One of "+strings.Join(k.Words, ", ")+".")...)
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func levels() []block {
	var rows []block
	for _, l := range host.Levels {
		rows = append(rows, block{kind: row, term: typed(l.Name), text: plain(l.Summary)})
	}
	return rows
}

func presets() []block {
	var rows []block
	for _, p := range host.Presets {
		rows = append(rows, block{kind: row, term: typed(p.Name), text: plain(p.Opens)})
	}
	return rows
}

// variables are those of keys of purity.toml.
func variables() []block {
	var names []string
	for _, k := range config.SettingKeys() {
		if k.Variable != "" {
			names = append(names, "`"+k.Variable+"`")
		}
	}
	return []block{{kind: paragraph, text: marked(and(names) + ".")}}
}
