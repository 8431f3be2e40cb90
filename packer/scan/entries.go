// The entries of a folder.
package scan

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"syscall"
)

const (
	// Snakemake creates this file in each folder that a rule declares as its output; it is never part of the dataset.
	snakemakeTimestamp = ".snakemake_timestamp"
	entriesBytes       = 64 << 10
	// Positions of the length, the type and the name in a linux_dirent64.
	lengthOffset, typeOffset, nameOffset = 16, 18, 19
)

// A worker contains the buffers with which one goroutine reads folders.
type worker struct {
	*walk
	entries []byte // the result of getdents
	name    []byte // terminated by NUL
	status  syscall.Stat_t
}

func (w *walk) newWorker() *worker {
	return &worker{walk: w, entries: make([]byte, entriesBytes)}
}

// names returns the sorted names of a task's open folder that are not excluded. The name of a subfolder ends with a
// slash, so that names are in the same order as the paths below them.
func (w *worker) names(b *builder, t *task, descriptor int) ([]string, error) {
	var names []string
	for {
		n, err := readEntries(descriptor, w.entries)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		names = w.appendNames(b, names, t, descriptor, w.entries[:n])
	}
	slices.Sort(names)
	return names, nil
}

func (w *worker) appendNames(b *builder, names []string, t *task, descriptor int, entries []byte) []string {
	// Allocating one string for all names is faster than one for each name.
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
		rule := included
		if w.first.has(text[start]) {
			rule = w.exclude.excludedBy(t.folder, text[start:end])
		}
		if rule == included {
			names = append(names, text[start:end])
		} else if rule < w.defaults {
			b.leaveOut(rule, w.defaults)
		}
		start = end
	}
	return names
}

// isFolder reports whether an entry is a folder or, with FollowLinks, a symlink that is replaced by a folder. The kind
// is the entry's type in getdents, which some file systems do not fill in.
func (w *worker) isFolder(t *task, descriptor int, name []byte, kind byte) bool {
	if kind == syscall.DT_UNKNOWN {
		if err := w.readStatus(descriptor, string(name)); err != nil {
			return false
		}
		kind = byte(w.status.Mode & syscall.S_IFMT >> 12)
	}
	if kind == syscall.DT_LNK && w.symlinks == FollowLinks {
		return w.replacedByFolder(t, descriptor, string(name))
	}
	return kind == syscall.DT_DIR
}

// replacedByFolder reports whether a symlink is followed to a folder.
func (w *worker) replacedByFolder(t *task, descriptor int, name string) bool {
	target, err := readLink(descriptor, name)
	if err != nil || !w.classify(t.base, t.folder, name, target).followed() {
		return false
	}
	var status syscall.Stat_t
	err = pathStatus(w.root, t.folder+name, &status)
	return err == nil && status.Mode&syscall.S_IFMT == syscall.S_IFDIR
}

// readStatus sets w.status to the status of an entry of an open folder, without following a symlink.
func (w *worker) readStatus(descriptor int, name string) error {
	w.name = append(append(w.name[:0], name...), 0)
	return linkStatus(descriptor, w.name, &w.status)
}

func isFolderName(name string) bool {
	return strings.HasSuffix(name, "/")
}
