// Package overlay lists the changes that a command made in an overlay of a directory, and
// writes them to a directory.
//
// The command chose all of it: names, types, modes and sizes. So the package opens files
// below their directories, through no symbolic link (openat2(2)). It writes only regular
// files, directories and symbolic links, without set-user-ID, and no file that programs
// outside obey later.
package overlay
