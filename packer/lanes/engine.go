// Package lanes computes SHA-256 digests of many messages at once: one core hashes 16 messages together in vector registers,
// one in each lane. docs/decisions/0017-sha256-in-lanes.md has the measurements.
package lanes

import (
	"math"
	"runtime"
	"sync"
)

// Lanes is the number of messages that a core hashes together.
const Lanes = 16

const blockBytes = 64

// An Engine hashes the messages of many goroutines together.
type Engine struct {
	kernel  kernel
	mutex   sync.Mutex
	arrived sync.Cond
	queue   []*job
	closed  bool
}

// A job advances the state of one message over its next blocks.
type job struct {
	state *state
	parts [2][]byte // of whole blocks, to hash one after the other
	done  *sync.WaitGroup
}

// A kernel is the code for one instruction set.
type kernel struct {
	name  string
	least int // the number of messages from which it is faster than the standard library
	// hash advances the lanes that have a message by count blocks. states has the words of the lanes, transposed.
	hash func(states *[8][Lanes]uint32, messages *[Lanes]*byte, count int)
}

// never is the kernel.least of a kernel that is slower than the standard library.
const never = math.MaxInt

// Start returns an engine of the given number of goroutines; nil if the standard library is the fastest on this processor.
// The methods of a nil Engine use the standard library.
func Start(goroutines int) *Engine {
	for _, one := range kernels() {
		if one.least < never {
			return start(goroutines, one)
		}
	}
	return nil
}

func start(goroutines int, kernel kernel) *Engine {
	e := &Engine{kernel: kernel}
	e.arrived.L = &e.mutex
	for range goroutines {
		go e.run()
	}
	return e
}

// Close ends the goroutines of the engine. No message must be in it.
func (e *Engine) Close() {
	if e == nil {
		return
	}
	e.mutex.Lock()
	e.closed = true
	e.mutex.Unlock()
	e.arrived.Broadcast()
}

// submit adds jobs to the queue.
func (e *Engine) submit(jobs ...*job) {
	e.mutex.Lock()
	e.queue = append(e.queue, jobs...)
	e.mutex.Unlock()
	if len(jobs) == 1 {
		e.arrived.Signal()
	} else {
		e.arrived.Broadcast()
	}
}

// take waits for jobs, and returns enough for lanes, or one; none when the engine is closed.
func (e *Engine) take(jobs []*job) []*job {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for len(e.queue) == 0 && !e.closed {
		e.arrived.Wait()
	}
	if len(e.queue) < e.kernel.least {
		return e.move(jobs, min(1, len(e.queue)))
	}
	return e.move(jobs, min(Lanes, len(e.queue)))
}

// more returns up to count jobs without waiting.
func (e *Engine) more(jobs []*job, count int) []*job {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.move(jobs, min(count, len(e.queue)))
}

func (e *Engine) move(jobs []*job, count int) []*job {
	jobs = append(jobs, e.queue[:count]...)
	clear(e.queue[:count])
	e.queue = e.queue[count:]
	return jobs
}

// run hashes jobs until the engine is closed.
func (e *Engine) run() {
	var group group
	single := newSingle()
	var jobs []*job
	for {
		// The goroutines whose messages are hashed can submit the next ones first.
		runtime.Gosched()
		jobs = e.take(jobs[:0])
		switch {
		case len(jobs) == 0:
			return
		case len(jobs) == 1:
			if single.hash(jobs[0]) {
				jobs[0].done.Done()
			} else {
				e.submit(jobs[0])
			}
			continue
		}
		for len(jobs)+group.active >= e.kernel.least {
			for _, one := range jobs {
				group.add(one)
			}
			group.step(e.kernel.hash)
			runtime.Gosched()
			jobs = e.more(jobs[:0], Lanes-group.active)
		}
		// Too few for lanes: any goroutine continues them, one by one.
		e.submit(group.leave(jobs)...)
	}
}
