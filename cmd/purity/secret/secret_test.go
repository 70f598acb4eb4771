package secret

import "testing"

// Paths that look like a secret, or hold one, beside those that only sound like one.
func TestSecrets(t *testing.T) {
	f := Finder{Home: "/people/me", Named: []string{"/people/me/.ssh/config"}}
	for _, path := range []string{
		"/", "/people", "/people/me", "/people/me/.ssh", "/people/me/.ssh/id_rsa", "/people/me/.config", "/people/me/.config/gh/hosts.yml", "/people/me/.cargo/credentials.toml",
		"/people/me/.vault-token", "/people/me/keys/id_ecdsa", "/people/me/x.key", "/people/me/.bash_history", "/people/me/.config/BraveSoftware/x", "/people/me/.thunderbird/p",
		"/home", "/home/other/.ssh/id_rsa", "/home/other", "/root", "/root/.aws", "/etc", "/etc/shadow", "/etc/ssl", "/etc/ssh", "/etc/ssh/ssh_host_rsa_key", "/var", "/run",
		"/srv/project/.env", "/srv/.env.local", "/srv/token", "/srv/secrets.json", "/srv/tls/privkey.pem", "/tmp/ssh-XX/agent.12", "/run/docker.sock", "/people/me/.local",
		"/people/me/.zsh_history", "/people/me/.history", "/srv/key.pem", "/people/me/.mozilla/firefox/p/key4.db", "/dev", "/dev/mem", "/dev/input/event0",
	} {
		if f.In(path) == "" {
			t.Errorf("%s is no secret", path)
		}
	}
	for _, path := range []string{
		"/people/me/.ssh/config", "/people/me/.ssh/config/x", "/people/me/src", "/people/me/.config/tool", "/people/me/.dockerignored", "/usr/lib/python3.11/token.py",
		"/usr/lib/python3.11/secrets.py", "/usr/share/keyrings/a.key", "/etc/debian_version", "/etc/ssh/ssh_config", "/etc/ssl/certs", "/srv/token.py", "/srv/id_rsa.pub",
		"/tmp", "/opt/keyboard", "/srv/monkey.c", "/people/mean/x", "/var/lib/dpkg", "/dev/null", "/dev/shm", "/dev/dri",
	} {
		if got := f.In(path); got != "" {
			t.Errorf("%s would open %s", path, got)
		}
	}
}
