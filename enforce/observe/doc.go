// Package observe tells what a confined process was refused, which Landlock
// itself does not.
//
// The kernel asks a supervisor before each watched system call (seccomp's user
// notification, seccomp_unotify(2)); the supervisor lets every one go on, but
// looks at what it is about: it resolves the path as the kernel will and judges
// it by the policy. That is a prediction, never enforcement: what the memory of
// the process says may be another thing a moment later.
package observe
