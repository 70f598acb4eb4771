// Package parent makes a parent process look like its child from outside: it
// stops, continues and ends as the child does, and passes on the signals that
// it gets alone.
package parent
