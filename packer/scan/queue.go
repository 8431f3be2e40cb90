// The order of the tasks, and the limit of how far workers run ahead of the writer.
package scan

import (
	"container/heap"
	"sync"
)

// Maximum number of tasks that are in work or done but not written yet; the result of a task is at most about 100 KB.
const maxAhead = 256

// A queue contains the tasks that wait for a worker, ordered by path.
type queue struct {
	mutex   sync.Mutex
	changed *sync.Cond
	waiting tasks
	ahead   int // number of tasks that workers took and the writer has not claimed
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
	q.changed = sync.NewCond(&q.mutex)
	return q
}

// add adds the tasks of the parts to the queue.
func (q *queue) add(parts []part) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for _, p := range parts {
		if p.next != nil {
			heap.Push(&q.waiting, waiting{p.next.order(), p.next})
		}
	}
	q.changed.Broadcast()
}

// take waits until fewer than maxAhead tasks are ahead, and returns the first task that is not taken; nil after close.
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

// claim returns true if no worker has taken the task: the writer then does the task itself.
//
// It ignores maxAhead, so that the walk cannot deadlock when workers are far ahead in other folders.
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

// close makes take return nil, which ends the workers.
func (q *queue) close() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.closed = true
	q.changed.Broadcast()
}

// waiting is a task and its sort key.
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
