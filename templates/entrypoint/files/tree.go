// The chosen files as a tree.

package files

import (
	"bytes"
	"fmt"
	"iter"

	"entrypoint/progress"
)

// Tree prints the rows as tree(1) does, with sizes, and gives their number. The rows must be in the order of their keys; they
// are walked over once more for each level of folders, so that memory is needed for the levels only. No rows print nothing,
// unless they are all there are.
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

// level is a depth in the tree, with a walk that looks ahead for what comes behind the entry printed last.
type level struct {
	last bool // whether that entry is the last of its folder
	next func() (int, []byte, bool)
	stop func()
	name []byte // where the walk is, nil at its end
}

// add prints a file, and before it the folders that it is the first file of.
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

// sharedFolders returns the length and the number of the folders that two names have in common.
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

// entry prints a line; the entry's own name begins at start.
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

func (t *tree) label(line []byte, row int, own []byte) []byte {
	if folder, isFolder := bytes.CutSuffix(own, []byte("/")); isFolder {
		t.folders++
		return fmt.Appendf(line, "%s/", shown(folder))
	}
	if target, isLink := t.linkOf(row); isLink {
		return fmt.Appendf(line, "%s -> %s", shown(own), shown(target))
	}
	return fmt.Appendf(line, "%s (%s)", shown(own), progress.Size(t.sizeOf(row)))
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

// followed reports whether another entry comes behind this one in its folder.
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
