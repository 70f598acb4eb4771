# A module for flake-parts: imports = [ inputs.purity.flakeModules.default ].
{ lib, flake-parts-lib, inputs, ... }:
{
  options.perSystem = flake-parts-lib.mkPerSystemOption ({ config, pkgs, system, ... }:
    let
      inherit (lib) mkOption types;
      cfg = config.purity;
      purity = import ./lib.nix { inherit pkgs; purity = cfg.package; };
      arguments = description: mkOption {
        type = types.lazyAttrsOf (types.lazyAttrsOf types.raw);
        default = { };
        inherit description;
      };
    in
    {
      options.purity = {
        package = mkOption {
          type = types.package;
          default = inputs.purity.packages.${system}.default or (pkgs.callPackage ./package.nix { });
          defaultText = lib.literalMD "that of the input `purity`";
          description = "The purity to use.";
        };
        devShells = arguments "Dev shells that are confined, each what `lib.mkShell` takes.";
        packages = arguments "Packages whose programs are confined, each what `lib.wrapPackage` takes.";
        checks = arguments "Commands that must be pure, each what `lib.mkCheck` takes; the dev shell of the same name, or the default one, if it names none.";
      };

      config = {
        devShells = lib.mapAttrs (_: purity.mkShell) cfg.devShells;
        packages = lib.mapAttrs (_: purity.wrapPackage) cfg.packages;
        checks = lib.mapAttrs
          (name: check: purity.mkCheck ({ inherit name; shell = config.devShells.${name} or config.devShells.default; } // check))
          cfg.checks;
      };
    });

  _file = __curPos.file;
}
