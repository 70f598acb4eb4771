# A module for devenv: the packages, scripts, processes, tasks and git hooks of a
# project run confined. In devenv.yaml:
#
#   inputs:
#     purity:
#       url: github:nix-purity/purity
#   imports:
#     - purity/nix
#
# and in devenv.nix: purity.enable = true. In a flake:
#
#   devenv.lib.mkShell { modules = [ purity.lib.devenvModule { purity.enable = true; } ]; … }
#
# What is covered, and what not: see the descriptions of the options. What they say
# is made of functions of devenv-lib.nix.
{ config, options, lib, pkgs, inputs ? { }, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.purity;
  purity = import ./lib.nix { inherit pkgs; purity = cfg.package; };
  confined = import ./devenv-lib.nix {
    inherit lib pkgs purity;
    settings = cfg.settings // lib.optionalAttrs (cfg.level != null) { inherit (cfg) level; };
    write = [ config.devenv.runtime ];
    profile = config.devenv.profile;
  };

  # A shell of devenv may be known by its variables alone (source <(nix print-dev-env)).
  # The programs have what is declared in them.
  keep = map (name: "--keep=${name}") (builtins.attrNames config.env);
  hook = enter: confined.directories + purity.hook {
    inherit enter;
    # By a flag: a variable of the dev shell opens nothing.
    arguments = keep ++ [ "--config=${confined.settingsFile}" ];
    # The devenv of a flake enters the shell anew, by Nix, to run what it is asked to.
    outside = [ "devenv" "nix" ];
  };

  # How a task or a process says that it is ready runs as it does itself.
  probed = which: ready:
    if which && ready.exec or null != null then ready // { exec = confined.line "ready" ready.exec; } else ready;

  # An option that another module declares too, whose value is changed on its way.
  changed = apply: mkOption { inherit apply; };
  each = module: mkOption { type = types.attrsOf (types.submodule module); };

  covers = what: more: mkOption {
    type = types.bool;
    default = true;
    description = "Whether ${what} run confined. ${more}";
  };
  # Older versions of git-hooks.nix have no way to change what all hooks are. Without
  # the input devenv looks for another in its configuration, which cannot be asked here.
  gitHooks = (inputs ? git-hooks || inputs ? pre-commit-hooks) && (options.git-hooks.type.getSubOptions or (_: { }) [ ]) ? hookModule;
in
{
  options = {
    purity = {
      enable = lib.mkEnableOption "purity: everything of this project runs confined to its closure";

      package = mkOption {
        type = types.package;
        default = inputs.purity.packages.${pkgs.stdenv.hostPlatform.system}.default or (pkgs.callPackage ./package.nix { });
        defaultText = lib.literalMD "that of the input `purity`";
        description = "The purity to use.";
      };

      mode = mkOption {
        type = types.enum [ "shims" "shell" ];
        default = "shims";
        description = ''
          `shims` confines each program that is found in PATH, in `devenv shell`, in direnv
          and in what they start; the shell itself stays as it is. A program that is typed or
          written with a directory outside (`/usr/bin/gcc`) is not confined then. The
          program `devenv` of a flake drives Nix and is not confined; what it starts is.
          `shell` has `devenv shell` be a confined shell as a whole. There `devenv up` starts
          what the shell was entered with.
        '';
      };

      level = mkOption {
        type = types.nullOr (types.enum [ "nix" "dev" "open" ]);
        default = null;
        description = "Where the policy starts: see `purity help levels`.";
      };

      settings = mkOption {
        type = types.attrsOf types.anything;
        default = { };
        example = { read = [ "~/.config/tool" ]; network.connect = [ 443 ]; };
        description = "What would stand in purity.toml. It takes the place of that file.";
      };

      processes = covers "processes" "An `exec` line runs by way of purity, with the closure of what it names.";
      tasks = covers "tasks" "But for those of devenv itself (`devenv:…`), which set the project up.";
      scripts = covers "scripts" "They do also as shims.";
      git-hooks = covers "git hooks" "Each `entry` has the closure of what it names, and the profile. It takes a git-hooks.nix that has `hookModule` (2026).";
    };

    processes = each {
      options.exec = changed (line: if cfg.enable && cfg.processes then confined.line "process" line else line);
      options.ready = changed (probed (cfg.enable && cfg.processes));
    };
    tasks = each ({ name, ... }:
      let
        which = cfg.enable && cfg.tasks && !lib.hasPrefix "devenv:" name;
        task = changed (command: if which && command != null then confined.task command else command);
      in
      {
        options.command = task;
        options.statusCommand = task;
        options.process = changed (process: if process.ready or null == null then process else process // { ready = probed which process.ready; });
      });
    scripts = each ({ name, ... }: {
      options.scriptPackage = changed (package: if cfg.enable && cfg.scripts then confined.script name package else package);
    });
  };

  config = lib.mkIf cfg.enable ({
    packages = [ cfg.package ];
    # In a confined shell there is no Nix by which devenv could enter the shell anew.
    env = lib.optionalAttrs (cfg.mode == "shell") { DEVENV_IN_DIRENV_SHELL = "true"; };
    enterShell = lib.mkMerge [
      # Before all that enterShell does, because the confined shell does it.
      (lib.mkIf (cfg.mode == "shell") (lib.mkOrder 10 (hook "shell")))
      # After all that enterShell does to PATH.
      (lib.mkOrder 2000 (hook "shims"))
    ];
  } // lib.optionalAttrs gitHooks {
    git-hooks.hookModule.options.entry = changed (entry: if cfg.git-hooks then confined.entry entry else entry);
  });
}
