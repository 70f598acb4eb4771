package cause

import "strings"

// toolchains are whose a directory below HOME is.
var toolchains = []struct{ dir, whose string }{
	{".cargo/", "Cargo's"}, {".rustup/", "rustup's"}, {"go/", "Go's"}, {".local/bin/", "programs installed by hand or pip"}, {".local/lib/python", "pip's"},
	{".npm", "npm's"}, {".nvm/", "nvm's"}, {".pyenv/", "pyenv's"}, {".rbenv/", "rbenv's"}, {".gem/", "gem's"}, {".sdkman/", "SDKMAN's"}, {".asdf/", "asdf's"},
	{".nix-profile/", "your Nix profile's"}, {".gradle/", "Gradle's"}, {".m2/", "Maven's"}, {".ivy2/", "Ivy's"}, {".cabal/", "Cabal's"}, {".stack/", "Stack's"},
	{".ssh/", "keys"}, {".gnupg/", "keys"}, {".cache/", "caches"}, {".config/", "configuration"}, {".local/share/", "data of programs"},
}

// toolchain names whose a path below HOME is.
func toolchain(path string) string {
	for _, t := range toolchains {
		if strings.HasPrefix(path, t.dir) {
			return " (" + t.whose + ")"
		}
	}
	return ""
}
