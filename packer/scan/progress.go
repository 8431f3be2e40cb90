// What a scan tells of itself while it lasts.
package scan

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const progressPeriod = 10 * time.Second

// progress tells how much was listed until it is stopped.
type progress struct {
	began  time.Time
	ended  chan struct{}
	teller sync.WaitGroup
}

// startProgress begins to tell w, or nobody, how many records there are.
func startProgress(w io.Writer, records *atomic.Int64) *progress {
	p := &progress{began: time.Now(), ended: make(chan struct{})}
	if w != nil {
		p.teller.Add(1)
		go p.tell(w, records)
	}
	return p
}

// stop waits until nothing more is told.
func (p *progress) stop() {
	close(p.ended)
	p.teller.Wait()
}

func (p *progress) tell(w io.Writer, records *atomic.Int64) {
	defer p.teller.Done()
	ticks := time.NewTicker(progressPeriod)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			fmt.Fprintln(w, progressLine(records.Load(), time.Since(p.began)))
		case <-p.ended:
			return
		}
	}
}

func progressLine(records int64, passed time.Duration) string {
	return fmt.Sprintf("scan: %d files listed, %.0f per second", records, float64(records)/passed.Seconds())
}
