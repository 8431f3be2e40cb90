// What an image cannot hold, and why.
package scan

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

const (
	// An OCI layer takes such names for the removal of a file: image-spec, layer.md, "Whiteouts".
	whiteoutPrefix = ".wh."
	// Linux takes paths of 4,095 bytes. The mount comes before the dataset's, and where an engine unpacks layers.
	maxPath = 4095 - 256
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

// checkName tells whether what has the name can be in an image.
func (b *builder) checkName(folder, name string) bool {
	if strings.HasPrefix(name, whiteoutPrefix) {
		b.offend(folder+name, "has a name that an image layer takes for the removal of a file", "")
	}
	if length := len(folder) + len(name); length > maxPath {
		b.offend(folder+name, fmt.Sprintf("has a path of %d bytes, where %d are the most", length, maxPath), "")
		return false
	}
	return true
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
