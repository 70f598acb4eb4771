package view

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// connect prints whether the loopback works, and whether it reaches a port of the host.
func connect(port string) int {
	word := func(err error) string {
		if err != nil {
			return "refused"
		}
		return "ok"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		_, err = net.Dial("tcp", listener.Addr().String())
	}
	_, outside := net.Dial("tcp", "127.0.0.1:"+port)
	fmt.Printf("own: %s, outside: %s\n", word(err), word(outside))
	return 0
}

// Without a network the command has a loopback of its own.
func TestLoopback(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	for name, attr := range runners() {
		for _, c := range []struct{ environ, want string }{{"NETWORK=none", "own: ok, outside: refused"}, {"NETWORK=any", "own: ok, outside: ok"}} {
			out, _ := inView(t, attr, fmt.Sprintf("exec $PROGRAM connect %d", port), c.environ)
			if strings.TrimSpace(out) != c.want {
				t.Errorf("%s, %s: %s, want %s", name, c.environ, out, c.want)
			}
		}
	}
}
