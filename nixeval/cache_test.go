package nixeval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/nix-purity/purity/closure"
)

// An entry is as it was written or a miss: no other file is one, and one whose
// checksum is right grants store paths only.
func FuzzParseEntry(f *testing.F) {
	const body = "{\"storeDir\":\"/nix/store\",\"roots\":[\"/nix/store/00000000000000000000000000000000-env\"],\"bash\":\"/b\"}\x00A=b\x00\x00/nix/store/00000000000000000000000000000000-env\n"
	f.Add([]byte(body))
	f.Add([]byte("{}\x00\x00\x00"))
	f.Add([]byte("{\"storeDir\":\"/\"}\x00\x00\x00/etc\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, ok := parseEntry("/dir", body); ok {
			t.Errorf("%q is an entry without a checksum", body)
		}
		sum := sha256.Sum256(body)
		good := append([]byte(magic+" "+hex.EncodeToString(sum[:])+"\n"), body...)
		e, ok := parseEntry("/dir", good)
		if !ok {
			return
		}
		for _, p := range e.Paths {
			if got, err := closure.Parse(e.StoreDir, string(p)); err != nil || got != p {
				t.Errorf("%q is granted", p)
			}
		}
		bad := bytes.Clone(good)
		bad[len(bad)-1] ^= 1
		if _, ok := parseEntry("/dir", bad); ok {
			t.Error("a damaged entry is one")
		}
	})
}
