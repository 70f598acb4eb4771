// Package learn turns the findings of a run into the settings that would have let it pass: keys
// of purity.toml, or exceptions. It leaves out grants that would open secrets.
package learn
