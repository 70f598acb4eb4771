package selftest

import (
	"os"
	"strings"
	"testing"

	"github.com/nix-purity/purity/enforce/view"
)

func TestMain(m *testing.M) {
	if code, ok := view.RunPart(os.Args); ok {
		os.Exit(code)
	}
	if code, ok := RunPart(os.Args); ok {
		os.Exit(code)
	}
	if code, ok := runSimulation(os.Args); ok {
		os.Exit(code)
	}
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "__") {
		os.Exit(1) // a part that is none of these; all tests would start it again, and so on
	}
	os.Exit(m.Run())
}

// Everything comes out as it should on this machine, and every attack that is
// refused here is one that works without a confinement, but for a few.
func TestHere(t *testing.T) {
	reports, err := Run()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		for _, result := range r.Results {
			if result.Wrong() {
				t.Errorf("%s: %s (%s): %s, want %s; refused %q, moot %q, twin %q", r.Policy, result.ID, result.What, result.Status, result.Expected, result.Refused, result.Moot, result.Twin)
			}
			if result.Moot != "" {
				t.Logf("%s: %s is moot: %s", r.Policy, result.ID, result.Moot)
			}
		}
		t.Logf("%s: %d vectors, stopped %d, by design %d, open %d", r.Policy, len(r.Results), r.Count(Stopped), r.Count(Design), r.Count(Open))
	}
}
