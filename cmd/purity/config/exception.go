package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/nix-purity/purity/enforce/host"
)

// Exception is an impurity that a project has and knows of: an [[exception]] of
// purity.toml.
type Exception struct {
	Path   string `toml:"path" example:"'/usr/bin/git'" help:"Path, as for read, with everything below it; or an address, such as *:443."` // never empty
	Access string `toml:"access" example:"'execute'" enum:"read,write,execute,connect,listen" help:"Access of the exception; connect and listen are for addresses, too (default: any)."`
	Reason string `toml:"reason" example:"'the release script tags; to be replaced'" help:"Reason, for people. An exception without a reason is an error."` // never empty
	Until  string `toml:"until" example:"2027-03-31" help:"Last day of the exception (default: none)."`
	Only   string `toml:"only" example:"'make'" help:"Name of the program that the exception is for (default: any)."`
	Origin string // "purity.toml:12"
	Dir    string // start of a relative path
}

// exceptions reads the tables of that name.
func (f *File) exceptions(value any) error {
	tables, ok := value.([]any)
	if !ok {
		return f.wrong("exception", errors.New("want [[exception]] tables"))
	}
	var unexplained []int
	for i, t := range tables {
		table, ok := t.(map[string]any)
		if !ok {
			return f.wrong("exception", errors.New("want [[exception]] tables"))
		}
		e := Exception{Origin: f.Line("exception", i), Dir: f.Base}
		err := e.read(table)
		if err == nil {
			err = e.check()
		}
		switch {
		case errors.Is(err, ErrNoReason):
			unexplained = append(unexplained, i)
		case err != nil:
			return f.wrong(fmt.Sprintf("exception[%d]", i), err)
		}
		f.Exceptions = append(f.Exceptions, e)
	}
	return f.unexplained(unexplained)
}

// unexplained is the error that names all exceptions without a reason, as a new
// baseline has many.
func (f *File) unexplained(exceptions []int) error {
	if len(exceptions) == 0 {
		return nil
	}
	first := f.Exceptions[exceptions[0]]
	var also []string
	for _, i := range exceptions[1:] {
		also = append(also, f.Exceptions[i].Origin+" "+f.Exceptions[i].Path)
	}
	err := fmt.Errorf("%s %w", first.Path, ErrNoReason)
	if len(also) > 0 {
		err = fmt.Errorf("%w, and so do %s", err, strings.Join(also, ", "))
	}
	return f.wrong(fmt.Sprintf("exception[%d]", exceptions[0]), err)
}

// ErrNoReason is the fault of exceptions that do not say why.
var ErrNoReason = errors.New("needs a reason")

func (e *Exception) read(table map[string]any) error {
	for field, to := range reflect.ValueOf(e).Elem().Fields() {
		key := field.Tag.Get("toml")
		switch v := table[key].(type) {
		case nil:
		case string:
			to.SetString(v)
		case toml.LocalDate:
			if key != "until" {
				return fmt.Errorf("%s: want a string", key)
			}
			to.SetString(v.String())
		default:
			return fmt.Errorf("%s: want a string", key)
		}
	}
	return nil
}

func (e *Exception) check() error {
	_, dayErr := time.Parse(time.DateOnly, e.Until)
	accesses := words(reflect.TypeFor[Exception](), "access")
	switch {
	case e.Path == "":
		return errors.New("it has no path")
	case e.Until != "" && dayErr != nil:
		return fmt.Errorf("until: want a day such as 2026-12-31, not %q", e.Until)
	case e.Access != "" && !slices.Contains(accesses, e.Access):
		return fmt.Errorf("access: want %s, not %q", strings.Join(accesses, ", "), e.Access)
	case e.badPort():
		return fmt.Errorf("path: %s has no port from 1 to 65535", e.Path)
	case !host.Valid(e.Path):
		return fmt.Errorf("path: %s is no pattern", e.Path)
	case strings.TrimSpace(e.Reason) == "":
		return ErrNoReason
	}
	return nil
}

// Expired reports whether e held no longer at a time.
func (e Exception) Expired(now time.Time) bool {
	last, err := time.ParseInLocation(time.DateOnly, e.Until, now.Location())
	return e.Until != "" && (err != nil || !now.Before(last.AddDate(0, 0, 1)))
}

// Port is the port of an exception that is for an address.
func (e Exception) Port() (uint16, bool) {
	if e.Access != "connect" && e.Access != "listen" || filepath.IsAbs(e.Path) {
		return 0, false
	}
	port, err := strconv.ParseUint(e.Path[strings.LastIndexByte(e.Path, ':')+1:], 10, 16)
	return uint16(port), err == nil && port > 0 && strings.Contains(e.Path, ":")
}

// badPort reports whether e is for an address with a number that is no port.
func (e Exception) badPort() bool {
	_, ok := e.Port()
	at := strings.LastIndexByte(e.Path, ':')
	if ok || filepath.IsAbs(e.Path) || at < 0 || e.Access != "connect" && e.Access != "listen" {
		return false
	}
	return strings.Trim(e.Path[at+1:], "0123456789") == ""
}

// Matches reports whether e is for a path (or address) that a program uses so: as
// for a grant, all below a directory is meant with it.
func (e Exception) Matches(path, access, program string) bool {
	if e.Access != "" && e.Access != access && !slices.Contains(includes[e.Access], access) || e.Only != "" && e.Only != plainName(program) {
		return false
	}
	if e.Path == path {
		return true
	}
	if !filepath.IsAbs(path) {
		matched, err := filepath.Match(strings.NewReplacer("[", `\[`, "]", `\]`).Replace(e.Path), path)
		return err == nil && matched
	}
	return host.Here(e.Dir).Within(e.Path, path)
}

// includes are the accesses that come with an access, as grants have it.
var includes = map[string][]string{"write": {"read"}, "execute": {"read"}}

// plainName is the name of a program that nixpkgs has wrapped: .perl-wrapped is
// perl.
func plainName(program string) string {
	inner, hidden := strings.CutPrefix(program, ".")
	inner, wrapped := strings.CutSuffix(strings.TrimRight(inner, "_"), "-wrapped")
	if hidden && wrapped {
		return inner
	}
	return program
}

// CountExceptions is how many exceptions a purity.toml has, whatever else is in
// it and whether or not they hold.
func CountExceptions(content []byte) (int, error) {
	var document struct {
		Exception []map[string]any `toml:"exception"`
	}
	if err := toml.Unmarshal(content, &document); err != nil {
		return 0, fmt.Errorf("count exceptions: %w", err)
	}
	return len(document.Exception), nil
}
