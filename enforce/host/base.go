package host

import (
	"slices"

	"github.com/nix-purity/purity/enforce"
)

const (
	read   = enforce.Read
	node   = enforce.Read | enforce.Write
	tty    = enforce.Read | enforce.Write | enforce.Ioctl
	socket = enforce.Connect
)

// nixRows are the device nodes that Nix's build sandbox has, and /proc.
var nixRows = []row{
	// They have nothing to control. Programs ask what they are (isatty(3), stty(1)), and
	// know ENOTTY for an answer, not EACCES.
	{"/dev/null", tty, "device without state"},
	{"/dev/zero", tty, "device without state"},
	{"/dev/full", tty, "device without state"},
	// What is written is mixed in, and only privileges change more (random(4)).
	{"/dev/random", tty, "random numbers"},
	{"/dev/urandom", tty, "random numbers"},
	{"/dev/tty", tty, "the terminal"},

	// As a whole: a rule on /proc/self would hold for one process only,
	// and other processes stay closed by the kernel's own rules.
	{"/proc", read, "processes"},
}

// devRows are the paths of the host that every confinement of level dev may reach
// besides /bin/sh and /usr/bin/env: devices without state, and the data by
// which programs find out who and where they are. No program, library or
// header is in it. By the directories in [Shared] commands reach other programs.
//
// A symbolic link is followed to the file that it means in the end, and that
// alone is granted. Where a directory holds links to elsewhere (certificates
// of NixOS and of Debian), those files have rows of their own.
var devRows = slices.Concat(nixRows, []row{
	// tmpfile(3), mkstemp(3), make -O, tmux and Java have /tmp built in, sem_open(3) and
	// shm_open(3) /dev/shm.
	{"/tmp", node, "temporary files of all your programs; nothing there is executed"},
	{"/dev/shm", node, "shared memory of all your programs; nothing there is executed"},
	// The kernel asks Landlock about mq_open(3), too, and takes an answer where this is mounted.
	{"/dev/mqueue", node, "message queues of all your programs"},
	{"/dev", enforce.List, "names of devices"},
	{"/dev/ptmx", tty, "new terminals"},
	{"/dev/pts", tty, "new terminals"},

	{"/etc/passwd", read, "user database"},
	{"/etc/group", read, "user database"},
	{"/etc/nsswitch.conf", read, "user database"},
	{"/run/nscd/socket", socket, "user database: the name service of NixOS"},
	{"/var/run/nscd/socket", socket, "user database: the name service of NixOS"},
	{"/run/systemd/userdb", read, "user database"},

	{"/etc/hosts", read, "resolver configuration"},
	{"/etc/host.conf", read, "resolver configuration"},
	{"/etc/resolv.conf", read, "resolver configuration"},
	{"/etc/gai.conf", read, "resolver configuration"},
	{"/etc/networks", read, "resolver configuration"},
	{"/etc/protocols", read, "resolver configuration"},
	{"/etc/services", read, "resolver configuration"},
	// The target of /etc/resolv.conf is replaced while commands run, by a
	// file that is another one for the kernel; so the directory.
	{"/run/systemd/resolve", read | enforce.Connect, "resolver configuration: target of resolv.conf"},
	{"/run/NetworkManager/resolv.conf", read, "resolver configuration: target of resolv.conf"},
	{"/run/resolvconf", read, "resolver configuration: target of resolv.conf"},
	{"/mnt/wsl/resolv.conf", read, "resolver configuration: target of resolv.conf"},

	{"/etc/ssl/certs", read, "certificates"},
	{"/etc/ssl/certs/ca-bundle.crt", read, "certificates"},
	{"/etc/ssl/certs/ca-certificates.crt", read, "certificates"},
	{"/etc/ssl/cert.pem", read, "certificates"},
	{"/etc/ssl/openssl.cnf", read, "certificates"},
	{"/etc/pki/tls/certs", read, "certificates"},
	{"/etc/pki/tls/certs/ca-bundle.crt", read, "certificates"},
	{"/etc/pki/tls/cert.pem", read, "certificates"},
	{"/etc/pki/ca-trust/extracted", read, "certificates"},
	{"/etc/ca-certificates", read, "certificates"},
	{"/usr/share/ca-certificates", read, "certificates: target of /etc/ssl/certs"},
	{"/usr/local/share/ca-certificates", read, "certificates: target of /etc/ssl/certs"},

	{"/etc/localtime", read, "time zone"},
	{"/etc/timezone", read, "time zone"},
	{"/etc/zoneinfo", read, "time zone"},
	{"/usr/share/zoneinfo", read, "time zone"},

	{"/usr/lib/locale", read, "language"},
	{"/run/current-system/sw/lib/locale", read, "language"},
	{"/run/current-system/sw/lib/locale/locale-archive", read, "language"},

	{"/etc/terminfo", read, "terminal descriptions"},
	{"/lib/terminfo", read, "terminal descriptions"},
	{"/usr/share/terminfo", read, "terminal descriptions"},
	{"/run/current-system/sw/share/terminfo", read, "terminal descriptions"},

	{"/etc/fonts", read, "fonts"},
	{"/usr/share/fonts", read, "fonts"},
	{"/usr/local/share/fonts", read, "fonts"},
	{"/usr/share/fontconfig", read, "fonts: target of /etc/fonts"},

	// Python's distro, which is in pip, reads those of its distribution and fails where one is
	// there and cannot be read; CMake and installers look for the same.
	{"/etc/os-release", read, "which system this is"},
	{"/usr/lib/os-release", read, "which system this is"},
	{"/etc/lsb-release", read, "which system this is"},
	{"/etc/debian_version", read, "which system this is"},
	{"/etc/slackware-version", read, "which system this is"},
	{"/etc/almalinux-release", read, "which system this is"},
	{"/etc/alpine-release", read, "which system this is"},
	{"/etc/altlinux-release", read, "which system this is"},
	{"/etc/arch-release", read, "which system this is"},
	{"/etc/base-release", read, "which system this is"},
	{"/etc/centos-release", read, "which system this is"},
	{"/etc/fedora-release", read, "which system this is"},
	{"/etc/gentoo-release", read, "which system this is"},
	{"/etc/mageia-release", read, "which system this is"},
	{"/etc/manjaro-release", read, "which system this is"},
	{"/etc/oracle-release", read, "which system this is"},
	{"/etc/redhat-release", read, "which system this is"},
	{"/etc/rocky-release", read, "which system this is"},
	{"/etc/sl-release", read, "which system this is"},
	{"/etc/SuSE-release", read, "which system this is"},
	{"/etc/system-release", read, "which system this is"},
	// git ends where it is there and cannot be read.
	{"/etc/gitconfig", read, "git's configuration of this machine"},
	{"/etc/inputrc", read, "keys of line editors"},
	{"/etc/mime.types", read, "names of file types"},

	// How many processors and how much memory there are: Go, Java and Node.js
	// look here, allocators too.
	{"/sys/devices/system/cpu", read, "processors and memory"},
	{"/sys/devices/system/node", read, "processors and memory"},
	{"/sys/fs/cgroup", read, "processors and memory"},
	{"/sys/kernel/mm/transparent_hugepage", read, "processors and memory"},
	{"/sys/kernel/mm/hugepages", read, "processors and memory"},
	// Redis looks here whether to ask for the time is slow.
	{"/sys/devices/system/clocksource", read, "processors and memory"},
})
