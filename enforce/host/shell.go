package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/nix-purity/purity/enforce"
)

// hostPrograms exist at these paths on every system and serve "#!/bin/sh",
// "#!/usr/bin/env NAME", system(3) and popen(3). Nix's own build sandbox
// has /bin/sh too.
var hostPrograms = []string{"/bin/sh", "/usr/bin/env"}

// Shell grants programs of the host, /bin/sh and /usr/bin/env or the first
// alone, their ELF loader and exactly the libraries they need, and nothing else.
// A system may lack either program.
func Shell(programs ...string) ([]enforce.Grant, error) {
	grants := []enforce.Grant{{Path: "/etc/ld.so.cache", Access: enforce.Read, Reason: "host: where libraries are", Optional: true, Replaced: true}}
	seen := map[string]bool{}
	for _, name := range programs {
		file, err := filepath.EvalSymlinks(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("grant %s: %w", name, err)
		}
		grants = append(grants, enforce.Grant{Path: name, Access: enforce.Read | enforce.Execute, Reason: "host: " + name, Replaced: true})
		more, err := (loading{seen: seen}).dependencies(file)
		if err != nil {
			return nil, fmt.Errorf("grant %s: %w", name, err)
		}
		for _, m := range more {
			m.Reason, m.Replaced = "host: "+m.Reason+" of "+name, true
			grants = append(grants, m)
		}
	}
	return grants, nil
}

// Dependencies are the loader of a program of the host and the libraries it needs;
// nothing for a file that is no ELF file, or needs missing libraries.
func Dependencies(program string) []enforce.Grant {
	grants, err := (loading{seen: map[string]bool{}}).dependencies(program)
	if err != nil {
		return nil
	}
	return grants
}

// loading is the state of the dynamic loader when it comes to a file.
type loading struct {
	seen   map[string]bool // paths that are granted
	loader string          // of the program
	rpath  []string        // directories of those that need the file
}

// dependencies are the loader of an ELF file and the libraries it names,
// directly or through others, that are not seen yet.
func (l loading) dependencies(file string) ([]enforce.Grant, error) {
	f, err := readELF(file)
	if err != nil {
		return nil, err
	}
	var grants []enforce.Grant
	if l.loader == "" && f.interpreter != "" { // libc can be executed too, and names one
		l.loader = f.interpreter
		// The kernel executes the loader; libraries are only read.
		if !l.seen[l.loader] {
			l.seen[l.loader] = true
			grants = append(grants, enforce.Grant{Path: l.loader, Access: enforce.Read | enforce.Execute, Reason: "ELF loader"})
		}
	}
	l.rpath = slices.Concat(f.rpath, l.rpath)
	for _, name := range f.needed {
		if name == filepath.Base(l.loader) {
			continue // libc needs it, and it is there
		}
		library := f.find(name, l)
		if library == "" {
			return nil, fmt.Errorf("no library %s, which %s needs", name, file)
		}
		if l.seen[library] {
			continue
		}
		l.seen[library] = true
		grants = append(grants, enforce.Grant{Path: library, Access: enforce.Read, Reason: "library"})
		more, err := l.dependencies(library)
		if err != nil {
			return nil, err
		}
		grants = append(grants, more...)
	}
	return grants, nil
}

// find looks a library up as the dynamic loader does (ld.so(8)): RPATH of those that
// need it, RUNPATH, then the system's directories, of which the loader's own is one.
// Which others a loader was built for differs between distributions; the first file
// of the right machine counts.
func (o object) find(name string, l loading) string {
	if strings.Contains(name, "/") {
		return name
	}
	dirs := slices.Concat(l.rpath, o.runpath, systemDirs(o.kind.machine))
	if l.loader != "" {
		dirs = append(dirs, filepath.Dir(l.loader))
	}
	for _, dir := range dirs {
		file := filepath.Join(dir, name)
		if !filepath.IsAbs(file) {
			continue
		}
		if o.matches(file) {
			return file
		}
	}
	return ""
}

// matches reports whether file is an ELF file for the same machine, by the
// first bytes alone.
func (o object) matches(file string) bool {
	f, _, err := openELF(file)
	if err != nil {
		return false
	}
	syscall.Close(f.fd)
	return f.kind == o.kind
}

// systemDirs are the directories of system libraries: those of ld.so.conf
// (ldconfig(8)), then the ones that are built into loaders, Debian's by machine.
func systemDirs(machine uint16) []string {
	dirs := slices.Clone(loaderConf())
	if triplet := triplet(machine); triplet != "" {
		dirs = append(dirs, "/lib/"+triplet, "/usr/lib/"+triplet)
	}
	return append(dirs, "/lib64", "/usr/lib64", "/lib", "/usr/lib")
}

var loaderConf = sync.OnceValue(func() []string { return configured("/etc/ld.so.conf", 0) })

func triplet(machine uint16) string {
	switch machine {
	case emX8664:
		return "x86_64-linux-gnu"
	case emAArch64:
		return "aarch64-linux-gnu"
	case em386:
		return "i386-linux-gnu"
	case emARM:
		return "arm-linux-gnueabihf"
	case emRISCV:
		return "riscv64-linux-gnu"
	case emPPC64:
		return "powerpc64le-linux-gnu"
	case emS390:
		return "s390x-linux-gnu"
	}
	return ""
}

// configured reads the directories of an ld.so.conf with its includes.
func configured(conf string, depth int) []string {
	data, err := os.ReadFile(conf)
	if err != nil || depth > 5 {
		return nil
	}
	var dirs []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 2 && fields[0] == "include":
			pattern := fields[1]
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(conf), pattern)
			}
			files, _ := filepath.Glob(pattern) // a bad pattern includes nothing
			for _, f := range files {
				dirs = append(dirs, configured(f, depth+1)...)
			}
		case len(fields) == 1:
			dirs = append(dirs, fields[0])
		}
	}
	return dirs
}
