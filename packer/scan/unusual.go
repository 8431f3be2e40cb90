// Counts of entries that are stored in an image, but that a user may not expect there.
package scan

import (
	"slices"
	"strings"
)

// The names of folders in which version control systems store their data.
var historyNames = map[string]bool{".git": true, ".hg": true, ".svn": true, ".datalad": true, ".annex": true}

// History contains the counts of the data of version control systems. First is the path of the first folder.
type History struct {
	Folders int64    `json:"folders"`
	First   []byte   `json:"first"`
	Names   []string `json:"names"` // of the folders, each once
	Files   int64    `json:"files"`
	Bytes   int64    `json:"bytes"`
}

// Broken contains the counts of the symlinks that lead nowhere in an image. First and Target are those of the first one.
type Broken struct {
	Links  int64  `json:"links"`
	Annex  int64  `json:"annex"` // the links to content of git-annex
	First  []byte `json:"first"`
	Target []byte `json:"target"`
}

// historyFolder returns the path of the first folder of a version control system that contains a folder, or is it; "" if
// there is none. Both paths have a slash at their end.
func historyFolder(folder string) string {
	for start := 0; start < len(folder); {
		end := start + strings.IndexByte(folder[start:], '/')
		if historyNames[folder[start:end]] {
			return folder[:end+1]
		}
		start = end + 1
	}
	return ""
}

// add counts a part of a task.
func (h *History) add(t *task, f *found, first bool) {
	folder := historyFolder(t.folder)
	if folder == "" {
		return
	}
	h.Files += f.fileCount
	h.Bytes += f.fileBytes
	if !first || t.names != nil || folder != t.folder {
		return
	}
	path := folder[:len(folder)-1]
	name := path[strings.LastIndexByte(path, '/')+1:]
	if h.Folders++; h.Folders == 1 {
		h.First = []byte(path)
	}
	if !slices.Contains(h.Names, name) {
		h.Names = append(h.Names, name)
	}
}

// add adds the counts of links that follow those in b.
func (b *Broken) add(next *Broken) {
	if b.Links == 0 {
		b.First, b.Target = next.First, next.Target
	}
	b.Links += next.Links
	b.Annex += next.Annex
}

// countBroken counts a symlink that is stored unchanged, if it leads nowhere in an image.
func (w *worker) countBroken(b *builder, t *task, name, target string) {
	switch w.classify(t.base, t.folder, name, target) {
	case dangling, loop, excluded:
		one := Broken{Links: 1, First: []byte(t.folder + name), Target: []byte(target)}
		if strings.Contains(target, ".git/annex/objects/") {
			one.Annex = 1
		}
		b.current.broken.add(&one)
	}
}
