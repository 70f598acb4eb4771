// Package screen is how text reaches people: what their terminals would obey
// is shown instead, and lines end where the window does.
package screen
