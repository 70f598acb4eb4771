package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
)

// hookWord is the hidden argument by which purity runs a shellHook, confined, and
// says what it leaves behind. After it comes a [shim.Set].
const hookWord = "run-shell-hook"

// hookPatience is how long a shellHook may take: one that fetches packages takes minutes,
// and who waits at a prompt can end it. Without an end of its own there are no shims, and
// the next prompt does not try again. maxSaid is how much of what it says is shown then.
const (
	hookPatience = 10 * time.Minute
	maxSaid      = 4 << 10
)

// runHook runs the shellHook of the environment as the programs of set would run,
// in the project. What the hook prints is for the user to see, unless the shell
// that asks for it has run it as well.
func (p *plan) runHook(set shim.Set) (*nixeval.Hooked, error) {
	data, err := set.Encode()
	if err != nil {
		return nil, fmt.Errorf("run shellHook: %w", err)
	}
	cmd := exec.Command("/proc/self/exe", hookWord, string(data))
	cmd.Dir = p.project.dir
	if !p.silentHook {
		cmd.Stderr = p.app.stderr
	}
	out, said, err := ask(cmd, hookPatience, func() { p.app.log.Info().Msgf("the shellHook of %s still runs", p.env.Source) })
	before, environ, _ := strings.Cut(string(out), "\x00\x00")
	if err == nil && environ == "" {
		err = errors.New("it replaces the shell or ends it")
	}
	if err != nil {
		message := fmt.Errorf("run shellHook of %s: %w", p.env.Source, err)
		if text := strings.TrimSpace(string(said[:min(len(said), maxSaid)])); text != "" {
			message = fmt.Errorf("%w\n%s", message, text)
		}
		return nil, &hintedError{message, "purity exec -- true  shows what it does"}
	}
	hooked := p.env.ParseHooked(environ, strings.Split(before, "\x00"))
	return &hooked, nil
}

// runHookProcess is purity started by runHook. It prints the environment before,
// and the script, which it becomes, prints the one after.
func runHookProcess(args []string) (code int, ok bool) {
	if len(args) != 3 || args[1] != hookWord {
		return 0, false
	}
	a := newApp(globals{LogFormat: "text"})
	return a.exit(a.becomeHook(args[2])), true
}

func (a *app) becomeHook(encoded string) error {
	set, err := shim.Decode([]byte(encoded))
	if err != nil {
		return fmt.Errorf("run shellHook: %w", err)
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	p, err := a.planOf(nix, set, "", set.Request.Project)
	if err != nil {
		return err
	}
	p.Explain = "off" // nobody waits to say what was refused
	if err := p.ready(); err != nil {
		return err
	}
	if err := p.resolve(context.Background()); err != nil {
		return err
	}
	return p.launch(func(environ []string, run nixeval.Run) (launch, error) {
		scripts, err := p.env.Scripts(run)
		fmt.Fprint(os.Stdout, strings.Join(environ, "\x00"), "\x00\x00")
		return launch{p.env.Bash, []string{p.env.Bash, "--noprofile", "--norc", filepath.Join(scripts, nixeval.DumpFile)}, environ}, err
	})
}
