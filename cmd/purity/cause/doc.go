// Package cause gives each denial its reason and its remedy:
// the owner of the file, the place that named it, and a declared way to the same. A
// hint that names an attribute has evidence for it, or says that it has none.
package cause
