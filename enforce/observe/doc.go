// Package observe tells the denials of a confined process, which Landlock
// itself does not.
//
// The kernel asks a supervisor before each watched system call (seccomp's user
// notification, seccomp_unotify(2)); the supervisor lets every one go on, but
// looks at its subject: it resolves the path as the kernel will and judges
// it by the policy. That is a prediction, never enforcement: the memory of
// the process may hold another thing a moment later.
package observe
