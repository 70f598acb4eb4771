package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/fixtures"
)

// Files that a command plants open nothing in the next run, for any user. purity opens a twin
// that stays where the command may write anyway.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for _, u := range users(t, fixtures.Newest(t)) {
		t.Run(u.name, func(t *testing.T) {
			dir := u.project(t, "c")
			secret := filepath.Join(u.dir, "secret")
			if err := os.Mkdir(secret, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(secret, "id"), []byte("key\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if os.Getuid() == 0 && u.attr != nil {
				chown(t, secret)
			}
			u.run(t, 0, dir, "exec", "-q", "--", "sh", "-c", "mkdir real; ln -s real stay; ln -s "+secret+" out; cp /dev/null certs.pem")
			for _, flag := range []string{"--read", "--write", "--exec", "--devices", "--sockets", "--home"} {
				u.run(t, 0, dir, "exec", "-q", flag, "stay", "--", "true")
				out := u.run(t, words.Failure, dir, "exec", "-q", flag, "out", "--", "true")
				if !strings.Contains(out, "is a symbolic link in "+dir) || !strings.Contains(out, "leads to "+secret) {
					t.Errorf("%s: %s", flag, out)
				}
			}
			u.run(t, 1, dir, "exec", "-q", "--", "cat", secret+"/id")
			out := u.run(t, 0, dir, "exec", "-q", "--read", secret, "--", "cat", "out/id")
			if !strings.Contains(out, "key") {
				t.Errorf("what is named itself: %s", out)
			}
		})
	}
}
