// Package manual is what purity says of itself: the pages purity(1) and
// purity.toml(5), and each of their parts for "purity help".
//
// What commands and flags are called, take and do is read from the command line's
// own definition, and what keys, levels and presets there are from theirs. The
// rest is in the directory text, in the form that kong's help texts have too:
// paragraphs, indented lines that stay as they are, `what is typed`, headings after
// a #, terms followed by lines that begin with a colon, and {names} of what is put
// in.
package manual
