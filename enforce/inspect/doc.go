// Package inspect looks at a project directory with the eyes of a confinement:
// the paths in it that lead outside although they are inside, and the files that a confined command
// changed and that are run later, unconfined.
package inspect
