package selftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/view"
)

// The hidden words by which the program becomes a part of the test.
const (
	attackWord  = "__attack"  // tries all vectors
	confineWord = "__confine" // confines itself and becomes the attacker
	victimWord  = "__victim"  // sleeps
	stepWord    = "__step"    // does steps that need a process of their own
	nothingWord = "__nothing" // ends
	raisedWord  = "__raised"  // ends well if it runs as another user than it was started by

	plantConfinedWord = "__plant-confined" // confines itself and becomes the planter
	plantWord         = "__plant"          // leaves things behind in scenes
	reachWord         = "__reach"          // tries one thing in a confinement of purity's
)

// worldVariable carries the world, variantVariable which policy it is to be.
const (
	worldVariable   = "PURITY_SELFTEST_WORLD"
	variantVariable = "PURITY_SELFTEST_POLICY"
)

// Words are the hidden first arguments of all parts.
var Words = []string{attackWord, confineWord, victimWord, stepWord, nothingWord, raisedWord, plantConfinedWord, plantWord, reachWord}

// RunPart does the work of a part of the test if args are those of one.
func RunPart(args []string) (code int, ok bool) {
	if len(args) < 2 {
		return 0, false
	}
	var err error
	switch args[1] {
	case nothingWord:
	case plantConfinedWord:
		err = becomePlanter(args[2:])
	case plantWord:
		err = plant(args[2:])
	case reachWord:
		if !isCopy() { // purity itself, called as a shim of the attacker's
			return 0, false
		}
		err = reachIt(args[2:])
	case raisedWord:
		if os.Geteuid() == os.Getuid() {
			return int(unix.EPERM), true
		}
	case victimWord:
		os.Stdout.Write([]byte{1})
		time.Sleep(timeout)
	case attackWord:
		err = attack(os.Stdout)
	case confineWord:
		err = confine()
	case stepWord:
		runtime.LockOSThread()
		var w *World
		if w, err = decodeWorld(os.Getenv(worldVariable)); err == nil {
			err = steps[args[2]](w)
		}
	default:
		return 0, false
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 125, true
	}
	return 0, true
}

// attempt is the attacker's report on a vector.
type attempt struct {
	ID     string
	Attack string // error, empty if it worked
	Twin   string // error of the twin, empty if it worked
}

// attack tries everything, and confined the twins too.
func attack(out io.Writer) error {
	w, err := decodeWorld(os.Getenv(worldVariable))
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	name := os.Getenv(variantVariable)
	variant, confined := variantNamed(name), name != ""
	for _, v := range Vectors() {
		if !variant.Tries(v, os.Getuid() == 0) || v.Layered && confined && !w.Layered {
			continue
		}
		a := attempt{ID: v.ID, Attack: describe(v.attack, w)}
		if confined && v.twin != nil {
			a.Twin = describe(v.twin, w)
		}
		if err := encoder.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// describe runs one function and returns its error in a word.
func describe(f func(*World) error, w *World) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprint(p)
		}
	}()
	err := f(w)
	var errno unix.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

// Policy is that of the level, as users get it, without the grants of a project and
// an environment.
func (v Variant) Policy() (enforce.Policy, error) {
	level, _ := host.FindLevel(v.Level)
	p := level.Policy()
	base, err := level.Grants()
	if err != nil {
		return p, err
	}
	shell, err := host.Shell(level.Programs...)
	p.Grants = append(base, shell...)
	return p, err
}

// in is the policy in a world. Whatever the kernel, it is attacked: gaps
// are the subject of the result.
func (v Variant) in(w *World) (enforce.Policy, error) {
	p, err := v.Policy()
	if err != nil {
		return p, err
	}
	self, err := host.Shell(w.Self) // a purity that was linked dynamically has a loader
	p.Grants = append(append(p.Grants, self...),
		enforce.Grant{Path: w.Project, Access: enforce.All, Reason: "project"},
		enforce.Grant{Path: w.Closure, Access: enforce.Read | enforce.Execute, Reason: "closure", NoFollow: true})
	p.MinABI, p.BestEffort = 1, true
	return p, err
}

// confine becomes the attacker, confined.
func confine() error {
	w, err := decodeWorld(os.Getenv(worldVariable))
	if err != nil {
		return err
	}
	v := variantNamed(os.Getenv(variantVariable))
	if v.Name == "" {
		return fmt.Errorf("attack policy %q: there is none", os.Getenv(variantVariable))
	}
	p, err := v.in(w)
	if err != nil {
		return err
	}
	cmd := enforce.Command{Path: w.Self, Args: []string{os.Args[0], attackWord}, Env: os.Environ(), Dir: w.Project}
	if v.View {
		return confineInView(w, p, cmd)
	}
	return p.Exec(cmd)
}

// variantNamed is the variant of a name. Without confinement all is tried.
func variantNamed(name string) Variant {
	for _, v := range Variants() {
		if v.Name == name {
			return v
		}
	}
	return Variant{View: true}
}

// confineInView runs the attacker in a view. The shell that the twins need is the
// host's, for the world's closure has none.
func confineInView(w *World, p enforce.Policy, cmd enforce.Command) error {
	for i := range p.Grants {
		p.Grants[i].Replaced = p.Grants[i].Replaced && !strings.HasPrefix(p.Grants[i].Reason, "host: ")
	}
	v := view.View{Dir: cmd.Dir}
	if w.Layered {
		v.Overlay = w.layers()
		p.Grants = append(p.Grants, w.overlaidGrant())
	}
	status, err := view.Run(view.Job{View: v, Policy: v.Policy(p), Command: cmd})
	if err == nil && status != 0 {
		err = fmt.Errorf("attack in a view: exit code %d", status.ExitStatus())
	}
	return err
}
