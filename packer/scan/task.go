// The tasks that the walk consists of: a folder, or a piece of a large one.
package scan

import "syscall"

// How many names a task looks at; the rest of a large folder's become tasks of their own.
const pieceNames = 512

// A task is a folder to be listed, or a piece of its names to be looked at.
type task struct {
	base   *base
	folder string   // relative to the dataset, with a slash at its end; "" for the dataset itself
	names  []string // nil for the whole folder
	taken  bool     // guarded by the queue
	done   chan struct{}
	parts  []part // what was found, when done
}

func newTask(b *base, folder string, names []string) *task {
	return &task{base: b, folder: folder, names: names, done: make(chan struct{})}
}

// order is what tasks are sorted by: the path of the first record that it may give.
func (t *task) order() string {
	if t.names == nil {
		return t.folder
	}
	return t.folder + t.names[0]
}

// A part is a run of records and offenders without a folder in between; what the task behind it finds comes next.
type part struct {
	found
	next *task // or nil
}

// do fills in the task's parts.
func (w *worker) do(t *task) {
	defer close(t.done)
	b := &builder{columns: w.columns}
	flags := syscall.O_NOFOLLOW
	if t.folder == t.base.prefix {
		flags = 0
	}
	descriptor, err := openFolder(w.root, here(t.folder), flags)
	if err == nil {
		defer syscall.Close(descriptor)
		if t.names == nil {
			err = w.list(b, t, descriptor)
		} else {
			w.lookAtAll(b, t, t.names, descriptor)
		}
	}
	if err != nil {
		b.refuse(t.folder, "cannot be listed", err)
	}
	t.parts = b.finish()
	w.queue.add(t.parts)
}

// list looks at a whole folder, or leaves most of a large one to other tasks.
func (w *worker) list(b *builder, t *task, descriptor int) error {
	names, err := w.names(t, descriptor)
	if err != nil {
		return err
	}
	if len(names) == 0 && t.folder != "" {
		b.addEmptyFolder(t.folder, t.base.through())
	}
	first := min(pieceNames, len(names))
	w.lookAtAll(b, t, names[:first], descriptor)
	for start := first; start < len(names); start += pieceNames {
		b.follow(newTask(t.base, t.folder, names[start:min(start+pieceNames, len(names))]))
	}
	return nil
}

func (w *worker) lookAtAll(b *builder, t *task, names []string, descriptor int) {
	b.expect(len(names), len(t.folder))
	for _, name := range names {
		if !isFolderName(name) {
			w.lookAt(b, t, name, descriptor)
			continue
		}
		if !b.checkName(t.folder, name[:len(name)-1]) {
			continue
		}
		if below := w.baseOf(b, t, name, descriptor); below != nil {
			b.follow(newTask(below, t.folder+name, nil))
		}
	}
}

// lookAt adds the record of a name that is no folder, or says why there can be none.
func (w *worker) lookAt(b *builder, t *task, name string, descriptor int) {
	target := ""
	err := w.look(descriptor, name)
	kind := w.status.Mode & syscall.S_IFMT
	if err == nil && kind == syscall.S_IFLNK {
		target, err = readLink(descriptor, name)
	}
	if err != nil {
		b.refuse(t.folder+name, "cannot be looked at", err)
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
		w.lookAtLink(b, t, name, target, descriptor)
	default:
		b.refuse(t.folder+name, kindReason(kind), nil)
	}
}

// here is a folder's path for a system call.
func here(folder string) string {
	if folder == "" {
		return "."
	}
	return folder
}
