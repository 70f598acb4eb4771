// Package tempdir makes the temporary directory of a run, and removes it when
// the process that made it ends, even if that has become another program.
package tempdir
