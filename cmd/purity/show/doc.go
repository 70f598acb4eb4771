// Package show is how people and machines see a plan and a closure: the rows of a policy, the
// explanation of a path, store paths by size.
package show
