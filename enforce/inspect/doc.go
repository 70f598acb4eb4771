// Package inspect looks at a project directory with the eyes of a confinement:
// what in it leads outside although it is inside, and what a confined command
// changed that is run later, unconfined.
package inspect
