package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/config"
)

// globals are the flags of every command.
type globals struct {
	Verbose   bool   `short:"v" help:"Print purity's steps on standard error."`
	Quiet     bool   `short:"q" help:"Print errors only."`
	LogFormat string `enum:"text,json" default:"text" help:"Form of messages on standard error: ${enum}."`
}

// source are the flags that choose the environment.
type source struct {
	File          string            `placeholder:"FILE" type:"path" help:"Take the dev shell from a Nix file, such as shell.nix, without a flake." xor:"source"`
	Attr          string            `short:"A" placeholder:"ATTR" help:"Attribute of --file."`
	Root          []string          `placeholder:"STORE-PATH" sep:"none" help:"Take the closure of this store path; can be repeated." xor:"source"`
	ClosureFile   string            `machines:"" placeholder:"FILE" type:"path" help:"Take the store paths that a file lists, as nixpkgs' closureInfo writes it." xor:"source"`
	FromEnv       bool              `help:"Take the active dev shell, and evaluate nothing." xor:"source"`
	KeepAll       bool              `machines:"" help:"Keep the calling environment but for HOME, TMPDIR and outside directories of PATH, and run no shellHook."`
	WithClosure   []string          `machines:"" placeholder:"FILE" type:"path" sep:"none" help:"Add the store paths that a file lists to the closure; can be repeated."`
	OverrideInput map[string]string `placeholder:"INPUT=REF" mapsep:"none" help:"Use another flake for an input of the flake; can be repeated."`
	Impure        bool              `help:"Let the evaluation read the environment and any file. purity then evaluates on every run."`
	Refresh       bool              `help:"Evaluate anew, and replace the cached environment."`
	Project       string            `placeholder:"DIR" type:"path" help:"Directory that the command may write (default: the nearest with a flake.nix or .git, or else the working directory)." xor:"project"`
	NoProject     bool              `help:"Let the command write no directory but HOME and TMPDIR. For programs rather than builds." xor:"project"`
	Config        string            `placeholder:"FILE" type:"path" env:"PURITY_CONFIG" help:"Take the settings from this file, not from the project's purity.toml. A file outside the project needs no purity allow."`
}

const description = `purity runs a command confined to the runtime closure of a Nix dev shell. The
command can read and execute the store paths of that closure, write the
project, a private HOME and TMPDIR and the /tmp that all programs share. The
kernel denies every other program, library and header of the machine:
/usr/bin/gcc, ~/.cargo/bin, any other store path. It needs Linux 6.2 or later with Landlock, and
no privileges.

  purity exec -- make               run make in the dev shell of the flake here
  purity exec --flake .#ci -- make  run it in another dev shell
  purity shell                      start a confined shell
  purity policy                     print each grant, with its reason
  purity explain PATH               explain one path
  purity closure --why PATH         print the references to a store path

The exit code is that of the command. purity's own are 125 if purity failed and
nothing ran, 126 if the command is denied or not executable, 127 if the
environment has no such command.`

// options are those with which kong reads the command line of a program of that name.
func options(argv0 string) []kong.Option {
	return []kong.Option{
		kong.Name(filepath.Base(argv0)),
		kong.Description(description),
		kong.Vars{"presets": strings.Join(config.PresetNames(), ", ")},
		kong.KindMapper(reflect.String, asTyped(func(s string) string { return s })),
		kong.NamedMapper("path", asTyped(expandPath)),
		kong.NamedMapper("directory", nonempty(asTyped(expandPath))),
		kong.NamedMapper("explain", optional("files", "programs", "files", "off")),
		kong.NamedMapper("view", optional("true", "true", "false", "auto")),
		kong.NamedMapper("revision", revision()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}
}

// asTyped maps an argument byte by byte: kong's own mappers lose bytes that are not UTF-8.
func asTyped(as func(string) string) kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		token, err := ctx.Scan.PopValue("string")
		if err != nil {
			return err
		}
		s := fmt.Sprint(token.Value)
		if s != "" {
			s = as(s)
		}
		if target.Kind() == reflect.Slice { // a flag that can be repeated
			target.Set(reflect.Append(target, reflect.ValueOf(s)))
			return nil
		}
		target.SetString(s)
		return nil
	})
}

// nonempty maps an argument that may not be empty, as that of an unset variable is: without its
// flag purity would write elsewhere.
func nonempty(as kong.Mapper) kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		if next := ctx.Scan.Peek(); next.IsValue() && fmt.Sprint(next.Value) == "" {
			return errors.New("no directory is named")
		}
		return as.Decode(ctx, target)
	})
}

// expandPath makes a path absolute, except -, which stands for standard output. ~ is $HOME,
// as everywhere else.
func expandPath(path string) string {
	if path == "-" {
		return path
	}
	if home := os.Getenv("HOME"); filepath.IsAbs(home) && (path == "~" || strings.HasPrefix(path, "~/")) {
		path = home + path[1:]
	}
	return kong.ExpandPath(path)
}

// optional maps a flag with an optional value: any after =; after a blank one of words, or any
// before the -- of the command. Without a value it is otherwise.
func optional(otherwise string, words ...string) kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		value := otherwise
		if next := ctx.Scan.PeekAll(); len(next) > 0 && (next[0].Type == kong.FlagValueToken || next[0].Type == kong.UntypedToken && isValue(next, words)) {
			value = fmt.Sprint(ctx.Scan.Pop().Value)
		}
		target.SetString(value)
		return nil
	})
}

// isValue reports whether the next word is the value of the flag before it, and not the command.
// The last word is the command if it is the name of a program, true or false.
func isValue(next []kong.Token, words []string) bool {
	word := fmt.Sprint(next[0].Value)
	if len(next) > 1 && next[1].Value == "--" {
		return !strings.HasPrefix(word, "-")
	}
	return slices.Contains(words, word) && (len(next) > 1 || word != "true" && word != "false")
}

// revision maps --ratchet: the word after a blank is the revision if it is HEAD or like
// HEAD~1, or stands before the -- of the command; else it begins the command.
func revision() kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		word := fmt.Sprint(ctx.Scan.Peek().Value)
		words := []string{}
		if word == "HEAD" || strings.HasPrefix(word, "HEAD~") || strings.HasPrefix(word, "HEAD^") || strings.HasPrefix(word, "HEAD@") {
			words = append(words, word)
		}
		return optional("HEAD", words...).Decode(ctx, target)
	})
}
