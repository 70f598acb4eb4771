package main

import (
	"os"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/inspect"
)

// ready makes sure, before any evaluation, that the settings may be applied
// and the kernel upholds them, and warns of what it does not.
func (p *plan) ready() error {
	if err := p.app.trusted(p.file, p.flags, p.project); err != nil {
		return err
	}
	if p.mode() != "enforce" {
		return nil // nothing is
	}
	k := enforce.Probe()
	frame := p.frame()
	frame.Apart = p.viewWanted() == "true"
	gaps, err := frame.Gaps(k)
	if err != nil {
		return err
	}
	if k.Err != nil {
		p.app.log.Warn().Msg("NOT CONFINED: " + k.Err.Error())
		return nil
	}
	for _, gap := range gaps {
		if gap.Fatal {
			p.app.log.Warn().Msg("best effort: this kernel " + gap.String())
		}
	}
	return nil
}

// modeOrigin is who says which mode it is.
func (p *plan) modeOrigin() string {
	if p.flags.Mode == "" && p.file != nil {
		return p.file.Line("mode", -1)
	}
	return "--mode"
}

// warn says what undermines the confinement that is about to be. To walk
// through the project takes a while, so that is done when Nix was asked, too.
func (p *plan) warn() {
	if watchedByParent() {
		return // which has said it
	}
	if p.mode() != "enforce" {
		p.app.log.Warn().Msgf("NOT CONFINED: mode %s (%s), in which nothing is refused", p.mode(), p.modeOrigin())
	}
	for _, odd := range enforce.OddDescriptors() {
		p.app.log.Warn().Msg(odd + ", which leads past the confinement")
	}
	if p.evaluated {
		for _, hazard := range inspect.Hazards(p.project.dir) {
			p.app.log.Warn().Msg(hazard.String())
		}
	} else {
		for _, at := range inspect.Mounts(p.project.dir) {
			p.app.log.Warn().Msg(at + ": a mount, which makes what is mounted a part of the project")
		}
	}
	const override = "dac_override"
	bit, _ := enforce.Capability(override)
	if os.Geteuid() == 0 && p.frame().Capabilities&bit == 0 && !inspect.Mine(p.project.dir) {
		p.app.log.Warn().Str("hint", "run as its owner, or --capabilities "+override+",chown,fowner").
			Msg(p.project.dir + " belongs to another user, and root without its capabilities may not write it")
	}
}
