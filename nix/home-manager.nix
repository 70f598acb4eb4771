# A module for home-manager: imports = [ inputs.purity.homeModules.default ].
{ config, lib, pkgs, ... }:
let
  cfg = config.programs.purity;
  program = lib.getExe cfg.package;
  integration = shell: lib.mkOption {
    type = lib.types.bool;
    default = config.home.shell."enable${shell}Integration" or true;
    description = "Whether the start-up file of ${shell} has purity's hook: it confines the programs of projects that are allowed.";
  };
in
{
  options.programs.purity = {
    enable = lib.mkEnableOption "purity, which confines the programs of Nix dev shells to what is declared";

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.purity or (pkgs.callPackage ./package.nix { });
      defaultText = lib.literalExpression "pkgs.purity";
      description = "The purity to install.";
    };

    enableBashIntegration = integration "Bash";
    enableZshIntegration = integration "Zsh";
    enableFishIntegration = integration "Fish";
    enableDirenvIntegration = lib.mkOption {
      type = lib.types.bool;
      default = config.programs.direnv.enable;
      defaultText = lib.literalExpression "config.programs.direnv.enable";
      description = "Whether an .envrc can say `use purity`.";
    };
  };

  config = lib.mkIf cfg.enable {
    home.packages = [ cfg.package ];

    # After direnv's hook, which home-manager adds by mkAfter: other hooks change the
    # prompt and PATH, and the shims have to be in front.
    programs.bash.initExtra = lib.mkIf cfg.enableBashIntegration (lib.mkOrder 2000 ''
      eval "$(${program} hook bash)"
    '');
    programs.zsh.initContent = lib.mkIf cfg.enableZshIntegration (lib.mkOrder 2000 ''
      eval "$(${program} hook zsh)"
    '');
    programs.fish.interactiveShellInit = lib.mkIf cfg.enableFishIntegration (lib.mkOrder 2000 ''
      ${program} hook fish | source
    '');

    xdg.configFile."direnv/lib/purity.sh" = lib.mkIf cfg.enableDirenvIntegration {
      source = pkgs.runCommand "purity-direnv.sh" { } "${program} hook direnv > $out";
    };
  };
}
