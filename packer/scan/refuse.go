// Refused entries: paths of the dataset that cannot be stored in an image, with the reason.
package scan

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

const (
	// In an OCI layer, a name with this prefix deletes a file. Source: image-spec, layer.md, "Whiteouts".
	whiteoutPrefix = ".wh."
	// Linux allows paths of 4,095 bytes; 256 are left for the mount and for the folder where an engine unpacks layers.
	maxPath = 4095 - 256
)

// kindReason returns the reason to refuse an entry that is not a file, symlink or folder.
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
	return "is not a file, symlink or folder"
}

// refuseError refuses an entry because of an error of the system.
func (b *builder) refuseError(path, reason string, err error) {
	b.refuse(path, fmt.Sprintf("%s (%s)", reason, systemText(err)), "")
}

// refuse adds a refused entry; target is "" unless a symlink is refused because of its target.
func (b *builder) refuse(path, reason, target string) {
	for _, text := range []string{path, reason, target} {
		b.current.refused = append(append(b.current.refused, text...), 0)
	}
	b.current.refusedCount++
}

// checkName refuses reserved names and paths that are too long. It returns false if the path is too long to continue.
func (b *builder) checkName(folder, name string) bool {
	if strings.HasPrefix(name, whiteoutPrefix) {
		b.refuse(folder+name, "has a name with the prefix .wh., which deletes a file in an image layer", "")
	}
	if length := len(folder) + len(name); length > maxPath {
		b.refuse(folder+name, fmt.Sprintf("has a path of %d bytes, more than the maximum of %d", length, maxPath), "")
		return false
	}
	return true
}

// systemText returns the text of a system error, with a capital letter as strerror(3) writes it.
func systemText(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		text := number.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}
