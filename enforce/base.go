package enforce

const (
	tty  = Read | Write | Ioctl
	node = Read | Write
)

// Base is what every confinement may reach of the host besides /bin/sh and
// /usr/bin/env: devices without state, and the data by which programs find out
// who and where they are. No program, library or header is in it, and nothing
// that other users or services could be reached through.
//
// A symbolic link is followed to the file that it means in the end, and that
// alone is granted.
func Base() []Grant {
	return []Grant{
		base("/dev/null", node, "device without state"),
		base("/dev/zero", node, "device without state"),
		base("/dev/full", node, "device without state"),
		base("/dev/random", Read, "random numbers"),
		base("/dev/urandom", Read, "random numbers"),
		base("/dev/tty", tty, "the terminal"),
		base("/dev/ptmx", tty, "new terminals"),
		base("/dev/pts", tty, "new terminals"),

		// As a whole: a rule on /proc/self would hold for one process only,
		// and other users' processes stay closed by the kernel's own rules.
		base("/proc", Read, "processes"),

		base("/etc/passwd", Read, "user database"),
		base("/etc/group", Read, "user database"),
		base("/etc/nsswitch.conf", Read, "user database"),

		base("/etc/hosts", Read, "resolver configuration"),
		base("/etc/host.conf", Read, "resolver configuration"),
		base("/etc/resolv.conf", Read, "resolver configuration"),
		base("/etc/gai.conf", Read, "resolver configuration"),
		base("/etc/networks", Read, "resolver configuration"),
		base("/etc/protocols", Read, "resolver configuration"),
		base("/etc/services", Read, "resolver configuration"),

		base("/etc/ssl/certs", Read, "certificates"),
		base("/etc/ssl/cert.pem", Read, "certificates"),
		base("/etc/ssl/openssl.cnf", Read, "certificates"),
		base("/etc/pki/tls/certs", Read, "certificates"),
		base("/etc/pki/ca-trust/extracted", Read, "certificates"),
		base("/etc/ca-certificates", Read, "certificates"),
		base("/usr/share/ca-certificates", Read, "certificates: what /etc/ssl/certs links to"),
		base("/usr/local/share/ca-certificates", Read, "certificates: what /etc/ssl/certs links to"),

		base("/etc/localtime", Read, "time zone"),
		base("/etc/timezone", Read, "time zone"),
		base("/usr/share/zoneinfo", Read, "time zone"),
	}
}

func base(path string, access Access, what string) Grant {
	return Grant{Path: path, Access: access, Reason: "base: " + what, Optional: true}
}
