// Package seccomp makes and installs the system call filter of a confinement.
//
// Landlock controls files, some sockets and signals. Calls that it leaves open, and
// no build needs, the filter refuses: keyrings, System V IPC, io_uring, mounts,
// new user namespaces, typing into terminals, kernel interfaces, odd socket
// families, and where a policy says so all networks. [Rules] choose; a table
// and pure functions make a classic BPF program of them, for every kind of
// system call that the machine knows: a filter that forgets 32-bit calls can
// be walked around.
package seccomp
