// Package enforce is the policy of a confinement and its enforcement.
//
// A [Policy] is a list of grants, each with the reason for it: plain data
// that can be shown and compared. [Policy.Exec] has the kernel enforce it with
// Landlock and replaces the process by a command:
//
//	resolve the paths → open → close descriptors → no_new_privs → Landlock → canary → execve
//
// No other package of purity makes such system calls. A policy that the kernel
// cannot enforce is an error, never less enforcement. The package knows nothing
// of Nix; the caller provides the grants.
package enforce
