package config

import (
	"os"
	"slices"

	"github.com/nix-purity/purity/enforce"
)

// PathKey is a key whose values are paths that a policy opens.
type PathKey struct {
	Key    string
	Access enforce.Access // the access to them
	Word   string         // the access in reports and exceptions, empty where they have none
	list   func(*Settings) *[]string
}

// PathKeys are all of them. Grants, the rows that a file adds, the links that are allowed with
// it, learning, exceptions and hints go by this table.
var PathKeys = []PathKey{
	{"read", enforce.Read, "read", func(s *Settings) *[]string { return &s.Read }},
	{"write", enforce.Read | enforce.Write, "write", func(s *Settings) *[]string { return &s.Write }},
	{"exec", enforce.Read | enforce.Execute, "execute", func(s *Settings) *[]string { return &s.Exec }},
	{"devices", enforce.Read | enforce.Write | enforce.Ioctl, "", func(s *Settings) *[]string { return &s.Devices }},
	{"sockets", enforce.Connect, "connect", func(s *Settings) *[]string { return (*[]string)(&s.Sockets) }},
}

// KeyOf is the key that opens paths for the access that a word stands for. Addresses,
// which can be listened at as well, have none.
func KeyOf(word string) (PathKey, bool) {
	i := slices.IndexFunc(PathKeys, func(k PathKey) bool { return k.Word == word && word != "" })
	if i < 0 {
		return PathKey{}, false
	}
	return PathKeys[i], true
}

// IsDevice reports whether a path is a device, which programs control with ioctl(2).
func IsDevice(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeDevice != 0
}

// KeyFor is KeyOf for a path: who reads or writes a device controls it, too.
func KeyFor(word, path string) (PathKey, bool) {
	if (word == "read" || word == "write") && IsDevice(path) {
		return PathKeys[slices.IndexFunc(PathKeys, func(k PathKey) bool { return k.Key == "devices" })], true
	}
	return KeyOf(word)
}

// In are the paths that settings have for k: none where sockets are none.
func (k PathKey) In(s Settings) []string {
	if k.Access == enforce.Connect && s.Sockets.None() {
		return nil
	}
	return *k.list(&s)
}

// Add adds a path to settings, in a list of its own.
func (k PathKey) Add(s *Settings, path string) {
	list := k.list(s)
	*list = append(slices.Clone(*list), path)
}

// Paths are the paths that e has for a key, each with where it comes from.
func (e Effective) Paths(k PathKey) []Entry {
	if len(k.In(e.Settings)) == 0 {
		return nil
	}
	return e.Entries(k.Key)
}

// Opens is the directory that Home names, empty where that is a word.
func (s Settings) Opens() string {
	if s.Home == "private" || s.Home == "none" {
		return ""
	}
	return s.Home
}

// Grants is the access of an exception to its path: anything, if it does not say,
// and nothing for an address.
func (e Exception) Grants() enforce.Access {
	if k, ok := KeyOf(e.Access); ok {
		return k.Access
	}
	var all enforce.Access
	for _, k := range PathKeys {
		if e.Access == "" && k.Word != "" {
			all |= k.Access
		}
	}
	return all
}
