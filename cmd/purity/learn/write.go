package learn

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Policy are settings that let a run be, beyond what said and those of the file
// do, with what is to be noted of each element.
func (n Needs) Policy(said config.Settings, network config.Network) (s config.Settings, note func(key, element string) string) {
	s = said
	notes := map[string]string{}
	for _, need := range n.all {
		switch {
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
			key, ok := config.KeyOf(need.access)
			if !ok {
				continue
			}
			key.Add(&s, path)
			notes[key.Key+"\x00"+path] = comment(need.what)
		}
	}
	return s, func(key, element string) string { return notes[key+"\x00"+element] }
}

// Exceptions writes an exception for each need, whose reasons are left to people.
// What a program needs to be started comes with it.
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
