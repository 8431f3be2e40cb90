// Parallel work on ranges of places.

package query

import (
	"runtime"
	"sync"
	"sync/atomic"

	"entrypoint/index"
)

// rangePlaces is the number of places in a range: their output is some hundred kilobytes.
const rangePlaces = 1 << 11

// inParallel calls f on all cores, for ranges that together are the places [0, total), in any order.
func inParallel(total int, f func(from, to int)) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), total/rangePlaces+1) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			err := index.Guard(func() error {
				for failed.Load() == nil {
					from := int(next.Add(rangePlaces)) - rangePlaces
					if from >= total {
						break
					}
					f(from, min(from+rangePlaces, total))
				}
				return nil
			})
			if err != nil {
				failed.Store(&err)
			}
		}()
	}
	workers.Wait()
	if err := failed.Load(); err != nil {
		panic(*err)
	}
}

// piece is the rendered output of a range; ready is closed when the output is complete.
type piece struct {
	ready   chan struct{}
	content []byte
	err     error
}

// InOrder calls `render` on all cores, for ranges that together are the places [0, total), and passes the buffers that it
// returns to `write` in the order of the ranges. It returns the first error.
func InOrder(total int, render func(buffer []byte, from, to int) []byte, write func([]byte) error) error {
	workers := runtime.GOMAXPROCS(0)
	pieces := make(chan *piece, 2*workers) // in the order of writing
	free := make(chan []byte, 3*workers)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(pieces)
		busy := make(chan struct{}, workers)
		for from := 0; from < total; from += rangePlaces {
			one := &piece{ready: make(chan struct{})}
			select {
			case <-stop:
				return
			case busy <- struct{}{}:
			}
			go func() {
				one.render(free, render, from, min(from+rangePlaces, total))
				<-busy
			}()
			select {
			case <-stop:
				return
			case pieces <- one:
			}
		}
	}()
	return writeAll(pieces, free, write)
}

// render sets the content of the piece, in a buffer from `free` if there is one.
func (p *piece) render(free chan []byte, render func([]byte, int, int) []byte, from, to int) {
	defer close(p.ready)
	var buffer []byte
	select {
	case buffer = <-free:
	default:
	}
	p.err = index.Guard(func() error {
		p.content = render(buffer[:0], from, to)
		return nil
	})
}

// writeAll writes the pieces in order and returns their buffers to `free`.
func writeAll(pieces chan *piece, free chan []byte, write func([]byte) error) error {
	for one := range pieces {
		<-one.ready
		if one.err != nil {
			return one.err
		}
		if len(one.content) > 0 {
			if err := write(one.content); err != nil {
				return err
			}
		}
		select {
		case free <- one.content:
		default:
		}
	}
	return nil
}
