// Package view shows a command the closure and nothing else.
//
// Landlock denies but does not hide: a command still sees files outside its policy, and
// programs that cope with ENOENT die of EACCES. A [View] is a mount namespace whose root
// holds the grants of a policy, each at its place, and the files that every program needs:
// /proc, /dev, a private /tmp, a generated /etc, /bin/sh of the closure. Nothing else
// exists there. The view also has its own PID, IPC and UTS namespaces, and a network
// namespace if the policy allows no network.
//
// [Run] starts this program again as the init of the namespaces. The init makes the view,
// starts the command under Landlock and the filter, reaps orphans, forwards signals and
// ends with the command:
//
//	purity ── clone ──► init: mounts → pivot_root → Landlock, seccomp → the command
//
// clone(2) makes the namespaces together with the process, so the threads of Go's runtime
// do not matter. An unprivileged user gets a user namespace too, in which user and group
// stay as they are.
package view
