// Tests of inOrder.

package files

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"entrypoint/index"
)

// rowsUpTo returns rows whose keys share one buffer, like the keys of an index.
func rowsUpTo(count int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		var key []byte
		for row := range count {
			if key = fmt.Appendf(key[:0], "%d", row); !yield(row, key) {
				return
			}
		}
	}
}

func workers[T any](count int, one work[T]) []work[T] {
	var found []work[T]
	for range count {
		found = append(found, one)
	}
	return found
}

func TestInOrderReturnsAllResultsInOrder(t *testing.T) {
	const count = 3 * window
	slow := func(_ context.Context, row int, key []byte) (string, error) {
		if row%5000 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		return fmt.Sprintf("%d %s", row, key), nil
	}
	next := 0
	err := inOrder(context.Background(), rowsUpTo(count), workers(7, slow), func(key []byte, found string) error {
		if wanted := fmt.Sprintf("%d %d", next, next); found != wanted || string(key) != wanted[len(wanted)/2+1:] {
			t.Fatalf("%q returns %q, not %q", key, found, wanted)
		}
		next++
		return nil
	})
	if err != nil || next != count {
		t.Errorf("%d of %d results, %v", next, count, err)
	}
}

func TestInOrderFirstErrorStopsWork(t *testing.T) {
	own := errors.New("own")
	var running atomic.Int32
	nothing := func(_ []byte, _ int) error { return nil }
	for name, c := range map[string]struct {
		work work[int]
		rows iter.Seq2[int, []byte]
		take func([]byte, int) error
	}{
		"work": {func(_ context.Context, row int, _ []byte) (int, error) {
			if row == 500 {
				return 0, own
			}
			return 0, nil
		}, rowsUpTo(1 << 20), nothing},
		"take": {func(context.Context, int, []byte) (int, error) { return 0, nil }, rowsUpTo(1 << 20),
			func(key []byte, _ int) error {
				if string(key) == "500" {
					return own
				}
				return nil
			}},
		"waiting work": {func(ctx context.Context, row int, _ []byte) (int, error) {
			running.Add(1)
			defer running.Add(-1)
			if row == 2 {
				return 0, own
			}
			<-ctx.Done()
			return 0, ctx.Err()
		}, rowsUpTo(1 << 20), nothing},
	} {
		if err := inOrder(context.Background(), c.rows, workers(3, c.work), c.take); !errors.Is(err, own) {
			t.Errorf("%s: the error is %v", name, err)
		}
		if running.Load() != 0 {
			t.Errorf("%s: a worker still runs", name)
		}
	}
}

func TestInOrderCancelledWhileRowsAreBlockedReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	defer close(release)
	rows := func(yield func(int, []byte) bool) {
		cancel()
		<-release
	}
	work := func(context.Context, int, []byte) (int, error) { return 0, nil }
	err := inOrder(ctx, rows, workers(2, work), func([]byte, int) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestInOrderDamagedIndexReturnsError(t *testing.T) {
	i := newImage(t, fruit)
	beyond := func(context.Context, int, []byte) (int64, error) {
		return i.job.Index.Field("size").Integer(1 << 20), nil
	}
	err := inOrder(context.Background(), rowsUpTo(9), workers(2, beyond), func([]byte, int64) error { return nil })
	var damaged *index.DamagedError
	if !errors.As(err, &damaged) {
		t.Errorf("the error is %v", err)
	}
}
