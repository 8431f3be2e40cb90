// The order of a layer's members: each folder comes once, directly before its first child.
package layer

import (
	"strings"

	"packer/shardlist"
)

const (
	modePlain      = 0o644
	modeExecutable = 0o755
	modeLink       = 0o777
)

// Members writes the headers of a layer, whose records must be sorted by the bytes of their paths.
type Members struct {
	mount    string // ends with a slash, or is empty for the image's root
	previous string // name of the last member
}

// NewMembers returns the Members of a layer whose files are stored under the given path.
func NewMembers(mount string) *Members {
	return &Members{mount: strings.TrimLeft(strings.TrimRight(mount, "/")+"/", "/")}
}

// AppendMount appends the headers of the mount's folder and of its parent folders.
func (m *Members) AppendMount(tar []byte) []byte {
	return m.appendFolders(tar, m.mount)
}

// AppendHeaders appends the header of a record, after the headers of the folders of which it is the first child.
func (m *Members) AppendHeaders(tar []byte, record *shardlist.Record) []byte {
	name := m.mount + record.Path
	switch record.Kind {
	case shardlist.Folder:
		return m.appendFolders(tar, name+"/")
	case shardlist.Link:
		tar = m.appendFolders(tar, name)
		return entry{name, record.Target, typeLink, modeLink, 0}.appendHeaders(tar)
	}
	mode := int64(modePlain)
	if record.Executable() {
		mode = modeExecutable
	}
	tar = m.appendFolders(tar, name)
	return entry{name, "", typeFile, mode, record.Size}.appendHeaders(tar)
}

// AppendEnd appends the two zero blocks at the end of a tar.
func AppendEnd(tar []byte) []byte {
	return append(append(tar, zeros[:]...), zeros[:]...)
}

// appendFolders appends the headers of the name's folders, up to its last slash, that do not contain the last member.
func (m *Members) appendFolders(tar []byte, name string) []byte {
	end := sharedFolder(m.previous, name)
	m.previous = name
	for {
		slash := strings.IndexByte(name[end:], '/')
		if slash < 0 {
			return tar
		}
		end += slash + 1
		tar = entry{name[:end], "", typeFolder, modeExecutable, 0}.appendHeaders(tar)
	}
}

// sharedFolder returns the length, with its slash, of the deepest folder that contains both names.
func sharedFolder(a, b string) int {
	shared := 0
	for i := 0; i < min(len(a), len(b)) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			shared = i + 1
		}
	}
	return shared
}
