// Package config is the settings of a policy: flags, PURITY_ variables
// and the file purity.toml, which have the same keys, because all of them come
// from one struct, [Settings]; and which of them open more than a level does.
package config
