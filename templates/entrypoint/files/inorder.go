// Parallel work on rows, with results in the order of the rows.

package files

import (
	"bytes"
	"context"
	"iter"
	"sync"

	"entrypoint/index"
)

// window is the maximum number of rows in progress: large enough that the other workers continue while one worker reads a
// large file. It costs some MB of memory.
const window = 1 << 14

// work returns the result for one row. Each goroutine has its own work.
type work[T any] func(ctx context.Context, row int, key []byte) (T, error)

// task is a row in progress, with its result when done is closed.
type task[T any] struct {
	row   int
	key   []byte
	found T
	done  chan struct{}
}

// inOrder does the work on all rows, in one goroutine per worker, and passes the results to `take` in the order of the rows.
// The first error of a worker or of `take` stops the work. No worker runs any more when inOrder returns.
func inOrder[T any](
	ctx context.Context, rows iter.Seq2[int, []byte], workers []work[T], take func(key []byte, found T) error,
) error {
	ctx, stop := context.WithCancelCause(ctx)
	todo, underWay := make(chan *task[T]), make(chan *task[T], window)
	go func() {
		defer close(underWay)
		defer close(todo)
		if err := index.Guard(func() error { return feed(ctx, rows, todo, underWay) }); err != nil {
			stop(err)
		}
	}()
	var running sync.WaitGroup
	for _, worker := range workers {
		running.Add(1)
		go func() {
			defer running.Done()
			if err := index.Guard(func() error { return worker.run(ctx, todo) }); err != nil {
				stop(err)
			}
		}()
	}
	err := collect(ctx, underWay, take)
	stop(err)
	running.Wait()
	return err
}

// feed passes a task for each row to the workers, and to collect in the order of the rows.
func feed[T any](ctx context.Context, rows iter.Seq2[int, []byte], todo, underWay chan<- *task[T]) error {
	for row, key := range rows {
		one := &task[T]{row: row, key: bytes.Clone(key), done: make(chan struct{})}
		for _, queue := range []chan<- *task[T]{underWay, todo} {
			select {
			case queue <- one:
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

// run does the work on tasks until there are no more tasks.
func (w work[T]) run(ctx context.Context, todo <-chan *task[T]) (err error) {
	for {
		select {
		case <-ctx.Done():
			return nil
		case one, more := <-todo:
			if !more {
				return nil
			}
			if one.found, err = w(ctx, one.row, one.key); err != nil {
				return err
			}
			close(one.done)
		}
	}
}

// collect passes the results to `take` in order. It returns early if the context ends, even while the rows are slow to come.
func collect[T any](ctx context.Context, underWay <-chan *task[T], take func(key []byte, found T) error) error {
	for {
		var one *task[T]
		select {
		case one = <-underWay:
		case <-ctx.Done():
		}
		if one == nil {
			return context.Cause(ctx)
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := take(one.key, one.found); err != nil {
			return err
		}
	}
}
