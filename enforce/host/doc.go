// Package host knows the paths of a machine that a confinement may reach besides the
// closure and the project: the rows of the levels, the grants of presets, the
// programs /bin/sh and /usr/bin/env, git's directory, data that variables name.
// Tables with a reason for each row; which of them a policy takes is its
// maker's business.
package host
