// Package closure is store paths, their references, and the sets of them
// that are closed under reference.
//
// It reads closures in every form in which Nix writes them: the JSON of `nix
// path-info` of all versions, `nix-store --query --requisites`, `nix-store
// --dump-db`, and the files of nixpkgs' closureInfo; the package binarycache
// reads them from a binary cache. It starts no process and knows no store
// directory by name: that is always a value.
package closure
