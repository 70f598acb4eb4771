package learn

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// TOML is a purity.toml with the settings in said and those that a run needed besides, of
// which of is the report. Beyond is the file whose settings the run had already, empty for
// none.
func (n Needs) TOML(of report.Report, beyond string, said config.Settings, network config.Network) ([]byte, error) {
	settings, note := n.Policy(said, network)
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What this needed that %s does not declare: %s\n", screen.Printable(of.Environment), screen.Printable(shell.Join(of.Command...)))
	if beyond != "" {
		fmt.Fprintf(&b, "# In addition to %s: to its lists, and in place of its other keys.\n", screen.Printable(beyond))
	}
	if len(n.all)+len(n.Secrets)+len(n.Other)+len(n.Calls) == 0 {
		b.WriteString("# Nothing.\n")
	}
	err := settings.WriteTOML(&b, note)
	return b.Bytes(), err
}

// Policy are settings under which a run passes, beyond those of flags and of the file,
// with a note for each element.
func (n Needs) Policy(said config.Settings, network config.Network) (s config.Settings, note func(key, element string) string) {
	s = said
	notes := map[string]string{}
	for _, need := range n.all {
		switch {
		case need.setting == anyPort:
			if !slices.Contains(network.Bind, 0) {
				network.Bind = append(slices.Clone(network.Bind), 0)
			}
			network.UDP = network.UDP || need.udp
			s.Network = &network
		case need.setting != "":
			add(&s, need.setting)
		case need.port != 0:
			list := &network.Connect
			if need.access == "listen" {
				list = &network.Bind
			}
			if !slices.Contains(*list, need.port) { // else it was open by another protocol
				*list = append(slices.Clone(*list), need.port)
			}
			network.UDP = network.UDP || need.udp
			s.Network = &network
		default:
			path := host.Literal(need.path)
			key, ok := config.KeyFor(need.access, need.path)
			if !ok {
				continue
			}
			key.Add(&s, path)
			notes[key.Key+"\x00"+path] = comment(need.what)
		}
	}
	return s, func(key, element string) string { return notes[key+"\x00"+element] }
}

// add adds a line of purity.toml to settings.
func add(s *config.Settings, line string) {
	file, err := config.Parse("", []byte(line))
	if err != nil {
		return // ours are right
	}
	for _, name := range file.Settings.Presets {
		if !slices.Contains(s.Presets, name) {
			s.Presets = append(slices.Clone(s.Presets), name)
		}
	}
	for _, name := range file.Settings.Capabilities {
		if !slices.Contains(s.Capabilities, name) {
			s.Capabilities = append(slices.Clone(s.Capabilities), name)
		}
	}
	if file.Settings.View != "" {
		s.View = file.Settings.View
	}
	if file.Settings.UserNamespaces != nil {
		s.UserNamespaces = file.Settings.UserNamespaces
	}
}

// Exceptions writes an exception for each need, whose reasons are left to people.
// The loader and libraries of a program come with it.
func (n Needs) Exceptions(w io.Writer) (count int, err error) {
	with := map[string]bool{}
	for _, need := range n.all {
		for _, file := range need.files {
			if need.access != "execute" {
				break
			}
			for _, g := range host.Dependencies(file) {
				with[enforce.Real(g.Path)] = true
			}
		}
	}
	var b strings.Builder
	for _, need := range n.all {
		path := host.Literal(need.path)
		switch {
		case need.setting != "": // no path that an exception could name
			continue
		case need.port != 0:
			path = fmt.Sprintf("*:%d", need.port)
		case !slices.ContainsFunc(need.files, func(file string) bool { return !with[file] }):
			continue
		}
		count++
		fmt.Fprintf(&b, "\n[[exception]]\npath = %s\naccess = %s\nreason = \"\"  # %s\n", config.Quote(path), config.Quote(need.access), comment(need.why))
	}
	_, err = io.WriteString(w, b.String())
	return count, err
}
