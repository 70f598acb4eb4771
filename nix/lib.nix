# What flakes build with purity: import ./lib.nix { inherit pkgs purity; }
{ pkgs, purity ? pkgs.purity }:
let
  inherit (pkgs) lib;
  # Whether the machine that builds can run programs of the one that it builds for.
  runs = { buildPlatform ? { }, hostPlatform ? { }, ... }: (buildPlatform.canExecute or (_: true)) hostPlatform;
in
rec {
  program = "${purity}/bin/purity";

  # A purity.toml of an attribute set, in the store. A wrong one fails here, not where it is
  # used, unless purity is for another machine than the one that builds it.
  settingsFile = settings: pkgs.runCommand "purity.toml"
    {
      text = import ./toml.nix settings;
      passAsFile = [ "text" ];
      preferLocalBuild = true;
      allowSubstitutes = false;
    } ''
    cp "$textPath" "$out"
    ${lib.optionalString (runs pkgs.stdenv) "${program} config check \"$out\" >/dev/null"}
  '';

  # A file that lists the store paths of the closure of some, as purity exec
  # --closure-file and --with-closure take it.
  closureFile = roots:
    "${pkgs.closureInfo { rootPaths = if builtins.isList roots then roots else [ roots ]; }}/store-paths";

  # The line for a shellHook, or for devenv's enterShell, that confines the shell.
  # `enter` is "shims", or "shell" for interactive shells that are to be confined
  # as a whole; then it belongs before the rest of the hook. Without settings the
  # project's purity.toml counts. `outside` names programs that drive Nix and are not
  # confined. A shell that cannot be confined ends.
  hook = { enter ? "shims", settings ? { }, arguments ? [ ], outside ? [ ] }:
    let
      flags = [ "--enter=${enter}" ] ++ configFlag settings ++ map (name: "--outside=${name}") outside ++ arguments;
    in
    ''eval "$(${program} hook enter-shell ${lib.escapeShellArgs flags} || echo exit 125)"'';

  configFlag = settings: lib.optional (settings != { }) "--config=${settingsFile settings}";

  # pkgs.mkShell, or another function that takes shellHook, whose shells are
  # confined. What is said of `purity` among the arguments is the hook's.
  mkShellWith = mkShell: { shellHook ? "", packages ? [ ], ... }@args:
    mkShell (removeAttrs args [ "purity" ] // {
      packages = packages ++ [ purity ];
      shellHook = around (args.purity or { }) shellHook;
    });

  # A shellHook with the line where it belongs: at the end, after all that the hook
  # does to PATH; at the beginning, too, where the shell is replaced by a confined one
  # that runs the hook.
  around = how: shellHook:
    let whole = lib.optionalString (how.enter or "shims" == "shell") "${hook how}\n"; in
    "${whole}${shellHook}\n${hook (how // { enter = "shims"; })}\n";
  mkShell = mkShellWith pkgs.mkShell;
  mkShellNoCC = mkShellWith pkgs.mkShellNoCC;

  # The words that run a command confined to the closure of some store paths.
  exec = { roots, settings ? { }, project ? true, arguments ? [ ] }:
    [ program "exec" "--closure-file=${closureFile roots}" ]
    ++ lib.optional (!(settings ? explain)) "--explain=off"
    ++ lib.optional (!project) "--no-project"
    ++ configFlag settings ++ arguments ++ [ "--" ];

  # A package like another, whose programs run confined to its closure, which is
  # known when it is built: Nix need not be there when they run. They can write
  # the project that they are started in, or with `project = false` none. In a confined
  # shell `policy.view = true` fails, because there can be no other view; "auto" does not.
  wrapPackage = { package, policy ? { }, project ? true, arguments ? [ ] }:
    pkgs.runCommand (package.name or "package")
      {
        inherit package;
        interpreter = pkgs.runtimeShell;
        confine = lib.escapeShellArgs (exec { roots = [ package ]; settings = policy; inherit project arguments; });
        meta = package.meta or { };
        passthru = { unwrapped = package; } // package.passthru or { };
      } "source ${./wrap.sh}";

  # A derivation that runs a command as the dev shell would, confined to its closure. It
  # succeeds whatever comes of it; its output has the report (JSON, SARIF, HTML), the log,
  # the verdict (pure, impure, failed; reported, if nothing is enforced) and the exit
  # code of the command. It fails only
  # where purity cannot confine: a builder says that it can by the system feature
  # "landlock", if you ask for it. Further arguments are attributes of the derivation.
  mkReport = { shell, src, command, name ? "purity-check", policy ? { }, arguments ? [ ], meta ? { }, passthru ? { }, ... }@args:
    assert hostRows policy == [ ] || throw ("the policy of ${name} names files of a host, which a builder need not have: ${toString (hostRows policy)}; "
      + "let it name inputs, such as \"\${pkgs.tzdata}/share/zoneinfo\"");
    derivation (environmentOf shell // removeAttrs args [ "shell" "src" "command" "policy" "arguments" "meta" "passthru" ] // {
      name = "${name}-report";
      args = [ ./build.sh "report" ];
      purityExec = lib.escapeShellArgs [ program "exec" "--keep-all" "--absent" "--closure-file=${closureFile [ (inputsOf shell) ]}" ];
      purityArguments = lib.escapeShellArgs (configFlag policy ++ arguments);
      purityCommand = command;
      puritySource = src;
      purityTools = "${pkgs.coreutils}/bin:${pkgs.gnused}/bin:${pkgs.jq}/bin";
    }) // passthru // {
      inherit meta passthru;
      overrideAttrs = f: mkReport (args // (if builtins.isFunction f then f args else f));
    };

  # The rows of a policy that name files of a host: absolute, and not of the store.
  hostRows = policy:
    let
      of = key: let rows = policy.${key} or [ ]; in if builtins.isList rows then rows else [ rows ];
      host = row: builtins.isString row && builtins.match "[/~$].*" row != null && !(builtins.hasContext row);
    in
    builtins.filter host (builtins.concatMap of [ "read" "write" "exec" "devices" "sockets" ]);

  # A derivation that fails if the command of a report does, or if anything was denied
  # to it. Its output is that of the report, which is in `report`.
  mkCheck = { name ? "purity-check", meta ? { }, passthru ? { }, ... }@args:
    let report = mkReport (args // { inherit name; }); in
    pkgs.runCommand name
      {
        inherit report meta;
        label = name;
        passthru = { inherit report; } // passthru;
      } "source ${./verdict.sh}";

  # A check of each command in each dev shell, <shell>-<command>, and `summary`, which
  # succeeds and has one JSON, SARIF and HTML file of all. A command is a string, or what
  # more mkCheck takes. Further arguments are for all of them.
  mkChecks = { shells, commands, ... }@args:
    let
      common = removeAttrs args [ "shells" "commands" ];
      check = shell: command:
        let name = "${shell}-${command}"; in
        {
          inherit name;
          value = mkCheck (common // (if builtins.isString commands.${command} then { command = commands.${command}; } else commands.${command})
            // { inherit name; shell = shells.${shell}; });
        };
      checks = builtins.listToAttrs (builtins.concatMap (shell: map (check shell) (builtins.attrNames commands)) (builtins.attrNames shells));
    in
    checks // {
      summary = pkgs.runCommand "purity-summary"
        {
          names = toString (builtins.attrNames checks);
          reports = toString (map (name: "${checks.${name}.report}") (builtins.attrNames checks));
          nativeBuildInputs = [ pkgs.jq ];
        } "source ${./summary.sh}";
    };

  # What a dev shell's derivation is made of, for one that does something else, as
  # `nix develop` does it.
  environmentOf = shell: removeAttrs shell.drvAttrs [
    "allowedReferences" "allowedRequisites" "disallowedReferences" "disallowedRequisites" "outputChecks" "outputHash" "outputHashAlgo" "outputHashMode"
  ] // { outputs = [ "out" ]; };

  # A file that mentions all that the environment of a dev shell does, so that its
  # closure is the dev shell's.
  inputsOf = shell: derivation (environmentOf shell // {
    name = "${shell.name}-inputs";
    args = [ ./build.sh "inputs" ];
  });
}
