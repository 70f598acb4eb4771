package caller

import (
	"slices"
	"strings"
)

// A flake says which variables its dev shell exports. Programs of the environment get
// them all, confined, from their shims. In the user's own shell, and in the programs that
// it starts unconfined, some of them would run programs that the flake names. Those stay inside,
// by this rule: a variable stays inside if a shell, the dynamic loader, an interpreter, or
// a tool that is started without being typed, takes code from it, or the name of a
// program, of a library, or of a file that names one. So does a variable that purity
// obeys, or a program that purity starts outside. A shell can run code for an assignment
// alone: bash evaluates values of RANDOM as arithmetic, in which x[$(command)] runs one.

// insideVariables are the names of such variables. A * stands for any text, at the end or
// at the beginning. Names with a small letter stay inside, too: zsh obeys dozens of them,
// and other such variables of a dev shell are for builders.
var insideVariables = []struct {
	names  string
	reason string
}{
	{"LD_* GCONV_PATH LOCPATH LOCALE_ARCHIVE* TZDIR NLSPATH GLIBC_TUNABLES MALLOC_* HOSTALIASES RES_OPTIONS RESOLV_* DYLD_*", "the dynamic loader and the C library load files"},
	{"BASH_* ENV PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 IFS SHELLOPTS BASHOPTS CDPATH GLOBIGNORE FCEDIT FIGNORE HIST* INPUTRC MAIL* POSIXLY_CORRECT TIMEFORMAT EXECIGNORE TMOUT RANDOM SRANDOM OPTIND OPTARG OPTERR SECONDS LINENO LINES COLUMNS UID EUID PPID GROUPS DIRSTACK FUNCNAME FUNCNEST EPOCH* COMP_* COMPREPLY COPROC MAPFILE REPLY PIPESTATUS HOSTNAME HOSTTYPE MACHTYPE OSTYPE", "bash and sh run or obey them"},
	{"ZDOTDIR FPATH ZSH* ZLS_* READNULLCMD NULLCMD WORDCHARS KEYTIMEOUT PROMPT* RPROMPT* RPS* SPROMPT POSTEDIT STTY WATCH WATCHFMT GID EGID USERNAME ERRNO TTY TTYIDLE BAUD DIRSTACKSIZE LISTMAX LOGCHECK SAVEHIST TIMEFMT PERIOD SHINSTDIN", "zsh loads functions and start-up files, and runs what prompts say"},
	{"__fish_* FISH_*", "fish loads functions and start-up files"},
	{"ENV_CONVERSIONS FILE_PWD CURRENT_FILE TRANSIENT_PROMPT*", "nushell converts variables and runs prompts by them, or lets nobody set them"},
	{"XDG_DATA_DIRS", "bash-completion and fish load code from there"},
	{"HOME PWD OLDPWD SHELL SHLVL USER LOGNAME TERM TERMINFO* TERMCAP PATH INFOPATH XDG_CONFIG_* XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR TMP TMPDIR TEMP TEMPDIR", "they say where programs, configuration and state are"},
	{"PYTHON* PIP_* UV_* POETRY_* CONDA_* VIRTUAL_ENV* IPYTHON* JUPYTER* MPL* PERL* RUBY* GEM_* BUNDLE_* NODE_* NPM_*  YARN_* PNPM_* COREPACK_* DENO_* BUN_* LUA_* LUAROCKS_* TCL* GUILE_* R_* JULIA_* PHP* COMPOSER_* OCAML* CAML_* OPAM* DUNE_* ERL_* ELIXIR_* MIX_* REBAR_* JAVA_* JDK_* _JAVA_OPTIONS CLASSPATH MAVEN_* MVN_* GRADLE_* ANT_* SBT_* DOTNET_* NUGET_* MSBUILD* MONO_* CORECLR_* COR_* GHC* CABAL_* STACK_* SBCL_* CL_* OCTAVE_* TEX* BIBINPUTS BSTINPUTS GNUPLOT* GS_* MAGICK_* PLTCOLLECTS CHICKEN_* GAUCHE_* YASH_* XONSH* NU_* SWI_* SWIPL_* PLT* JANET_* MATLAB* M2_HOME JAVACMD", "interpreters load modules and take options"},
	{"GO* CARGO* RUST* CC CXX CPP LD AR AS NM RANLIB STRIP OBJCOPY CCACHE_* DISTCC_* SCCACHE_* CMAKE_* CTEST_* MAKE* MFLAGS GNUMAKEFLAGS NINJA_* BAZEL* MESON* PKG_CONFIG* ACLOCAL* AUTOCONF* AUTOM* CONFIG_SITE CONFIG_SHELL GCC_* LIBTOOL* *FLAGS RM LEX YACC FC F77 F90", "builds that are started outside take programs and options"},
	{"EDITOR VISUAL PAGER MAN* GROFF_* BROWSER LESS* MORE SYSTEMD_* DIFFPROG MERGE* SUDO_* DOAS_* SSH_* RSYNC_* CVS* SVN_* HG* GIT_* JJ_* GH_* GPG* GNUPG* PASSWORD_STORE_* DBUS_* DISPLAY WAYLAND_* XAUTHORITY FZF_* RIPGREP_* BAT_* DELTA_* STARSHIP_* POSH_* ATUIN_* ZOXIDE_* MCFLY_* TASKRC PSQLRC SCREENRC ANSIBLE_* TF_* HELM_* VAGRANT_* PRE_COMMIT_* GDB* LLDB_* STRACE_* VALGRIND_* RR_* PYENV_* RBENV_* NVM_* SDKMAN_* ASDF_* MISE_* RTX_* BORG_* NNN_* TIG* LYNX_* LFTP_* LIBVIRT_* BEETS* NMAP*", "tools start the programs that they name, or read the configuration"},
	{"NIX_* NIXPKGS_* NIXOS_* DEVENV_* DEVSHELL_* DIRENV_* PURITY_* IN_NIX_SHELL GITHUB_*", "Nix, direnv and purity obey them outside"},
	{"OPENSSL_* SSLKEYLOGFILE SSL_* CURL_* REQUESTS_CA_BUNDLE WGETRC KRB5* SASL_* P11_* PKCS11* SOFTHSM* NSS_* DEBUGINFOD_* LIBMYSQL_* PGSERVICEFILE PGSYSCONFDIR PGPASSFILE PGSSL* *_PROXY", "libraries load engines, trust certificates, and send secrets"},
	{"OMP_* OMPI_* HWLOC_* HSA_* FI_* XLOCALE* GTK* GIO_* GDK_* GST_* GSETTINGS_* QT_* QML* KDE_* LIBGL_* VK_* __GL* __EGL* EGL_* MESA_* OCL_* OPENCL_* CUDA_* ALSA_* PULSE_* SDL_* LIBVA_* VDPAU_* FONTCONFIG_* FREETYPE_* GEGL_* BABL_* ENCHANT_* VIM* EXINIT NVIM* EMACS* TMUX* ZELLIJ* DOCKER_* PODMAN_* CONTAINER* KUBE* AWS_* AZURE_* ELECTRON_* CHROME_* MOZ_* WINE*", "programs load plug-ins and configuration"},
	{"*COMMAND *_CMD *_PROGRAM *_EXE *_WRAPPER *_LAUNCHER *_SHELL *_PAGER *_EDITOR *_BROWSER *_ASKPASS *_HOOK *_HOOKS *_PRELOAD *_PLUGIN *_PLUGINS *_MODULES *PATH *DIR *DIRS *_LIB *_LIBS *LIBRARIES *_LIBRARY *_OPENER *_RSH *_CFG *_OPTS *_OPTIONS *_ARGS *_INIT *_STARTUP *_RC *_RCFILE *_CONFIG *_CONFIG_FILE *_CONFIG_HOME *_HOME", "by such names programs look for programs, options and configuration"},
}

// staysInside reports whether a variable of an environment is for confined programs
// alone.
func staysInside(name string) bool {
	return strings.ToUpper(name) != name || slices.ContainsFunc(insideVariables, func(v struct{ names, reason string }) bool {
		for pattern := range strings.FieldsSeq(v.names) {
			prefix, begins := strings.CutSuffix(pattern, "*")
			suffix, ends := strings.CutPrefix(pattern, "*")
			if name == pattern || begins && strings.HasPrefix(name, prefix) || ends && strings.HasSuffix(name, suffix) {
				return true
			}
		}
		return false
	})
}

// Exported are those of an environment's variables that the user's own shell gets.
func Exported(environ []string) []string {
	return slices.DeleteFunc(environ, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return staysInside(name)
	})
}
