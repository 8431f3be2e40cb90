package scan

import "testing"

func TestTakeReturnsEachTaskOnceInOrder(t *testing.T) {
	q := newQueue()
	first, second, third := newTask(&base{}, "a/", nil), newTask(&base{}, "a/", []string{"x"}), newTask(&base{}, "b/", nil)
	q.add([]part{{next: third}, {}, {next: second}, {next: first}})
	if !q.claim(second) {
		t.Error("claim returned false for a task that no worker took")
	}
	if got := []*task{q.take(), q.take()}; got[0] != first || got[1] != third {
		t.Errorf("got %v", got)
	}
	if q.claim(first) {
		t.Error("claim returned true for a task that a worker took")
	}
}

func TestTakeWaitsWhileWorkersAreTooFarAhead(t *testing.T) {
	q := newQueue()
	var all []*task
	for range maxAhead + 1 {
		all = append(all, newTask(&base{}, "a/", nil))
		q.add([]part{{next: all[len(all)-1]}})
	}
	taken := make(chan *task, len(all))
	go func() {
		for one := q.take(); one != nil; one = q.take() {
			taken <- one
		}
		close(taken)
	}()
	var last *task
	for range maxAhead {
		last = <-taken
	}
	if len(q.waiting) != 1 || len(taken) != 0 {
		t.Errorf("%d tasks wait and %d more were taken", len(q.waiting), len(taken))
	}
	q.claim(last)
	if <-taken == nil {
		t.Error("the last task was not taken")
	}
	q.close()
	if <-taken != nil {
		t.Error("take returned a task after close")
	}
}
