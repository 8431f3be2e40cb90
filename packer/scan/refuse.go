// What an image cannot hold, and why.
package scan

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"syscall"
)

const (
	// An OCI layer takes such names for the removal of a file: image-spec, layer.md, "Whiteouts".
	whiteoutPrefix = ".wh."
	// After so many links Linux follows no more.
	maxLinks = 40
)

// kindReason is said of what is neither a file nor a link nor a folder.
func kindReason(kind uint32) string {
	switch kind {
	case syscall.S_IFIFO:
		return "is a fifo"
	case syscall.S_IFSOCK:
		return "is a socket"
	case syscall.S_IFCHR:
		return "is a character device"
	case syscall.S_IFBLK:
		return "is a block device"
	}
	return "is not a file"
}

// refuse adds an offender, with the system's error if there is one.
func (b *builder) refuse(path, reason string, err error) {
	if err != nil {
		reason = fmt.Sprintf("%s (%s)", reason, systemText(err))
	}
	b.offend(path, reason, "")
}

func (b *builder) offend(path, reason, target string) {
	for _, text := range []string{path, reason, target} {
		b.current.offenders = append(append(b.current.offenders, text...), 0)
	}
	b.current.offenderCount++
}

func (b *builder) checkName(folder, name string) {
	if strings.HasPrefix(name, whiteoutPrefix) {
		b.offend(folder+name, "has a name that an image layer takes for the removal of a file", "")
	}
}

func (b *builder) checkLink(root int, folder, name, target string) {
	switch {
	case strings.HasPrefix(target, "/"):
		b.offend(folder+name, "is a link to the absolute path", target)
	case leaves(root, folder, target):
		b.offend(folder+name, "is a link that leaves the dataset:", target)
	}
}

// leaves tells whether a link in a folder of the dataset leads out of it, by its text or through other links.
func leaves(root int, folder, target string) bool {
	if lexical := path.Join(folder, target); lexical == ".." || strings.HasPrefix(lexical, "../") {
		return true
	}
	// The path so far, in which there is no link: the walk follows none.
	var parts []string
	if folder != "" {
		parts = strings.Split(folder[:len(folder)-1], "/")
	}
	rest := strings.Split(target, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch {
		case name == "" || name == ".":
			continue
		case name == ".." && len(parts) == 0:
			return true
		case name == "..":
			parts = parts[:len(parts)-1]
			continue
		}
		parts = append(parts, name)
		next, err := readLink(root, strings.Join(parts, "/"))
		if err != nil {
			continue
		}
		if links++; links > maxLinks {
			return false
		}
		if strings.HasPrefix(next, "/") {
			return true
		}
		parts = parts[:len(parts)-1]
		rest = append(strings.Split(next, "/"), rest...)
	}
	return false
}

// systemText is an error of the system as the C library writes it.
func systemText(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		text := number.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}
