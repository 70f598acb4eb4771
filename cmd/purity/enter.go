package main

import (
	"context"
	"errors"

	"github.com/nix-purity/purity/cmd/purity/words"
)

// enter is all that comes after what is asked for is known. It returns only on
// an error, or when a command that had to be watched has ended.
func (p *plan) enter(ctx context.Context, command []string, said reporting, program launcher) error {
	if err := p.ready(); err != nil {
		return err
	}
	var to reports
	if !watchedByParent() {
		var err error
		if to, err = said.open(p.app, p.outside); err != nil {
			return err
		}
	}
	if err := p.resolve(ctx); err != nil {
		return err
	}
	p.warn()
	p.reporting, p.missing = said.wanted(), said.Absent
	p.wanted = p.mode() != "enforce" || p.failImpure || p.reporting || p.trace != nil
	if p.wanted && p.explains() == "off" {
		return words.Hint(errors.New("report what the command uses: it is not watched"), "leave --explain=off out")
	}
	if !p.watched() || watchedByParent() {
		return p.run(ctx, program)
	}
	o, err := p.watch()
	if err != nil {
		return err
	}
	if o.failed {
		return &endedError{o.status}
	}
	r := p.report(o, command)
	p.say(r)
	p.sayChanges(o.changes)
	err = to.write(r)
	switch {
	case err != nil && r.ExitCode == 0:
		return err
	case err != nil: // how the command failed says more
		p.app.fail(err)
	case p.failImpure && r.ExitCode == 0 && !r.Clean():
		return codeError(exitImpure)
	}
	return &endedError{o.status}
}
