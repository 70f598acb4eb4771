{ lib, buildGoModule, installShellFiles }:

buildGoModule {
  pname = "purity";
  version = lib.fileContents ./version;

  src = lib.sourceByRegex ../. [
    "go\\.(mod|sum)"
    "(cmd|closure|enforce|fixtures|nixeval)(/.*)?"
  ];

  # The hash of what `go mod vendor` writes; a test holds it to that.
  vendorHash = "sha256-zzGIAvJVaTZUJj3g8U1K3sDA/XXt5HoQ/Chfj9cu2YE=";

  subPackages = [ "cmd/purity" ];
  env.CGO_ENABLED = 0;
  ldflags = [ "-s" "-w" "-X main.version=${lib.fileContents ./version}" ];

  # The tests need a kernel with Landlock, Nix and the network of Debian.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];
  postInstall = ''
    installManPage cmd/purity/purity.1
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
