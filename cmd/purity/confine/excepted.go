package confine

import (
	"fmt"
	"os"
	"time"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// exceptionGrants grants the exceptions of purity.toml, if it is enforced. The
// kernel knows no programs, so an exception for one program alone does not count.
func (g *granting) exceptionGrants() ([]enforce.Grant, error) {
	var grants []enforce.Grant
	if !g.Enforced() {
		return nil, nil
	}
	for _, e := range g.Exceptions() {
		if e.Expired(time.Now()) {
			continue
		}
		if e.Only != "" {
			g.remark(fmt.Sprintf("the exception at %s is for %s alone, which the kernel cannot tell; it stays closed", e.Origin, e.Only))
			continue
		}
		more, err := g.exceptionGrant(e)
		if err != nil {
			return nil, fmt.Errorf("except %s (%s): %w", e.Path, e.Origin, err)
		}
		grants = append(grants, more...)
	}
	return grants, nil
}

// exceptionGrant grants the subject of one exception; a program with the files by which the
// kernel starts it.
func (g *granting) exceptionGrant(e config.Exception) ([]enforce.Grant, error) {
	access := e.Grants()
	paths, err := host.Here(e.Dir).Expand(e.Path)
	if _, port := e.Port(); port || access == 0 || err != nil { // or it is not here
		return nil, nil
	}
	var grants []enforce.Grant
	reason := "exception at " + e.Origin + ": " + e.Reason
	for _, named := range paths {
		path, err := g.follow(named)
		if err != nil {
			return nil, err
		}
		mine := access
		if trees.Writable(g.Nix, path) != nil {
			mine &^= enforce.Write
		}
		if mine == 0 {
			continue
		}
		grants = append(grants, enforce.Grant{Path: path, Access: mine, Reason: reason, Optional: true, Resolved: true, Named: named})
		if enforce.Passes("/", path, g.trees...) {
			continue // a command can have written this file, which would name files to grant
		}
		if info, err := os.Stat(path); mine&enforce.Execute != 0 && err == nil && info.Mode().IsRegular() {
			for _, row := range host.Dependencies(path) {
				row.Reason, row.Optional = reason+" ("+row.Reason+")", true
				grants = append(grants, row)
			}
		}
	}
	return grants, nil
}
