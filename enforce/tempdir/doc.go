// Package tempdir makes the temporary directory of a run, and removes it when
// the process that made it has ended, by then perhaps as another program.
package tempdir
