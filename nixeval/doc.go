// Package nixeval asks Nix for dev environments.
//
// [Nix.Resolve] turns a [Request] (a flake, a shell.nix, store paths, a
// closure file, or the shell that is already active) into an [Environment]:
// the variables that `nix develop` would set, the bash code that goes with
// them, and the store paths of the runtime closure. It is the only package of
// purity that starts nix, and it owns the evaluation cache and the garbage
// collector roots that keep cached environments alive.
//
// It does not confine anything, print anything or decide the paths that a confinement
// may reach; progress is handed to [Nix.Report].
package nixeval
