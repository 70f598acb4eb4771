// Package hook is the hooks by which shells confine programs: at a prompt, by direnv, in a dev
// shell that is active. It tells, too, which program a name runs.
package hook
