// Package enforce is the policy of a confinement and its enforcement.
//
// A [Policy] is a list of grants, each with the reason for it: plain data
// that can be shown and compared. [Policy.Exec] has the kernel enforce it with
// Landlock and replaces the process by a command:
//
//	resolve the paths → open → close descriptors → no_new_privs → Landlock → canary → execve
//
// It is the only package of purity that makes such system calls. What the
// kernel cannot enforce is an error, never less enforcement. It knows nothing
// of Nix: where the grants come from is the caller's business.
package enforce
