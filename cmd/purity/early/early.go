// Package early settles how Go's runtime works for a program that is soon to be another one.
// It imports nothing of ours, so that it is initialised before most of that.
package early

import "runtime"

// One processor has the runtime start fewer threads, each of which takes a stack and caches
// of its own. A start has little to do at the same time.
func init() {
	runtime.GOMAXPROCS(1)
	roomy()
	deepen(1)
}

// deepen has the stack grow at once, while there is little of it to copy: each time the runtime
// reads tables about every function on it.
//
//go:noinline
func deepen(i int) byte {
	var frame [48 << 10]byte
	frame[i] = byte(i)
	return frame[2*i]
}

// Parallel lets the runtime use all processors, for those who stay.
func Parallel() { runtime.SetDefaultGOMAXPROCS() }
