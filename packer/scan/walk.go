// The walk: workers that are ahead, and the writer that goes through the tree in order.
package scan

import (
	"context"
	"sync"
)

// How many folders are looked at at once: on a network's file system it is many requests under way that count.
const workerCount = 32

// A walk is one dataset being listed.
type walk struct {
	root     int // the dataset's folder, open
	exclude  Rules
	symlinks string // one of Policies
	reader   reader
	columns  bool // whether columns are wanted
	queue    *queue
}

// write writes all that the dataset has, in order, or as much of it as there is before the context ends.
func (w *walk) write(ctx context.Context, out *writer) error {
	w.queue = newQueue()
	var all sync.WaitGroup
	defer all.Wait()
	defer w.queue.close()
	for range workerCount {
		all.Add(1)
		go func() {
			defer all.Done()
			w.work()
		}()
	}
	return w.follow(ctx, w.newWorker(), newTask(w.newBase("", nil), "", nil), out)
}

// work does tasks until there are no more.
func (w *walk) work() {
	own := w.newWorker()
	for t := w.queue.take(); t != nil; t = w.queue.take() {
		own.do(t)
	}
}

// follow writes what a task has found, and what the tasks that came of it have.
func (w *walk) follow(ctx context.Context, own *worker, t *task, out *writer) error {
	if w.queue.claim(t) {
		own.do(t)
	}
	<-t.done
	for i := range t.parts {
		one := t.parts[i]
		t.parts[i] = part{}
		if err := out.write(&one.found); err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if one.next == nil {
			continue
		}
		if err := w.follow(ctx, own, one.next, out); err != nil {
			return err
		}
	}
	return nil
}
