// The walk: workers that read folders ahead, and the writer that visits the tree in order.
package scan

import (
	"context"
	"sync"

	"packer/dataset"
)

// A walk is one run of Run.
type walk struct {
	root     int // descriptor of the dataset's folder
	exclude  Rules
	defaults int     // the number of rules at the start of exclude that are defaults
	first    byteSet // Rules.firstBytes
	symlinks string  // one of Policies
	reader   reader
	columns  bool // whether to write columns
	inodes   bool // false on FUSE, where many file systems number a file again after the kernel forgot it
	queue    *queue
	slots    chan struct{} // its capacity limits how many tasks are in work
}

// write writes the whole list in order, or a part of it if the context ends.
func (w *walk) write(ctx context.Context, out *writer) error {
	w.queue, w.slots = newQueue(), make(chan struct{}, dataset.Workers)
	var all sync.WaitGroup
	defer all.Wait()
	defer w.queue.close()
	// The writer is a worker too.
	for range max(1, dataset.Workers-1) {
		all.Add(1)
		go func() {
			defer all.Done()
			w.work()
		}()
	}
	return w.writeTask(ctx, w.newWorker(), newTask(w.newBase("", nil), "", nil), out)
}

// work does tasks until the queue is closed.
func (w *walk) work() {
	lister := w.newWorker()
	for t := w.queue.take(); t != nil; t = w.queue.take() {
		lister.do(t)
	}
}

// writeTask writes the parts of a task and, recursively, those of the tasks that follow its parts.
func (w *walk) writeTask(ctx context.Context, lister *worker, t *task, out *writer) error {
	if w.queue.claim(t) {
		lister.do(t)
	}
	<-t.done
	for i := range t.parts {
		p := t.parts[i]
		t.parts[i] = part{}
		if err := out.write(&p.found); err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if p.next == nil {
			continue
		}
		if err := w.writeTask(ctx, lister, p.next, out); err != nil {
			return err
		}
	}
	return nil
}
