# The outputs of the flake.
{ self, nixpkgs }:
let
  systems = [ "x86_64-linux" "aarch64-linux" ];
  eachSystem = f: nixpkgs.lib.genAttrs systems (system: f (import nixpkgs {
    inherit system;
    overlays = [ self.overlays.default ];
  }));
  shell = pkgs: pkgs.mkShell { packages = [ pkgs.go pkgs.gnumake pkgs.git ]; };
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
    default = shell pkgs;
  });

  # purity is built in its own dev shell, and nothing of the host is asked for.
  checks = eachSystem (pkgs: {
    build = (import ./lib.nix { inherit pkgs; }).mkCheck {
      name = "purity-build";
      shell = shell pkgs;
      inherit (pkgs.purity) src;
      policy = { read = [ "${pkgs.purity.goModules}" ]; network = false; };
      command = ''
        cp -r --no-preserve=mode ${pkgs.purity.goModules} vendor
        CGO_ENABLED=0 GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-mod=vendor go build -buildvcs=false -o purity ./cmd/purity
        ./purity version
      '';
    };
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
