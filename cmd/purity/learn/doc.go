// Package learn makes of what a run was found to use what would have let it: keys
// of purity.toml, or exceptions. It leaves out what would open secrets.
package learn
