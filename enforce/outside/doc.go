// Package outside starts the programs that purity itself needs, outside of the
// confinement of commands: Nix, and git where Nix starts it.
//
// They read files that a command or a clone has left behind, and some of it names programs.
// So nothing that lies where a command may write can be executed by them, whatever names
// it: a wall of its own, beside the care that is taken that nothing is named.
package outside
