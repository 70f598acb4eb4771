// Package secret knows which paths look like secrets: keys, tokens, profiles of
// browsers.
package secret

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nix-purity/purity/enforce"
)

// secretPlaces are below the homes of users.
var secretPlaces = []string{
	".ssh", ".gnupg", ".pki", ".password-store", ".local/share/keyrings", ".local/share/kwalletd", ".local/share/gnome-keyring", ".keychain", ".age", ".config/sops",
	".aws", ".azure", ".config/gcloud", ".boto", ".oci", ".config/doctl", ".config/hcloud", ".config/rclone", ".s3cfg", ".terraform.d", ".terraformrc",
	".kube", ".docker", ".config/containers", ".config/helm", ".vault-token", ".config/op", ".config/1Password", ".config/Bitwarden", ".config/keepassxc",
	".netrc", ".authinfo", ".npmrc", ".yarnrc", ".pypirc", ".gem/credentials", ".cargo/credentials", ".m2/settings.xml", ".gradle/gradle.properties", ".nuget",
	".composer/auth.json", ".config/composer/auth.json", ".git-credentials", ".config/git/credentials", ".config/gh", ".config/glab-cli", ".config/hub", ".config/netlify",
	".pgpass", ".my.cnf", ".mylogin.cnf", ".config/cachix", ".config/nix/nix.conf",
	".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware", ".config/vivaldi", ".config/microsoft-edge", ".config/opera",
	".librewolf", ".waterfox", ".config/falkon", ".local/share/qutebrowser", ".local/share/epiphany", ".config/Signal", ".config/discord", ".config/Slack",
	".config/Element", ".local/share/TelegramDesktop", ".electrum", ".bitcoin", ".ethereum", ".config/Code/User/globalStorage", ".var/app",
}

// secretFiles are elsewhere.
var secretFiles = []string{
	"/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssl/private", "/etc/ssh/ssh_host_ed25519_key", "/etc/krb5.keytab", "/etc/wireguard",
	"/etc/NetworkManager/system-connections", "/etc/wpa_supplicant", "/etc/letsencrypt", "/run/secrets", "/run/keys", "/run/agenix", "/run/credentials",
	"/var/lib/docker", "/var/lib/private", "/run/docker.sock", "/run/containerd", "/run/podman", "/proc",
	"/dev/mem", "/dev/kmem", "/dev/port", "/dev/input",
}

// secretName matches names of files that hold a secret.
var secretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(id_(rsa|dsa|ecdsa|ed25519|xmss)(_sk)?|ssh_host_\w*key|credentials?|secrets?|tokens?|passwords?|g?shadow|\.env|\.htpasswd)(\.(txt|json|ya?ml|toml|ini|conf|cfg|db|xml|enc|old|bak))?-?$|` +
		`^\.env\.|\.(key|p12|pfx|jks|keystore|kdbx?|agekey|ppk|ovpn)$|priv(ate)?[-_.]?key|^key\.pem$|^\..*_?history$|^agent\.\d+$|^S\.gpg-agent|ssh.*agent`)
})

// packaged are directories in which names say nothing: all is from packages.
var packaged = []string{"/usr", "/lib", "/lib64", "/bin", "/sbin"}

// Finder knows whose secrets are looked for.
type Finder struct {
	Home  string   // of the user, without links
	Named []string // paths that may be open, whatever they look like
}

// In is each path that looks like a secret and would be open if a path were, with all
// below it; empty if nothing does.
func (f Finder) In(path string) string {
	if slices.ContainsFunc(f.Named, func(named string) bool { return enforce.Inside(path, named) }) {
		return ""
	}
	within := func(dir string) bool { return enforce.Inside(path, dir) }
	if name := filepath.Base(path); secretName().MatchString(name) && !strings.HasSuffix(name, ".pub") && !slices.ContainsFunc(packaged, within) {
		return path
	}
	if strings.HasPrefix(path, "/dev/") && disk(path) {
		return path
	}
	for _, file := range secretFiles {
		if enforce.Inside(path, file) || enforce.Inside(file, path) {
			return file
		}
	}
	for _, home := range f.homes(path) {
		if enforce.Inside(home, path) { // all of a home
			return filepath.Join(home, secretPlaces[0])
		}
		for _, place := range secretPlaces {
			if secret := filepath.Join(home, place); enforce.Inside(path, secret) || strings.HasPrefix(path, secret+".") || enforce.Inside(secret, path) {
				return secret
			}
		}
	}
	return ""
}

// disk reports whether a path is one, which has the files of all users.
func disk(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&(os.ModeDevice|os.ModeCharDevice) == os.ModeDevice
}

// homes are those that a path may be in, or have in it.
func (f Finder) homes(path string) []string {
	homes := []string{"/root"}
	if f.Home != "" {
		homes = append(homes, f.Home)
	}
	name := "anyone"
	if rest, ok := strings.CutPrefix(path, "/home/"); ok {
		name, _, _ = strings.Cut(rest, "/")
	}
	return append(homes, "/home/"+name)
}
