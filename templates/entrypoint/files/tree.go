// The selected files as a tree.

package files

import (
	"bytes"
	"fmt"
	"iter"

	"entrypoint/progress"
)

// Tree prints the rows in the format of tree(1), with sizes, and returns their number. The rows must be in the order of their
// keys. They are iterated once more for each level of folders, so memory is needed for the levels only. If no row is
// selected, Tree prints nothing; the tree of an empty dataset is the mount.
func Tree(job Job) (int, error) {
	c, err := newCatalog(job.Index, job.Root)
	if err != nil {
		return 0, err
	}
	t := &tree{catalog: c, job: job}
	defer t.close()
	for row, key := range job.Rows {
		if err := t.add(row, key[len(c.ix.Mount)+1:]); err != nil {
			return t.files, err
		}
	}
	if t.files == 0 && !job.All {
		return 0, nil
	}
	if t.files == 0 {
		err = t.mount()
	}
	if err == nil {
		_, err = fmt.Fprintf(job.Out, "\n%s, %s, %s\n", counted(t.folders, "folder"), counted(t.files, "file"),
			counted(int(t.bytes), "byte"))
	}
	return t.files, err
}

type tree struct {
	catalog
	job            Job
	files, folders int
	bytes          int64

	previous []byte
	levels   []*level
	line     []byte
}

// level is a depth in the tree, with its own iteration of the rows that is ahead of the last printed entry.
type level struct {
	last bool // whether the last printed entry is the last of its folder
	next func() (int, []byte, bool)
	stop func()
	name []byte // of the current row of the iteration, nil at its end
}

// add prints a file, after its folders that are not printed yet.
func (t *tree) add(row int, name []byte) error {
	if t.files == 0 {
		if err := t.mount(); err != nil {
			return err
		}
	}
	start, depth := sharedFolders(t.previous, name)
	t.previous = append(t.previous[:0], name...)
	t.files, t.bytes = t.files+1, t.bytes+t.sizeOf(row)
	for start < len(name) {
		end := len(name)
		if slash := bytes.IndexByte(name[start:], '/'); slash >= 0 {
			end = start + slash + 1
		}
		if err := t.entry(row, depth, name[:end], start); err != nil {
			return err
		}
		start, depth = end, depth+1
	}
	return nil
}

// sharedFolders returns the length and the number of the leading folders that two names have in common.
func sharedFolders(one, other []byte) (length, folders int) {
	for i := 0; i < min(len(one), len(other)) && one[i] == other[i]; i++ {
		if one[i] == '/' {
			length, folders = i+1, folders+1
		}
	}
	return length, folders
}

func (t *tree) mount() error {
	_, err := fmt.Fprintf(t.job.Out, "%s/\n", shown([]byte(t.ix.Mount)))
	return err
}

// entry prints the line of a file or folder; its last path component begins at start.
func (t *tree) entry(row, depth int, name []byte, start int) error {
	if depth == len(t.levels) {
		t.levels = append(t.levels, t.newLevel())
	}
	here := t.levels[depth]
	here.last = !here.followed(name, name[:start], len(t.ix.Mount)+1)
	t.line = t.line[:0]
	for _, above := range t.levels[:depth] {
		t.line = append(t.line, branch(above.last, "    ", "│   ")...)
	}
	t.line = append(t.line, branch(here.last, "└── ", "├── ")...)
	t.line = append(t.label(t.line, row, name[start:]), '\n')
	_, err := t.job.Out.Write(t.line)
	return err
}

func branch(last bool, yes, no string) string {
	if last {
		return yes
	}
	return no
}

// label appends the name of an entry with its size or symlink target.
func (t *tree) label(line []byte, row int, last []byte) []byte {
	if folder, isFolder := bytes.CutSuffix(last, []byte("/")); isFolder {
		t.folders++
		return fmt.Appendf(line, "%s/", shown(folder))
	}
	if target, isLink := t.linkOf(row); isLink {
		return fmt.Appendf(line, "%s -> %s", shown(last), shown(target))
	}
	return fmt.Appendf(line, "%s (%s)", shown(last), progress.Size(t.sizeOf(row)))
}

func (t *tree) newLevel() *level {
	l := &level{}
	l.next, l.stop = iter.Pull2(t.job.Rows)
	l.advance(len(t.ix.Mount) + 1)
	return l
}

func (l *level) advance(prefix int) {
	_, key, more := l.next()
	if l.name = nil; more {
		l.name = key[prefix:]
	}
}

// followed reports whether another entry of the same folder follows.
func (l *level) followed(entry, folder []byte, prefix int) bool {
	isFolder := entry[len(entry)-1] == '/'
	for l.name != nil && (bytes.Compare(l.name, entry) <= 0 || isFolder && bytes.HasPrefix(l.name, entry)) {
		l.advance(prefix)
	}
	return l.name != nil && bytes.HasPrefix(l.name, folder)
}

func (t *tree) close() {
	for _, l := range t.levels {
		l.stop()
	}
}
