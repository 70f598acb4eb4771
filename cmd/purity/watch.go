package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/inspect"
)

// watchedVariable tells a purity that its parent is one that watches it, by
// the parent's process number.
const watchedVariable = "PURITY_WATCHED_BY"

// watched reports whether this process is to stay and look at the project
// afterwards. Elsewhere it becomes the command itself.
func (p *plan) watched() bool {
	return !watchedByParent() && config.Is(p.ReportChanges, os.Getenv("CI") != "")
}

func watchedByParent() bool { return os.Getenv(watchedVariable) == strconv.Itoa(os.Getppid()) }

// watch runs this very command line again, as a child that becomes the
// command, and says afterwards what changed that runs later outside. The child
// is in the same process group, so that the terminal speaks to both.
func (p *plan) watch() error {
	before := inspect.Take(p.project.dir)
	child := exec.Command("/proc/self/exe", os.Args[1:]...)
	child.Args[0] = os.Args[0]
	child.Env = append(os.Environ(), watchedVariable+"="+strconv.Itoa(os.Getpid()))
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.SysProcAttr = killedWithParent()
	// What the terminal sends arrives at the child without us.
	fromTerminal, forward := make(chan os.Signal, 1), make(chan os.Signal, 8)
	notify(fromTerminal, syscall.SIGINT, syscall.SIGQUIT)
	notify(forward, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	if err := child.Start(); err != nil {
		return fmt.Errorf("start %s again: %w", os.Args[0], err)
	}
	go func() {
		for s := range forward {
			child.Process.Signal(s) // it may have ended
		}
	}()
	err := child.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return fmt.Errorf("wait for the command: %w", err)
	}
	if changes := before.Changes(inspect.Take(p.project.dir)); len(changes) > 0 {
		p.app.log.Warn().Msg("changed files that run later, outside the confinement:")
		for _, c := range changes {
			p.app.log.Warn().Msgf("  %s (%s)", c.Path, c.What)
		}
	}
	return &endedError{child.ProcessState.Sys().(syscall.WaitStatus)}
}

// notify leaves signals ignored that are, as nohup(1) has it.
func notify(c chan os.Signal, signals ...os.Signal) {
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(c, s)
		}
	}
}

// endedError is how a watched command ended, which is how purity ends.
type endedError struct{ status syscall.WaitStatus }

func (e *endedError) Error() string { return "the command has ended" }

// exit returns the exit code, or dies of the signal that the command died of.
func (e *endedError) exit() int {
	if !e.status.Signaled() {
		return e.status.ExitStatus()
	}
	signal.Reset(e.status.Signal())
	syscall.Kill(os.Getpid(), e.status.Signal())
	return 128 + int(e.status.Signal())
}
