// Package overlay says what a command changed in a directory that it was shown as an
// overlay, and writes that to a directory.
//
// All of it is the command's: names, types, modes and sizes are whatever it made. So
// files are opened below the directories that they belong to, by way of no symbolic link
// (openat2(2)); what is written are regular files, directories and symbolic links, without
// set-user-ID; and nothing is written that programs outside obey later.
package overlay
