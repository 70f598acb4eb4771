package view

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nix-purity/purity/enforce"
)

// The cost of a view, from the start of a program of Go to its end, beside Landlock alone
// with the same paths: go test -run - -bench View ./enforce/view
func BenchmarkView(b *testing.B) {
	for _, paths := range []int{47, 1000, 5000} {
		top := b.TempDir()
		store := filepath.Join(top, "store")
		dir := filepath.Join(top, "project")
		for i := range paths {
			if err := os.MkdirAll(fmt.Sprintf("%s/%032d-package", store, i), 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		program, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, "program"), program, 0o755); err != nil {
			b.Fatal(err)
		}
		for _, alone := range []string{"", "1"} {
			name := fmt.Sprintf("%d/view", paths)
			if alone != "" {
				name = fmt.Sprintf("%d/landlock", paths)
			}
			b.Run(name, func(b *testing.B) {
				var busy time.Duration // CPU time, which other programs disturb less
				for b.Loop() {
					cmd := exec.Command(filepath.Join(top, "program"), "in", dir, "exit 0")
					cmd.Env = append(os.Environ(), "STORE="+store, "ALONE="+alone)
					if out, err := cmd.CombinedOutput(); err != nil {
						b.Fatalf("%v: %s", err, out)
					}
					busy += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
				}
				b.ReportMetric(float64(busy.Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// closure grants every entry of a directory.
func closure(store string) []enforce.Grant {
	entries, _ := os.ReadDir(store)
	var grants []enforce.Grant
	for _, e := range entries {
		grants = append(grants, enforce.Grant{Path: filepath.Join(store, e.Name()), Access: enforce.Read | enforce.Execute, Reason: "closure", NoFollow: true})
	}
	return grants
}
