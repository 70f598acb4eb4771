# The outputs of the flake.
{ self, nixpkgs }:
let
  systems = [ "x86_64-linux" "aarch64-linux" ];
  eachSystem = f: nixpkgs.lib.genAttrs systems (system: f (import nixpkgs {
    inherit system;
    overlays = [ self.overlays.default ];
  }));
in
{
  overlays.default = final: _prev: { purity = final.callPackage ./package.nix { }; };

  packages = eachSystem (pkgs: { default = pkgs.purity; });

  apps = eachSystem (pkgs: {
    default = {
      type = "app";
      program = "${pkgs.purity}/bin/purity";
      meta = { inherit (pkgs.purity.meta) description; };
    };
  });

  devShells = eachSystem (pkgs: {
    default = pkgs.mkShell { packages = [ pkgs.go pkgs.gnumake pkgs.git ]; };
  });

  # lib.x86_64-linux.mkShell and the like, or lib.for pkgs with packages of yours. The
  # module for devenv is here because Nix knows no output for it.
  lib = eachSystem (pkgs: import ./lib.nix { inherit pkgs; }) // {
    for = pkgs: import ./lib.nix {
      inherit pkgs;
      purity = pkgs.purity or (pkgs.callPackage ./package.nix { });
    };
    devenvModule = ./devenv.nix;
  };

  flakeModules.default = ./flake-module.nix;
  homeModules.default = ./home-manager.nix;
}
