// Counts of symlinks that are stored in an image, but lead to nothing there.
package scan

import "strings"

// Broken contains the counts of kept symlinks that dangle in an image; all are 0 without Columns.
type Broken struct {
	Count int64  `json:"count"`
	Annex int64  `json:"annex"` // those to content of git-annex
	First string `json:"first"` // the path of one of them
}

// add counts the symlinks of a part of a task.
func (all *Broken) add(part Broken) {
	if all.Count == 0 {
		all.First = part.First
	}
	all.Count += part.Count
	all.Annex += part.Annex
}

// countBroken counts a symlink that is stored unchanged, if it dangles in an image.
func (w *worker) countBroken(b *Broken, t *task, name, target string) {
	switch w.classify(t.base, t.folder, name, target) {
	case dangling, loop, excluded, leftOut:
		one := Broken{Count: 1, First: t.folder + name}
		if strings.Contains(target, ".git/annex/objects/") {
			one.Annex = 1
		}
		b.add(one)
	}
}
