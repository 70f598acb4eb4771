package show

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// Explanation is the documented form of purity explain --json.
type Explanation struct {
	Version int             `json:"version" doc:"Of this form."`
	Path    string          `json:"path" doc:"The path as it was given, made absolute."`
	Real    string          `json:"realPath" doc:"The path without symbolic links."`
	Exists  bool            `json:"exists" doc:"Whether it is there."`
	Hidden  bool            `json:"hidden,omitempty" doc:"Whether it is there, and a view does not show it."`
	Access  []accessVerdict `json:"access" doc:"Accesses of the path."`
	Chain   []closure.Path  `json:"chain,omitempty" doc:"The references from a root to the store path."`
	Remedy  string          `json:"remedy,omitempty" doc:"Setting that would grant the access."`
	Mode    string          `json:"mode" doc:"enforce, or a mode that denies nothing."`
}

type accessVerdict struct {
	Access  string `json:"access" doc:"read, write, execute or list."`
	Allowed bool   `json:"allowed" doc:"Whether that is allowed."`
	Reason  string `json:"reason,omitempty" doc:"Why it is, or is not."`
	Grant   string `json:"grant,omitempty" doc:"The path of the grant."`
}

// Print tells people.
func (e Explanation) Print(out io.Writer) error {
	screen.Printf(out, "%s\n", e.Path)
	if e.Real != e.Path {
		screen.Printf(out, "which is %s\n", e.Real)
	}
	if !e.Exists {
		fmt.Fprintln(out, "which does not exist")
	}
	if e.Hidden {
		fmt.Fprintln(out, "which the view hides"+e.anew())
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, v := range e.Access {
		switch {
		case v.Allowed:
			screen.Printf(table, "  %s\tyes\t%s\t%s\n", v.Access, v.Reason, v.Grant)
		case v.Reason != "":
			screen.Printf(table, "  %s\tno\t%s\n", v.Access, v.Reason)
		default:
			screen.Printf(table, "  %s\tno\n", v.Access)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i, path := range e.Chain {
		fmt.Fprintln(out, strings.Repeat("  ", i+1)+string(path))
	}
	if e.Mode != "enforce" {
		screen.Printf(out, "But the mode is %s, which denies nothing.\n", e.Mode)
	}
	if e.Remedy != "" {
		screen.Printf(out, "%s\n", e.Remedy)
	}
	return nil
}

// anew says that the command can make a file of a hidden one's name, if it can.
func (e Explanation) anew() string {
	for _, v := range e.Access {
		if v.Access == "write" && v.Allowed {
			return "; " + v.Grant + " is the command's own, where it can make another one"
		}
	}
	return ""
}

// Explain explains the access to a path under a plan.
func Explain(p confine.Plan, path string) (Explanation, error) {
	e := Explanation{Version: form.Version, Path: path, Real: enforce.Real(path), Mode: p.Mode}
	_, err := os.Stat(path)
	e.Exists, e.Hidden = err == nil, p.Hides(path)
	if file := p.StandIn(path); file != "" {
		path = file
		e.Real, e.Exists = enforce.Real(file), true
	}
	allowed := e.judge(p, path)
	store, _, err := closure.Within(p.Nix.StoreDir(), e.Real)
	inStore := err == nil
	if inStore && p.Env.Contains(string(store)) {
		have, err := p.Env.Closure()
		if err != nil {
			return e, err
		}
		e.Chain = have.Why(store)
	}
	e.Remedy = remedy(p, e.Path, e.Real, allowed, inStore)
	return e, nil
}

// judge lists the accesses to a path, and returns the allowed ones.
func (e *Explanation) judge(p confine.Plan, path string) (allowed enforce.Access) {
	covering := p.Policy.Covering(path, enforce.All)
	outside := slices.DeleteFunc(slices.Clone(covering), confine.Private)
	guarded, _ := p.Guarded(e.Real, false)
	for _, kind := range []struct {
		name   string
		access enforce.Access
	}{{"read", enforce.Read}, {"write", enforce.Write}, {"execute", enforce.Execute}} {
		v := accessVerdict{Access: kind.name}
		rows := covering
		if e.Hidden && kind.access != enforce.Write || len(outside) > 0 { // a grant in a directory of the view's own counts alone
			rows = outside
		}
		for _, g := range rows {
			if g.Access&kind.access != 0 && !v.Allowed {
				v.Allowed, v.Reason, v.Grant = true, g.Reason, g.Path
			}
		}
		switch {
		case kind.access != enforce.Write || p.Sees.View == nil:
		case guarded != "":
			v = accessVerdict{Access: kind.name, Reason: "read-only in the view, because programs outside obey it"}
		case enforce.OfKernel(e.Real):
			v = accessVerdict{Access: kind.name, Reason: "read-only in the view: the kernel's own"}
		}
		if v.Allowed {
			allowed |= kind.access
		}
		e.Access = append(e.Access, v)
	}
	if allowed&enforce.Read == 0 && !e.Hidden {
		e.Access = append(e.Access, listed(p, path)...)
	}
	if config.IsDevice(path) && allowed&(enforce.Read|enforce.Write) != 0 {
		v := accessVerdict{Access: "control"}
		if rows := p.Policy.Covering(path, enforce.Ioctl); len(rows) > 0 {
			v.Allowed, v.Reason, v.Grant = true, rows[0].Reason, rows[0].Path
			allowed |= enforce.Ioctl
		}
		e.Access = append(e.Access, v)
	}
	return allowed
}

// listed is the verdict on a directory that can be listed and not read, if path is one.
func listed(p confine.Plan, path string) []accessVerdict {
	rows := p.Policy.Covering(path, enforce.List)
	if info, err := os.Stat(path); err != nil || !info.IsDir() || len(rows) == 0 {
		return nil
	}
	return []accessVerdict{{Access: "list", Allowed: true, Reason: rows[0].Reason, Grant: rows[0].Path}}
}

// remedy is a change that would allow the denied access to a file. Named is the path as the
// user gave it.
func remedy(p confine.Plan, named, path string, allowed enforce.Access, inStore bool) string {
	home := enforce.Real(os.Getenv("HOME"))
	short := host.Literal(path)
	if home != "" && enforce.Inside(path, home) {
		short = "~" + host.Literal(strings.TrimPrefix(path, home))
	}
	short = config.Quote(short)
	info, err := os.Stat(path)
	program := err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
	guarded, setting := p.Guarded(path, false)
	switch {
	case guarded != "" && setting != "":
		return "To let the command write it, in purity.toml:  " + setting
	case config.IsDevice(path) && allowed&(enforce.Read|enforce.Write) != 0 && allowed&enforce.Ioctl == 0:
		return "To control it with ioctl(2), too, in purity.toml:  devices = [" + short + "]"
	case allowed&enforce.Read != 0 && (allowed&enforce.Execute != 0 || !program):
		return ""
	case inStore:
		return "It is a store path outside the closure: add its package to the packages of the dev shell."
	case !program && SecretIn(named) != "":
		return "It looks like a secret, or has some in it (" + SecretIn(named) + "): better keep it closed."
	case program && nixeval.Find(filepath.Base(named), p.Env.Path()) != "":
		name := filepath.Base(named)
		return "The dev shell has " + nixeval.Find(name, p.Env.Path()) + ": run it as " + name + ", without the directory."
	case program:
		return "To run it, add the package with bin/" + filepath.Base(named) + " to the packages of the dev shell; as an exception, in purity.toml:  exec = [" + short + "]"
	}
	key, _ := config.KeyFor("read", path)
	return "As an exception, in purity.toml:  " + key.Key + " = [" + short + "]"
}
