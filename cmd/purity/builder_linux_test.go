package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nix-purity/purity/fixtures"
)

// builder looks to Nix like a machine of its own: it shares no store, configuration or
// process clock with others, and answers ssh at the loopback. Root's builder has the store
// at the usual place, in a mount namespace, and users for builds. A user's builder has a
// store below a directory, and sandboxes its builds.
type builder struct {
	name, dir string
	port      int
	machine   *exec.Cmd
	log       bytes.Buffer
}

// builderConf is the nix.conf that builders share.
const builderConf = `substituters =
require-sigs = false
max-jobs = 2
sandbox-fallback = false
`

// newBuilder starts a builder for the client u, with more lines of nix.conf. The command
// wrap runs its machine.
func newBuilder(t *testing.T, u user, name, conf string, wrap ...string) *builder {
	t.Helper()
	b := &builder{name: name, dir: apart(t), port: freePort(t)}
	for _, dir := range []string{"home", "conf", "store", "state", "log", "root", "etc"} {
		if err := os.MkdirAll(filepath.Join(b.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root := os.Getuid() == 0
	if !root {
		conf += "build-users-group =\n"
	}
	b.write(t, "conf/nix.conf", builderConf+conf, 0o644)
	b.write(t, "run", b.script(u.nix, root), 0o755)
	b.keys(t)
	b.write(t, "sshd_config", strings.NewReplacer("@dir@", b.dir, "@port@", strconv.Itoa(b.port)).Replace(sshdConfig), 0o644)
	words := append(wrap, "unshare", "--fork", "--kill-child=KILL", "--pid")
	if root {
		b.accounts(t)
		b.write(t, "mount", strings.NewReplacer("@dir@", b.dir, "@fixtures@", fixtures.Dir(), "@nix@", u.nix.Bin).Replace(mountScript), 0o755)
		words = append(words, "--mount", "--mount-proc", "--propagation=private", filepath.Join(b.dir, "mount"))
	} else {
		words = append(words, "--user", "--map-current-user", "--mount-proc") // Nix writes to /proc/PID of its builds
	}
	words = append(words, fixtures.SSH("usr/sbin/sshd"), "-D", "-e", "-f", filepath.Join(b.dir, "sshd_config"))
	b.machine = exec.Command(words[0], words[1:]...)
	b.machine.Env = append(u.environ, "NIX_CONF_DIR="+filepath.Join(b.dir, "conf"), "NIX_REMOTE=")
	b.machine.Stderr = &b.log
	if err := b.machine.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			t.Logf("builder %s:\n%s", b.name, &b.log)
		}
	})
	b.await(t)
	return b
}

// script returns the program of a connection: Nix, for this builder's store.
func (b *builder) script(nix fixtures.Nix, root bool) string {
	text := "#!/bin/bash\n"
	environ := append(nix.Environ(filepath.Join(b.dir, "home")), "NIX_CONF_DIR="+filepath.Join(b.dir, "conf"))
	if !root {
		environ = append(environ, "NIX_REMOTE=local?root="+filepath.Join(b.dir, "root"))
	}
	for _, v := range environ {
		text += "export '" + v + "'\n"
	}
	return text + `exec /bin/bash -c "$SSH_ORIGINAL_COMMAND"` + "\n"
}

const sshdConfig = `ListenAddress 127.0.0.1
Port @port@
HostKey @dir@/host
AuthorizedKeysFile @dir@/key.pub
ForceCommand @dir@/run
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
`

// mountScript mounts the store of a builder, its accounts and the directory of sshd at the
// usual places, and starts the daemon.
const mountScript = `#!/bin/bash
set -e
for dir in store state log; do mount --bind @dir@/$dir @fixtures@/$dir; done
for file in passwd group shadow; do mount --bind @dir@/etc/$file /etc/$file; done
mount -t tmpfs tmpfs /run
mkdir /run/sshd
NIX_DAEMON_SOCKET_PATH=@dir@/socket @nix@/nix-daemon &
exec "$@"
`

// accounts makes the accounts of root's builder: root, sshd, and users for builds.
func (b *builder) accounts(t *testing.T) {
	passwd, shadow, members := "root:x:0:0::/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/bin/false\nnobody:x:65534:65534::/:/bin/false\n", "root:*:1::::::\n", []string{}
	for n := 1; n <= 4; n++ {
		passwd += fmt.Sprintf("nixbld%d:x:%d:30000::/var/empty:/bin/false\n", n, 30000+n)
		members = append(members, fmt.Sprintf("nixbld%d", n))
	}
	b.write(t, "etc/passwd", passwd, 0o644)
	b.write(t, "etc/shadow", shadow, 0o600)
	b.write(t, "etc/group", "root:x:0:\nnogroup:x:65534:\nnixbld:x:30000:"+strings.Join(members, ",")+"\n", 0o644)
}

func (b *builder) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// keys makes the keys of the machine and of its client.
func (b *builder) keys(t *testing.T) {
	for _, name := range []string{"host", "key"} {
		out, err := exec.Command(fixtures.SSH("usr/bin/ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(b.dir, name)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// await waits until the machine answers.
func (b *builder) await(t *testing.T) {
	t.Helper()
	for range 1200 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(b.port)); err == nil {
			conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("builder %s does not come up\n%s", b.name, &b.log)
}

// kill ends a machine with all its processes.
func (b *builder) kill() {
	b.machine.Process.Signal(syscall.SIGKILL)
	b.machine.Wait()
}

// host returns the name of the machine in a client's configuration of ssh.
func (b *builder) host() string {
	return fmt.Sprintf("Host %s\nHostName 127.0.0.1\nPort %d\nIdentityFile %s/key\n", b.name, b.port, b.dir)
}

// line returns the line for the machine in a client's nix.conf.
func (b *builder) line(features string) string {
	return fmt.Sprintf("ssh-ng://%s x86_64-linux %s/key 2 1 %s -", b.name, b.dir, features)
}

// has returns the number of store paths of a name in the builder's store.
func (b *builder) has(suffix string) int {
	found := 0
	for _, store := range []string{"store", "root/nix/store"} {
		paths, _ := filepath.Glob(filepath.Join(b.dir, store, "*"+suffix))
		found += len(paths)
	}
	return found
}

// client is a user whose ssh knows builders.
func (u user) client(t *testing.T, builders ...*builder) user {
	dir := filepath.Join(u.dir, "ssh")
	config := "IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
	for _, b := range builders {
		config += b.host()
	}
	script := "#!/bin/sh\nexec " + fixtures.SSH("usr/bin/ssh") + " -F " + dir + "/config \"$@\"\n"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"ssh": script, "config": config} {
		if err := fixtures.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range u.environ {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			u.environ[i] = "PATH=" + dir + ":" + path
		}
	}
	return u
}

// apart makes a directory that is not below a world-writable one: newer versions of Nix
// take no store there.
func apart(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(fixtures.Dir(), "store-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("chmod", "-R", "u+w", dir).Run() // as stores are
		os.RemoveAll(dir)
	})
	return dir
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
