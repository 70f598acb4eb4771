package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/nix-purity/purity/enforce/host"
)

// Exception is an impurity that a project has and knows of: an [[exception]] of
// purity.toml.
type Exception struct {
	Path   string `toml:"path" example:"'/usr/bin/git'" help:"What is used: a path as for read, or an address and port."` // never empty
	Access string `toml:"access" example:"'execute'" enum:"read,write,execute,connect,listen" help:"How: any way, if it is left out."`
	Reason string `toml:"reason" example:"'the release script tags; to be replaced'" help:"Why it has to be, for people; an exception without a reason is an error."` // never empty
	Until  string `toml:"until" example:"2027-03-31" help:"The last day on which it holds; no end, if it is left out."`
	Only   string `toml:"only" example:"'make'" help:"The name of the program that may; any, if it is left out."`
	Origin string // "purity.toml:12"
	Dir    string // what a relative path is relative to
}

// exceptions reads the tables of that name.
func (f *File) exceptions(value any) error {
	tables, ok := value.([]any)
	if !ok {
		return f.wrong("exception", errors.New("want [[exception]] tables"))
	}
	accesses := words(reflect.TypeFor[Exception](), "access")
	for i, t := range tables {
		table, ok := t.(map[string]any)
		if !ok {
			return f.wrong("exception", errors.New("want [[exception]] tables"))
		}
		e := Exception{Origin: f.Line("exception", i), Dir: f.Base}
		for field, to := range reflect.ValueOf(&e).Elem().Fields() {
			if v := table[field.Tag.Get("toml")]; v != nil {
				to.SetString(fmt.Sprint(v)) // a date can be written as one
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
		case e.Access != "" && !slices.Contains(accesses, e.Access):
			return f.wrong(at, fmt.Errorf("access: want %s, not %q", strings.Join(accesses, ", "), e.Access))
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
