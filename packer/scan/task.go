// The tasks of the walk: a folder, or a piece of a large folder.
package scan

import "syscall"

// Maximum number of names per task; a larger folder is split into several tasks.
const pieceNames = 512

// A task lists a folder, or adds the records of some names of a folder.
type task struct {
	base   *base
	folder string   // relative to the dataset, with a slash at its end; "" for the dataset itself
	names  []string // nil for the whole folder
	taken  bool     // guarded by the queue
	done   chan struct{}
	parts  []part // the result, when done
}

func newTask(b *base, folder string, names []string) *task {
	return &task{base: b, folder: folder, names: names, done: make(chan struct{})}
}

// order returns the sort key of the task: the smallest path that its records can have.
func (t *task) order() string {
	if t.names == nil {
		return t.folder
	}
	return t.folder + t.names[0]
}

// A part contains consecutive records and refused entries; the result of the task `next` follows them in the list.
type part struct {
	found
	next *task // or nil
}

// do runs the task and sets its parts.
func (w *worker) do(t *task) {
	w.slots <- struct{}{}
	defer func() { <-w.slots }()
	defer close(t.done)
	b := &builder{columns: w.columns, inodes: w.inodes}
	flags := syscall.O_NOFOLLOW
	if t.folder == t.base.prefix {
		flags = 0
	}
	descriptor, err := openFolder(w.root, pathOrDot(t.folder), flags)
	if err == nil {
		defer syscall.Close(descriptor)
		if t.names == nil {
			err = w.list(b, t, descriptor)
		} else {
			w.addAll(b, t, t.names, descriptor)
		}
	}
	if err != nil {
		b.refuseError(t.folder, "cannot be listed", err)
	}
	t.parts = b.finish()
	w.queue.add(t.parts)
}

// list adds the records of a folder; the names of a large folder after the first pieceNames become new tasks.
func (w *worker) list(b *builder, t *task, descriptor int) error {
	names, err := w.names(b, t, descriptor)
	if err != nil {
		return err
	}
	if len(names) == 0 && t.folder != "" {
		b.addEmptyFolder(t.folder, t.base.through())
	}
	first := min(pieceNames, len(names))
	w.addAll(b, t, names[:first], descriptor)
	for start := first; start < len(names); start += pieceNames {
		b.appendTask(newTask(t.base, t.folder, names[start:min(start+pieceNames, len(names))]))
	}
	return nil
}

// addAll adds the record of each name, and a new task for each subfolder.
func (w *worker) addAll(b *builder, t *task, names []string, descriptor int) {
	b.grow(len(names), len(t.folder))
	for _, name := range names {
		if !isFolderName(name) {
			w.addEntry(b, t, name, descriptor)
			continue
		}
		if !b.checkName(t.folder, name[:len(name)-1]) {
			continue
		}
		if below := w.baseOf(b, t, name, descriptor); below != nil {
			b.appendTask(newTask(below, t.folder+name, nil))
		}
	}
}

// addEntry adds the record of an entry that is not a folder, or a refused entry.
func (w *worker) addEntry(b *builder, t *task, name string, descriptor int) {
	target := ""
	err := w.readStatus(descriptor, name)
	kind := w.status.Mode & syscall.S_IFMT
	if err == nil && kind == syscall.S_IFLNK {
		target, err = readLink(descriptor, name)
	}
	if err != nil {
		b.refuseError(t.folder+name, "cannot be accessed", err)
		return
	}
	if !b.checkName(t.folder, name) {
		return
	}
	switch kind {
	case syscall.S_IFREG:
		w.checkReadable(b, t.folder, name, descriptor, syscall.O_NOFOLLOW)
		b.addFile(t.folder, name, t.base.through(), &w.status)
	case syscall.S_IFLNK:
		w.addLink(b, t, name, target, descriptor)
	default:
		b.refuse(t.folder+name, kindReason(kind), "")
	}
}

// pathOrDot returns the path of a folder for a system call: "." for the dataset itself.
func pathOrDot(folder string) string {
	if folder == "" {
		return "."
	}
	return folder
}
