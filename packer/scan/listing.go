// A listing: the files of a dataset that is not a folder, such as the objects of a bucket.
package scan

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
)

const (
	listedBytes = 1 << 20
	// Objects have no mode.
	listedMode = 0o644
	// NAME_MAX of Linux.
	maxName = 255
)

// A lister adds the records of a listing.
type lister struct {
	*walk
	*builder
	folder   string   // of the last file, with a slash at its end
	excluded string   // the last excluded or refused folder, or NUL
	previous string   // the last path
	files    []string // the files whose paths are prefixes of the last path
}

// writeListing writes the records of a listing, which has for each file two fields, each terminated by NUL: size, mtime in
// nanoseconds and inode; and the path. The paths are sorted by their bytes.
func (w *walk) writeListing(ctx context.Context, listing io.Reader, out *writer) error {
	l := &lister{walk: w, builder: &builder{columns: w.columns, inodes: true}, excluded: "\x00"}
	reader := bufio.NewReaderSize(listing, listedBytes)
	for count := 1; ; count++ {
		more, err := l.read(reader)
		if err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if more && count%pieceNames > 0 {
			continue
		}
		if err := out.write(&l.current); err != nil || !more {
			return err
		}
		l.current = found{}
	}
}

// read adds the next file; it returns false at the end of the listing.
func (l *lister) read(reader *bufio.Reader) (bool, error) {
	numbers, err := reader.ReadString(0)
	if err == io.EOF && numbers == "" {
		return false, nil
	}
	path, err := reader.ReadString(0)
	if err != nil {
		return false, fmt.Errorf("reading the listing: %w", err)
	}
	status := syscall.Stat_t{Mode: listedMode}
	var mtime int64
	if _, err := fmt.Sscanf(numbers, "%d %d %d\x00", &status.Size, &mtime, &status.Ino); err != nil {
		return false, fmt.Errorf("reading the listing: %q: %w", numbers, err)
	}
	status.Mtim = syscall.NsecToTimespec(mtime)
	return true, l.addListed(strings.TrimSuffix(path, "\x00"), &status)
}

// addListed adds a file, unless it is excluded or refused.
func (l *lister) addListed(path string, status *syscall.Stat_t) error {
	if path <= l.previous {
		return fmt.Errorf("the storage lists %q after %q, so its list is not sorted: copy the data to a folder", path, l.previous)
	}
	l.previous = path
	if strings.HasPrefix(path, l.excluded) || !l.enter(path) {
		return nil
	}
	name := path[len(l.folder):]
	if l.excludes(name) || !l.checkListed(name) {
		return nil
	}
	for len(l.files) > 0 && !strings.HasPrefix(path, l.files[len(l.files)-1]) {
		l.files = l.files[:len(l.files)-1]
	}
	for _, file := range l.files {
		if path[len(file)] == '/' {
			l.refuse(file, "is both a file and a folder", "")
			return nil
		}
	}
	l.files = append(l.files, path)
	l.addFile(l.folder, name, 0, status)
	return nil
}

// enter sets the folder to that of a path; it returns false if a folder is excluded or refused.
func (l *lister) enter(path string) bool {
	for !strings.HasPrefix(path, l.folder) {
		l.folder = l.folder[:strings.LastIndexByte(l.folder[:len(l.folder)-1], '/')+1]
	}
	for {
		end := strings.IndexByte(path[len(l.folder):], '/') + 1
		if end == 0 {
			return true
		}
		name := path[len(l.folder):][:end]
		if l.excludes(name) || !l.checkListed(name) {
			l.excluded = l.folder + name
			return false
		}
		l.folder += name
	}
}

// excludes reports whether a rule excludes a name in the folder, and counts it if the rule is a default.
func (l *lister) excludes(name string) bool {
	if strings.TrimSuffix(name, "/") == snakemakeTimestamp {
		return true
	}
	rule := l.exclude.excludedBy(l.folder, name)
	if rule != included && rule < l.defaults {
		l.leaveOut(rule, l.defaults)
	}
	return rule != included
}

// checkListed refuses names that no folder can contain, and those that checkName refuses. The name of a folder ends with a
// slash. It returns false if the path cannot be stored.
func (l *lister) checkListed(name string) bool {
	plain := strings.TrimSuffix(name, "/")
	switch {
	case plain == "" || plain == "." || plain == "..":
		l.refuse(l.folder+name, `has a name that is empty, "." or ".."`, "")
	case len(plain) > maxName:
		l.refuse(l.folder+name, fmt.Sprintf("has a name longer than %d bytes", maxName), "")
	default:
		return l.checkName(l.folder, plain)
	}
	return false
}
