{ lib, buildGoModule, installShellFiles }:

buildGoModule {
  pname = "purity";
  version = lib.fileContents ./version;

  src = lib.sourceByRegex ../. [
    "go\\.(mod|sum)"
    "(cmd|closure|enforce|fixtures|nixeval)(/.*)?"
  ];

  # The hash of what `go mod vendor` writes; a test holds it to that.
  vendorHash = "sha256-+Q2E/RWkj+0x7pe7WqZeUtFMrChLDd0qzoU7fZI8E9s=";

  subPackages = [ "cmd/purity" ];
  env.CGO_ENABLED = 0;
  ldflags = [ "-s" "-w" "-X main.version=${lib.fileContents ./version}" ];

  # The tests need a kernel with Landlock, Nix and the network of Debian.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];
  postInstall = ''
    installManPage cmd/purity/man/*
    for shell in bash zsh fish; do
      $out/bin/purity completion $shell > purity.$shell
      installShellCompletion --cmd purity --$shell purity.$shell
    done
  '';

  meta = {
    description = "Run commands confined to the runtime closure of a Nix dev shell";
    homepage = "https://github.com/nix-purity/purity";
    license = lib.licenses.mit;
    platforms = lib.platforms.linux;
    mainProgram = "purity";
  };
}
