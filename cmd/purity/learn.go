package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/report"
)

type learnCmd struct {
	Flake string `placeholder:"REF" default:"." help:"Flake whose dev shell is meant, with an optional #attribute."`
	source
	config.Settings
	Secret  []string `placeholder:"PATH" sep:"none" help:"Let a path be among what is written although it looks like a secret; can be repeated."`
	Command []string `arg:"" passthrough:"" name:"command" help:"The command and its arguments, after -- where it could be taken for a flag of purity."`
}

// Help is shown below the flags.
func (learnCmd) Help() string {
	return `The command is watched, not confined, as by purity audit. What is printed is the
smallest purity.toml that would have let all of it be, with who needed each line:
a beginning for those who cannot declare everything yet. It does not contain what
looks like a secret (keys, tokens, browser profiles) unless that is named.`
}

// Run watches and prints the policy.
func (c *learnCmd) Run(a *app) error {
	r, err := a.observe(c.Flake, c.source, c.Settings, c.Command, "learn")
	if err != nil {
		return err
	}
	secrets := writePolicy(a.stdout, r, c.Secret)
	for _, path := range secrets {
		a.log.Warn().Str("hint", "--secret "+path).Msg(path + " looks like a secret and is left out")
	}
	return nil
}

// secretPlaces are below HOME, and patterns of names.
var (
	secretPlaces = []string{
		".ssh", ".gnupg", ".aws", ".azure", ".config/gcloud", ".kube", ".docker", ".netrc", ".npmrc", ".pypirc", ".password-store",
		".mozilla", ".config/google-chrome", ".config/chromium", ".config/gh", ".git-credentials", ".local/share/keyrings", ".cargo/credentials",
	}
	secretNames = []string{"id_rsa", "id_ed25519", "credentials", "token", "secret", "shadow", ".env"}
)

// secret reports whether a path looks like one.
func secret(path string) bool {
	home := real(os.Getenv("HOME"))
	for _, place := range secretPlaces {
		if home != "" && strings.HasPrefix(path, filepath.Join(home, place)) {
			return true
		}
	}
	base := strings.ToLower(filepath.Base(path))
	return slices.ContainsFunc(secretNames, func(name string) bool { return base == name || strings.HasPrefix(base, name+".") })
}

// writePolicy writes a purity.toml that allows what a report found, and returns
// what was left out.
func writePolicy(out io.Writer, r report.Report, allowed []string) (secrets []string) {
	keys := map[string]string{"read": "read", "write": "write", "execute": "exec", "connect": "sockets"}
	lines := map[string][]string{}
	var ports []string
	for _, f := range r.Findings {
		if f.Address != "" {
			port := f.Address[strings.LastIndexByte(f.Address, ':')+1:]
			ports = append(ports, fmt.Sprintf("%s=%s", map[string]string{"connect": "connect", "listen": "bind"}[f.Access], port))
			continue
		}
		path := f.Path
		if f.Access == "write" {
			if _, err := os.Stat(path); err != nil {
				path = filepath.Dir(path)
			}
		}
		if secret(path) && !slices.Contains(allowed, path) || secret(f.Real) && !slices.Contains(allowed, path) {
			secrets = append(secrets, path)
			continue
		}
		line := fmt.Sprintf("  %q,  # %s, by %s\n", path, f.Kind, filepath.Base(f.By.Program))
		if key := keys[f.Access]; !slices.Contains(lines[key], line) {
			lines[key] = append(lines[key], line)
		}
	}
	fmt.Fprintf(out, "# What %q needed that %s does not declare.\n", strings.Join(r.Command, " "), r.Environment)
	for _, key := range []string{"exec", "read", "write", "sockets"} {
		if len(lines[key]) > 0 {
			fmt.Fprintf(out, "%s = [\n%s]\n", key, strings.Join(lines[key], ""))
		}
	}
	if len(ports) > 0 {
		slices.Sort(ports)
		fmt.Fprintf(out, "# It used these ports, which level dev opens: %s\n", strings.Join(slices.Compact(ports), ", "))
	}
	return secrets
}
