// Package manual is purity's manual: the pages purity(1) and
// purity.toml(5), and each of their parts for "purity help".
//
// Names, values and help of commands and flags come from the command line's
// own definition, and keys, levels and presets from theirs. The
// rest is in the directory text, in the form that kong's help texts have too:
// paragraphs, indented lines that stay as they are, `typed words`, headings after
// a #, terms followed by lines that begin with a colon, and {names} of parts that are put
// in.
package manual
