package main

import (
	"slices"
	"strings"
)

// A flake says which variables its dev shell exports. Programs of the environment get
// them all, confined, from their shims. In the user's own shell, and in the programs that
// it starts unconfined, some of them would run what the flake names. Those stay inside,
// by this rule: a variable stays inside if a shell, the dynamic loader, an interpreter, or
// a tool that is started without being typed, takes code from it, or the name of a
// program, of a library, or of a file that names one.

// insideVariables are the names of such variables. One that ends in * stands for all that begin
// so.
var insideVariables = []struct {
	names  string
	reason string
}{
	{"LD_* GCONV_PATH LOCPATH NLSPATH GLIBC_TUNABLES MALLOC_* DYLD_*", "the dynamic loader and the C library load files"},
	{"BASH_* ENV PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 IFS SHELLOPTS BASHOPTS CDPATH GLOBIGNORE FCEDIT HIST* INPUTRC MAIL* POSIXLY_CORRECT TIMEFORMAT EXECIGNORE", "bash and sh run or obey them"},
	{"ZDOTDIR FPATH ZSH* ZLS_* READNULLCMD NULLCMD WORDCHARS KEYTIMEOUT", "zsh loads functions and start-up files"},
	{"fish_* __fish_* FISH_*", "fish loads functions and start-up files"},
	{"HOME PWD OLDPWD SHELL SHLVL USER LOGNAME TERM TERMINFO* TERMCAP PATH MANPATH INFOPATH XDG_CONFIG_* XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR TMP TMPDIR TEMP TEMPDIR", "they say where programs, configuration and state are"},
	{"PYTHON* PERL* RUBY* GEM_* BUNDLE_* NODE_* NPM_* npm_* YARN_* DENO_* BUN_* LUA_* TCL* GUILE_* R_* JULIA_* PHP* PHPRC OCAML* CAML_* ERL_* ELIXIR_* MIX_* JAVA_* JDK_* _JAVA_OPTIONS CLASSPATH MAVEN_* GRADLE_* SBT_* DOTNET_* MONO_* CORECLR_* COR_* GHC*", "interpreters load modules and take options"},
	{"GO* CARGO* RUST* CC CXX CPP LD AR AS NM RANLIB STRIP OBJCOPY CCACHE_* CMAKE_* MAKE* MFLAGS GNUMAKEFLAGS NINJA_* PKG_CONFIG* ACLOCAL* AUTOCONF* CONFIG_SITE CONFIG_SHELL", "builds that are started outside take programs and options"},
	{"EDITOR VISUAL PAGER MANPAGER BROWSER LESS* MORE SYSTEMD_* DIFFPROG MERGE* SUDO_* SSH_* RSYNC_* CVS* SVN_* HG* GIT_* GPG* GNUPG* DBUS_* DISPLAY WAYLAND_DISPLAY XAUTHORITY", "tools start the programs that they name"},
	{"NIX_* NIXPKGS_* DEVENV_* DIRENV_* PURITY_* IN_NIX_SHELL", "Nix, direnv and purity obey them outside"},
	{"OPENSSL_* SSLKEYLOGFILE SSL_* CURL_* WGETRC KRB5* SASL_* P11_* PKCS11*", "libraries load engines, and trust certificates"},
	{"GTK* GIO_* GDK_* GST_* GSETTINGS_* QT_* QML* KDE_* LIBGL_* VK_* __GL* __EGL* EGL_* MESA_* OCL_* ALSA_* PULSE_* SDL_* LIBVA_* VDPAU_* FONTCONFIG_* GI_TYPELIB_PATH LADSPA_PATH LV2_PATH VST_PATH FREI0R_PATH VIM* EXINIT NVIM* EMACS* TMUX* DOCKER_* PODMAN_* KUBECONFIG AWS_*", "programs load plug-ins and configuration"},
}

// staysInside reports whether a variable of an environment is for confined programs
// alone.
func staysInside(name string) bool {
	return slices.ContainsFunc(insideVariables, func(v struct{ names, reason string }) bool {
		for pattern := range strings.FieldsSeq(v.names) {
			prefix, all := strings.CutSuffix(pattern, "*")
			if name == pattern || all && strings.HasPrefix(name, prefix) {
				return true
			}
		}
		return false
	})
}

// exported are those of an environment's variables that the user's own shell gets.
func exported(environ []string) []string {
	return slices.DeleteFunc(environ, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return staysInside(name)
	})
}
