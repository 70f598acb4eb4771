// Package view shows a command the closure and nothing else.
//
// Landlock refuses and cannot hide: files outside a policy can be seen, and
// programs that take ENOENT in their stride die of EACCES. A [View] is a mount namespace
// whose root holds the grants of a policy, each at its place, and all that a machine needs
// besides: /proc, /dev, a private /tmp, a generated /etc, /bin/sh of the closure. All
// else is not there. Process, IPC and host names, and without a network that too, are
// namespaces of their own.
//
// [Run] starts the init of the namespaces, which is this program again; it makes the
// view, starts the command confined by Landlock and the filter, reaps, forwards signals
// and ends with the command:
//
//	purity ── clone ──► init: mounts → pivot_root → Landlock, seccomp → the command
//
// The kernel makes the namespaces while it makes the process (clone(2)), so that it does
// not matter how many threads the runtime of Go has. To a user they come with a user
// namespace, in which user and group stay as they are.
package view
