package observe

import (
	"bytes"
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
)

// interpreter is the program by which the kernel runs a file.
type interpreter struct {
	path string // empty if that is nothing else
	last bool   // the loader of an ELF file, for which there is no further one
}

// judgeInterpreters is the denial of a program's interpreter: the
// interpreter of a script, of which again, and the loader of an ELF file. They
// are opened like programs (fs/exec.c, exec_binprm: after five it gives up).
func (o *Observer) judgeInterpreters(v view, call, file string) (Denial, bool) {
	for range 6 {
		by := o.interpreter(v.through, file)
		if by.path == "" {
			break
		}
		t := o.shown.place(executed(by.path, unix.AT_FDCWD, 0)[0])
		p, err := v.walk(t.path, t.how)
		if err != nil || !t.reaches(p) {
			if err == nil {
				o.shown.remade(t, p)
			}
			break
		}
		if missing := o.shown.missing(v.pid, call, p.path, t.access, o.judge.missing(p.path, t.access), p); missing != 0 && allowedByMode(v.through+p.path, t.mode, false) {
			d := Denial{Path: v.named(t, p), Real: p.path, Call: call, Script: file, Access: word(missing), Kind: "program"}
			d.Errno = o.shown.errno(v.pid, o.judge, p.path, missing, "EACCES")
			return o.by(v.pid, d), true
		}
		if by.last {
			break
		}
		file = p.path
	}
	return Denial{}, false
}

// interpreter is that of a file, remembered where it cannot change.
func (o *Observer) interpreter(through, real string) interpreter {
	if !inside(real, o.judge.fixed) || through != "" {
		return interpreterOf(through + real)
	}
	if known, ok := o.interpreters.Load(real); ok {
		return known.(interpreter)
	}
	by := interpreterOf(real)
	o.interpreters.Store(real, by)
	return by
}

// interpreterOf is that of a #! line, or the loader that an ELF file names. The
// file is anybody's and may be anything.
func interpreterOf(file string) interpreter {
	var stat unix.Stat_t
	if unix.Stat(file, &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return interpreter{} // to open a device may do something
	}
	// It may be a named pipe by now, whose other end nobody opens.
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return interpreter{}
	}
	defer unix.Close(fd)
	var head [256]byte // BINPRM_BUF_SIZE
	n, err := unix.Pread(fd, head[:], 0)
	if err != nil {
		return interpreter{}
	}
	if line, ok := bytes.CutPrefix(head[:n], []byte("#!")); ok {
		return interpreter{path: shebang(line)}
	}
	return interpreter{path: loader(head[:n], func(data []byte, at int64) bool {
		n, err := unix.Pread(fd, data, at)
		return err == nil && n == len(data)
	}), last: true}
}

// shebang is the program of a #! line (fs/binfmt_script.c).
func shebang(line []byte) string {
	text, _, _ := bytes.Cut(line, []byte("\n"))
	text, _, _ = bytes.Cut(text, []byte{0})
	words := strings.FieldsFunc(string(text), func(r rune) bool { return r == ' ' || r == '\t' })
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// loader is the path that the program header PT_INTERP of an ELF file names
// (fs/binfmt_elf.c). A file that the kernel rejects has none.
func loader(head []byte, read func(data []byte, at int64) bool) string {
	const interp, most = 3, 65536 // of all headers
	if len(head) < 64 || string(head[:4]) != "\x7fELF" || head[5] != 1 {
		return ""
	}
	little := binary.LittleEndian
	wide := head[4] == 2
	// Fields of struct elf32_hdr and elf32_phdr, then of elf64_hdr and elf64_phdr.
	want, at, size, count := 32, int64(little.Uint32(head[28:])), int(little.Uint16(head[42:])), int(little.Uint16(head[44:]))
	if wide {
		want, at, size, count = 56, int64(little.Uint64(head[32:])), int(little.Uint16(head[54:])), int(little.Uint16(head[56:]))
	}
	headers := make([]byte, min(size*count, most))
	if size != want || size*count > most || !read(headers, at) {
		return ""
	}
	for h := headers; len(h) > 0; h = h[size:] {
		if little.Uint32(h) != interp {
			continue
		}
		offset, length := uint64(little.Uint32(h[4:])), uint64(little.Uint32(h[16:]))
		if wide {
			offset, length = little.Uint64(h[8:]), little.Uint64(h[32:])
		}
		if length < 2 || length > unix.PathMax {
			return ""
		}
		name := make([]byte, length)
		if !read(name, int64(offset)) || name[length-1] != 0 {
			return ""
		}
		path, _, _ := bytes.Cut(name, []byte{0})
		return string(path)
	}
	return ""
}
