package screen

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// notFound is the exit code of a shell that does not find a command.
const notFound = 127

// Paged shows text through the pager of the person at the terminal, or as it is
// where there is none.
func (v Voice) Paged(text string) error {
	pager := pagerCommand()
	if pager == nil {
		_, err := io.WriteString(v.Stdout, text)
		return err
	}
	pager.Stdin, pager.Stdout, pager.Stderr = strings.NewReader(text), os.Stdout, os.Stderr
	signal.Ignore(os.Interrupt) // it is the pager's
	err := pager.Run()
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) && exit.ExitCode() != notFound {
		return nil // whatever it ended for, it was there
	}
	_, err = io.WriteString(v.Stdout, text)
	return err
}

// pagerCommand is the pager, as git chooses it: a line of shell, or less, told not
// to stay for a text that fits on the screen.
func pagerCommand() *exec.Cmd {
	var cmd *exec.Cmd
	switch line, set := os.LookupEnv("PAGER"); {
	case set && (line == "" || line == "cat"):
		return nil
	case set:
		cmd = exec.Command("/bin/sh", "-c", line)
	default:
		less, err := exec.LookPath("less")
		if err != nil {
			return nil
		}
		cmd = exec.Command(less)
	}
	less := "FRX"
	if flags, set := os.LookupEnv("LESS"); set {
		less = "-R " + flags // else it shows how bold is written
	}
	cmd.Env = append(os.Environ(), "LESS="+less)
	return cmd
}
