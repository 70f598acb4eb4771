// Package early settles how Go's runtime works for a program that is soon to be another one.
// It imports nothing of ours, so that it is initialised before most of that.
package early

import "runtime"

// One processor has the runtime start fewer threads, each of which takes a stack and caches
// of its own. A start has little to do at the same time.
func init() {
	runtime.GOMAXPROCS(1)
	roomy()
}

// Parallel lets the runtime use all processors, for those who stay.
func Parallel() { runtime.SetDefaultGOMAXPROCS() }
