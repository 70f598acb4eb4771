package caller

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/enforce/host"
)

// Variables that lead a shell, a loader, an interpreter or a tool to code stay inside,
// and those beside them, which do not, come out.
func TestStaysInside(t *testing.T) {
	for _, tt := range []struct{ inside, outside string }{
		{"LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT GCONV_PATH LOCPATH LOCALE_ARCHIVE LOCALE_ARCHIVE_2_27", "LDX LOCAL_PORT"},
		{"ENV BASH_ENV BASH_FUNC_ls%% PROMPT_COMMAND PS1 PS4 IFS SHELLOPTS CDPATH INPUTRC HISTFILE RANDOM SRANDOM OPTIND SECONDS UID", "ENVIRONMENT PS5 SECOND RANDOMS"},
		{"ZDOTDIR FPATH PROMPT PROMPT4 RPROMPT prompt path fpath psvar fish_function_path __fish_config_dir XDG_DATA_DIRS", "FISH DATA_SETS"},
		{"ENV_CONVERSIONS NU_LIB_DIRS FILE_PWD CURRENT_FILE TRANSIENT_PROMPT_INDICATOR", "CONVERSIONS FILE CURRENT"},
		{"HOME PATH SHELL TMPDIR XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_STATE_HOME TERMINFO", "HOMEPAGE PATHS XDG_SESSION_TYPE"},
		{"PYTHONPATH PYTHONSTARTUP PERL5LIB PERL5OPT RUBYOPT RUBYLIB NODE_OPTIONS NODE_PATH JAVA_TOOL_OPTIONS _JAVA_OPTIONS CLASSPATH LUA_INIT R_PROFILE", "NODES JAVELIN LUAU"},
		{"MAKEFLAGS GNUMAKEFLAGS CC RUSTC_WRAPPER CARGO_BUILD_RUSTC_WRAPPER GOFLAGS npm_config_script_shell", "CCC MFLAG NPM"},
		{"EDITOR VISUAL PAGER MANPAGER LESSOPEN BROWSER SSH_ASKPASS SUDO_ASKPASS GIT_SSH_COMMAND GIT_CONFIG_COUNT FZF_DEFAULT_OPTS RIPGREP_CONFIG_PATH STARSHIP_CONFIG", "EDITORS GITLAB FZF"},
		{"stdenv buildPhase NIX_CONFIG NIX_PATH DIRENV_DIFF PURITY_READ IN_NIX_SHELL OPENSSL_CONF OPENSSL_MODULES GIO_EXTRA_MODULES GTK_PATH QT_PLUGIN_PATH", "NIXON GREETING DATABASE_URL PGHOST"},
		{"MYTOOL_PATH MYTOOLDIR OMP_TOOL_LIBRARIES BORG_PASSCOMMAND CFLAGS HTTPS_PROXY AWKPATH MYTOOL_COMMAND MYTOOL_PAGER MYTOOL_OPTS MYTOOL_CONFIG_FILE MYTOOL_PLUGIN_PATH", "MYTOOL_PORT MYTOOL_LEVEL SRC"},
	} {
		for name := range strings.FieldsSeq(tt.inside) {
			if !staysInside(name) {
				t.Errorf("%s comes out", name)
			}
		}
		for name := range strings.FieldsSeq(tt.outside) {
			if staysInside(name) {
				t.Errorf("%s stays inside", name)
			}
		}
	}
	for _, v := range insideVariables {
		if v.reason == "" || v.names == "" {
			t.Errorf("%v says nothing", v)
		}
	}
}

// No variable that purity obeys comes from an environment into the user's own shell.
func TestObeyedVariablesStayInside(t *testing.T) {
	names := slices.Concat(host.DataVariables, leading, []string{"PURITY_READ", "NIX_CONFIG", "NIX_SSHOPTS", "GIT_DIR", "SSH_AUTH_SOCK"})
	for _, name := range names {
		if !leads(name + "=x") {
			t.Errorf("%s does not lead", name)
		}
		if !staysInside(name) {
			t.Errorf("%s comes out", name)
		}
	}
	environ := []string{"GREETING=hi", "PAGER=/evil", "A=PAGER=x", "LD_PRELOAD=/evil.so"}
	if diff := cmp.Diff([]string{"GREETING=hi", "A=PAGER=x"}, Exported(environ)); diff != "" {
		t.Error(diff)
	}
}
