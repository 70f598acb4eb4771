// Package parent makes a process that starts another one look like it from
// outside: it stops, goes on and ends as that does, and the signals it gets
// alone it passes on.
package parent
