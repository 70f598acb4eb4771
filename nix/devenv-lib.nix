# How what devenv runs is confined: plain functions, for devenv.nix.
{ lib, pkgs, purity, settings ? { }, write ? [ ], profile }:
rec {
  # Processes and their manager meet in devenv's runtime directory.
  settingsFile = purity.settingsFile (settings // { write = write ++ settings.write or [ ]; });

  # The words before a command that has the environment that there is, which devenv
  # made, and of the closure that of the active dev shell and some store paths. The
  # profile is in that of the dev shell. It is not named here, because it can hold
  # what is made with these words, as it does scripts. What is confined already stays
  # as it is. The arguments are for bash to expand.
  words = roots: arguments: "${lib.escapeShellArgs [
    purity.program "exec" "--unless-confined" "--explain=off" "--from-env" "--keep-all"
    "--config=${settingsFile}" "--with-closure=${purity.closureFile roots}"
  ]} ${arguments} --";

  # Lines of bash that make directories which can be written. A grant of one that is
  # not there is none.
  directories = lib.concatMapStrings (dir: ''
    [ -d ${lib.escapeShellArg dir} ] || ${pkgs.coreutils}/bin/mkdir -p -m 700 ${lib.escapeShellArg dir}
  '') write;

  # Lines of bash that do, confined, what others do.
  line = name: text:
    let script = pkgs.writeScript "confined-${name}" "#!${pkgs.runtimeShell}\n${text}\n"; in
    "${directories}exec ${words [ script ] ""} ${script}";

  # A program that runs another confined, which may hand variables to devenv in the
  # files that devenv names.
  task = command: pkgs.writeScript "confined-task" ''
    #!${pkgs.runtimeShell}
    ${directories}exec ${words [ command ] (lib.concatMapStringsSep " " (name: "\${${name}:+--write=\"$" + name + "\"}") [ "DEVENV_TASK_EXPORTS_FILE" "DEVENV_TASK_OUTPUT_FILE" ])} ${command} "$@"
  '';

  # A package with one program, that of another run confined.
  script = name: package: lib.hiPrioSet (pkgs.writeScriptBin name ''
    #!${pkgs.runtimeShell}
    ${directories}exec ${words [ package ] ""} ${package}/bin/${name} "$@"
  '');

  # The command of a git hook, before the arguments that git-hooks.nix adds. No dev
  # shell need be active where one commits, so the profile is named.
  entry = text:
    let script = pkgs.writeScript "confined-hook" "#!${pkgs.runtimeShell}\n${text} \"$@\"\n"; in
    "${pkgs.writeScript "confined-entry" ''
      #!${pkgs.runtimeShell}
      ${directories}exec ${lib.escapeShellArgs [
        purity.program "exec" "--unless-confined" "--explain=off" "--config=${settingsFile}" "--closure-file=${purity.closureFile [ profile script ]}" "--"
      ]} ${script} "$@"
    ''}";
}
