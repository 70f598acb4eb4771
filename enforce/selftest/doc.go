// Package selftest attacks the machine from inside a real confinement.
//
// A [Vector] is one way past a confinement, with a twin: something as like it
// as can be that must work. Each is tried three times in a world made for it:
// without any confinement, to see that it works here at all; confined; and its
// twin confined. The outcome is compared with the guard that the vector names,
// from which kernel on, so that a new hole is an error and not a surprise.
//
// The attacker is the program itself, started again with a hidden word.
package selftest
