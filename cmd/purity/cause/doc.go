// Package cause says of what was refused why that is so and what to do about it:
// whose file it is, what named it, and how the same is had in a declared way. A
// hint that names an attribute has evidence for it, or says that it has none.
package cause
