// Counts of entries that are stored in an image, but that a user may not expect there.
package scan

import "strings"

// Unusual contains the counts.
type Unusual struct {
	// Files and their bytes in folders of version control systems, by the name of the folder.
	History map[string][2]int64 `json:"history"`
	Broken  int64               `json:"broken"` // kept symlinks that dangle in an image; 0 without Columns
	Annex   int64               `json:"annex"`  // those to content of git-annex
	First   string              `json:"first"`  // the path of one of them
}

// addHistory counts a part of a task.
func (u *Unusual) addHistory(folder string, f *found) {
	for name := range strings.SplitSeq(folder, "/") {
		switch name {
		case ".git", ".hg", ".svn", ".datalad", ".annex":
			before := u.History[name]
			u.History[name] = [2]int64{before[0] + f.fileCount, before[1] + f.fileBytes}
			return
		}
	}
}

// addBroken counts the symlinks of a part of a task.
func (u *Unusual) addBroken(f *found) {
	if u.Broken == 0 {
		u.First = f.firstBroken
	}
	u.Broken += f.broken
	u.Annex += f.annex
}

// countBroken counts a symlink that is stored unchanged, if it dangles in an image.
func (w *worker) countBroken(f *found, t *task, name, target string) {
	switch w.classify(t.base, t.folder, name, target) {
	case dangling, loop, excluded:
		if f.broken == 0 {
			f.firstBroken = t.folder + name
		}
		f.broken++
		if strings.Contains(target, ".git/annex/objects/") {
			f.annex++
		}
	}
}
