// Package shell writes code for shells, and reads lines that people type
// there.
package shell
