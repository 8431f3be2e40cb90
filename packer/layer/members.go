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
	m.eachFolder(m.mount, func(one entry) { tar = one.appendHeaders(tar) })
	return tar
}

// AppendHeaders appends the header of a record, after the headers of the folders of which it is the first child.
func (m *Members) AppendHeaders(tar []byte, record *shardlist.Record) []byte {
	m.each(record, func(one entry) { tar = one.appendHeaders(tar) })
	return tar
}

// each calls emit with the members of a record: the folders of which it is the first child, then the record itself.
func (m *Members) each(record *shardlist.Record, emit func(entry)) {
	name := m.mount + record.Path
	switch {
	case record.Kind == shardlist.Folder:
		m.eachFolder(name+"/", emit)
	case record.Kind == shardlist.Link:
		m.eachFolder(name, emit)
		emit(entry{name, record.Target, typeLink, modeLink, 0})
	case record.Executable():
		m.eachFolder(name, emit)
		emit(entry{name, "", typeFile, modeExecutable, record.Size})
	default:
		m.eachFolder(name, emit)
		emit(entry{name, "", typeFile, modePlain, record.Size})
	}
}

// AppendEnd appends the two zero blocks at the end of a tar.
func AppendEnd(tar []byte) []byte {
	return append(append(tar, zeros[:]...), zeros[:]...)
}

// eachFolder calls emit with the name's folders, up to its last slash, that do not contain the last member.
func (m *Members) eachFolder(name string, emit func(entry)) {
	end := sharedFolder(m.previous, name)
	m.previous = name
	for {
		slash := strings.IndexByte(name[end:], '/')
		if slash < 0 {
			return
		}
		end += slash + 1
		emit(entry{name[:end], "", typeFolder, modeExecutable, 0})
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
