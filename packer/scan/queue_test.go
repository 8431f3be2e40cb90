package scan

import "testing"

func TestTakeGivesTasksInOrderAndNoneTwice(t *testing.T) {
	q := newQueue()
	first, second, third := newTask(&base{}, "a/", nil), newTask(&base{}, "a/", []string{"x"}), newTask(&base{}, "b/", nil)
	q.add([]part{{next: third}, {}, {next: second}, {next: first}})
	if !q.claim(second) {
		t.Error("a task that nobody has taken is the writer's")
	}
	if got := []*task{q.take(), q.take()}; got[0] != first || got[1] != third {
		t.Errorf("got %v", got)
	}
	if q.claim(first) {
		t.Error("a task that a worker has taken is not the writer's")
	}
}

func TestTakeWaitsWhenTheWorkersAreFarAhead(t *testing.T) {
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
		t.Errorf("%d wait and %d more were taken", len(q.waiting), len(taken))
	}
	q.claim(last)
	if <-taken == nil {
		t.Error("the last was not taken")
	}
	q.close()
	if <-taken != nil {
		t.Error("a task after the end")
	}
}
