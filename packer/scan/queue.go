// Which task is next, and how far the workers may be ahead of the writer.
package scan

import (
	"container/heap"
	"sync"
)

// How many tasks may be done or in work before the writer has come to them; a task gives at most some 100 KB.
const maxAhead = 256

// A queue holds the tasks that wait for a worker, in their order.
type queue struct {
	mutex   sync.Mutex
	changed *sync.Cond
	waiting tasks
	ahead   int // tasks that workers took and the writer has not come to
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
	q.changed = sync.NewCond(&q.mutex)
	return q
}

// add lets tasks wait for a worker.
func (q *queue) add(parts []part) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for _, one := range parts {
		if one.next != nil {
			heap.Push(&q.waiting, waiting{one.next.order(), one.next})
		}
	}
	q.changed.Broadcast()
}

// take returns the first task that nobody has taken, when there is room for what it finds; nil at the end.
func (q *queue) take() *task {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for !q.closed {
		if len(q.waiting) == 0 || q.ahead >= maxAhead {
			q.changed.Wait()
			continue
		}
		next := heap.Pop(&q.waiting).(waiting).task
		if !next.taken {
			next.taken = true
			q.ahead++
			return next
		}
	}
	return nil
}

// claim tells the writer whether it has to do a task itself, as nobody has taken it.
//
// It never waits for room, so the walk goes on however far the workers are ahead elsewhere.
func (q *queue) claim(t *task) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if !t.taken {
		t.taken = true
		return true
	}
	q.ahead--
	q.changed.Signal()
	return false
}

// close sends the workers home.
func (q *queue) close() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.closed = true
	q.changed.Broadcast()
}

// waiting is a task with what it is sorted by.
type waiting struct {
	order string
	task  *task
}

// tasks is a heap; see container/heap.
type tasks []waiting

func (t tasks) Len() int           { return len(t) }
func (t tasks) Less(i, j int) bool { return t[i].order < t[j].order }
func (t tasks) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *tasks) Push(one any)      { *t = append(*t, one.(waiting)) }

func (t *tasks) Pop() any {
	last := len(*t) - 1
	one := (*t)[last]
	(*t)[last] = waiting{}
	*t = (*t)[:last]
	return one
}
