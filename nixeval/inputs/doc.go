// Package inputs is a fingerprint of all that Nix would read to evaluate a
// flake, taken without Nix.
//
// Two equal keys mean that Nix would see the same, whatever clocks, branch
// switches and editors did in between. The converse is not promised: a key may
// change although Nix would not care. A source that cannot be fingerprinted is an
// [*UncacheableError], and then has to be evaluated every time.
//
// Contents are hashed, and the hashes remembered with the identity of the
// file (device, inode, size, mtime, ctime); the ctime, unlike the mtime, cannot
// be set. A file that changed too recently for its clock to tell is hashed
// again.
package inputs
