package config

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nix-purity/purity/enforce/host"
)

// Exception is an impurity that a project has and knows of: an [[exception]] of
// purity.toml.
type Exception struct {
	Path   string // as for read; * and ** work
	Access string // read, write, execute, connect; empty for any
	Reason string // why it is there, for people; never empty
	Until  string // the last day it holds, as 2026-12-31; empty for no end
	Only   string // the name of the program that may; empty for any
	Origin string // "purity.toml:12"
	Dir    string // what a relative path is relative to
}

// exceptions reads the tables of that name.
func (f *File) exceptions(value any) error {
	tables, ok := value.([]any)
	if !ok {
		return f.wrong("exception", errors.New("want [[exception]] tables"))
	}
	for i, t := range tables {
		table, ok := t.(map[string]any)
		if !ok {
			return f.wrong("exception", errors.New("want [[exception]] tables"))
		}
		e := Exception{Origin: f.Line("exception", i), Dir: f.Base}
		for key, to := range map[string]*string{"path": &e.Path, "access": &e.Access, "reason": &e.Reason, "until": &e.Until, "only": &e.Only} {
			switch v := table[key].(type) {
			case nil:
			case string:
				*to = v
			default:
				*to = fmt.Sprint(v) // a date that is written as one
			}
		}
		at := fmt.Sprintf("exception[%d]", i)
		switch _, err := time.Parse(time.DateOnly, e.Until); {
		case e.Path == "":
			return f.wrong(at, errors.New("it has no path"))
		case e.Reason == "":
			return f.wrong(at, fmt.Errorf("%s needs a reason: say why it has to be", e.Path))
		case e.Until != "" && err != nil:
			return f.wrong(at, fmt.Errorf("until: want a day such as 2026-12-31, not %q", e.Until))
		case !slices.Contains([]string{"", "read", "write", "execute", "connect", "listen"}, e.Access):
			return f.wrong(at, fmt.Errorf("access: want read, write, execute, connect or listen, not %q", e.Access))
		}
		f.Exceptions = append(f.Exceptions, e)
	}
	return nil
}

// Expired reports whether e held no longer at a time.
func (e Exception) Expired(now time.Time) bool {
	last, err := time.ParseInLocation(time.DateOnly, e.Until, now.Location())
	return e.Until != "" && (err != nil || !now.Before(last.AddDate(0, 0, 1)))
}

// Matches reports whether e is for a path (or address) that a program uses so.
func (e Exception) Matches(path, access, program string) bool {
	if e.Access != "" && e.Access != access || e.Only != "" && e.Only != program {
		return false
	}
	return e.Path == path || host.Here(e.Dir).Match(e.Path, path)
}
