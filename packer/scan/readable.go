// Read permission of this process on files.
package scan

import (
	"os"
	"slices"
	"syscall"
)

// A reader contains the user and the groups of this process.
type reader struct {
	user   uint32
	groups []uint32
}

func thisReader() reader {
	r := reader{user: uint32(os.Geteuid()), groups: []uint32{uint32(os.Getegid())}}
	// Without the list of groups, checkReadable only opens more files.
	groups, _ := os.Getgroups()
	for _, group := range groups {
		r.groups = append(r.groups, uint32(group))
	}
	return r
}

// allowed reports whether the file's mode allows reading. An ACL or a capability may allow reading in other cases.
func (r *reader) allowed(status *syscall.Stat_t) bool {
	switch {
	case status.Uid == r.user:
		return status.Mode&0o400 != 0
	case slices.Contains(r.groups, status.Gid):
		return status.Mode&0o040 != 0
	}
	return status.Mode&0o004 != 0
}

// checkReadable refuses a file that cannot be read. It opens the file only if the mode alone does not allow reading.
func (w *worker) checkReadable(b *builder, folder, name string, descriptor, flags int) {
	if w.reader.allowed(&w.status) {
		return
	}
	var opened int
	err := retry(func() (err error) {
		opened, err = syscall.Openat(descriptor, name, flags|syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		b.refuseError(folder+name, "cannot be read", err)
		return
	}
	syscall.Close(opened)
}
