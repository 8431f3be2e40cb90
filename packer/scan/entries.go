// The names in a folder.
package scan

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"syscall"
)

const (
	// Snakemake leaves this file in every folder that a rule of an embedding workflow declares as its output.
	snakemakeTimestamp = ".snakemake_timestamp"
	entriesBytes       = 64 << 10
	// Where in a linux_dirent64 its length, its type and its name lie.
	lengthOffset, typeOffset, nameOffset = 16, 18, 19
)

// A worker has what one goroutine needs to look at a folder.
type worker struct {
	*walk
	entries []byte // as getdents gave them
	name    []byte // that ends with NUL
	status  syscall.Stat_t
}

func (w *walk) newWorker() *worker {
	return &worker{walk: w, entries: make([]byte, entriesBytes)}
}

// names returns what an open folder has, without what is left out. A folder's name ends with a slash, so that the order
// of the names is that of the whole paths.
func (w *worker) names(t *task, descriptor int) ([]string, error) {
	var names []string
	for {
		n, err := readEntries(descriptor, w.entries)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		names = w.appendNames(names, t, descriptor, w.entries[:n])
	}
	slices.Sort(names)
	return names, nil
}

func (w *worker) appendNames(names []string, t *task, descriptor int, entries []byte) []string {
	// One string for all of them is quicker made than many.
	var all []byte
	var ends []int
	for len(entries) > 0 {
		length := binary.NativeEndian.Uint16(entries[lengthOffset:])
		name := entries[nameOffset:length]
		name = name[:bytes.IndexByte(name, 0)]
		kind := entries[typeOffset]
		entries = entries[length:]
		if string(name) == "." || string(name) == ".." || string(name) == snakemakeTimestamp {
			continue
		}
		all = append(all, name...)
		if w.isFolder(t, descriptor, name, kind) {
			all = append(all, '/')
		}
		ends = append(ends, len(all))
	}
	text, start := string(all), 0
	for _, end := range ends {
		if w.exclude == nil || !w.exclude.leaveOut(t.folder+text[start:end]) {
			names = append(names, text[start:end])
		}
		start = end
	}
	return names
}

// isFolder tells whether an entry is a folder, by its type where the file system gives one, or is to be replaced by one.
func (w *worker) isFolder(t *task, descriptor int, name []byte, kind byte) bool {
	if kind == syscall.DT_UNKNOWN {
		if err := w.look(descriptor, string(name)); err != nil {
			return false
		}
		kind = byte(w.status.Mode & syscall.S_IFMT >> 12)
	}
	if kind == syscall.DT_LNK && w.symlinks == FollowLinks {
		return w.leadsToFolder(t, descriptor, string(name))
	}
	return kind == syscall.DT_DIR
}

// leadsToFolder tells whether a link is to be replaced by a folder.
func (w *worker) leadsToFolder(t *task, descriptor int, name string) bool {
	target, err := readLink(descriptor, name)
	if err != nil || !w.leads(t.base, t.folder, name, target).followed() {
		return false
	}
	var status syscall.Stat_t
	err = pathStatus(w.root, t.folder+name, &status)
	return err == nil && status.Mode&syscall.S_IFMT == syscall.S_IFDIR
}

// look fills in the worker's status with that of a name in an open folder.
func (w *worker) look(descriptor int, name string) error {
	w.name = append(append(w.name[:0], name...), 0)
	return linkStatus(descriptor, w.name, &w.status)
}

func isFolderName(name string) bool {
	return strings.HasSuffix(name, "/")
}
