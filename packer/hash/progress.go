// What a run tells of itself while it lasts.
package hash

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// How often it is told: a terminal's line is written over, a log's stays.
const (
	terminalPeriod = time.Second
	logPeriod      = 10 * time.Second
)

// progress counts what is read, and tells it until it is stopped.
type progress struct {
	files, bytes atomic.Int64
	allFiles     int64
	allBytes     int64
	began        time.Time
	ended        chan struct{}
	teller       sync.WaitGroup
}

// startProgress begins to tell w, or nobody, how much of the summary's files is done.
func startProgress(w io.Writer, summary Summary) *progress {
	p := &progress{allFiles: summary.Files + summary.Links, allBytes: summary.Bytes}
	p.began, p.ended = time.Now(), make(chan struct{})
	if w != nil {
		p.teller.Add(1)
		go p.tell(w, isTerminal(w))
	}
	return p
}

// stop waits until nothing more is told.
func (p *progress) stop() {
	close(p.ended)
	p.teller.Wait()
}

func (p *progress) addFile(size int64) {
	p.files.Add(1)
	p.bytes.Add(size)
}

func (p *progress) addBytes(size int64) {
	p.bytes.Add(size)
}

func (p *progress) tell(w io.Writer, terminal bool) {
	defer p.teller.Done()
	period, format := logPeriod, "%s\n"
	if terminal {
		period, format = terminalPeriod, "\r%s\x1b[K"
		defer fmt.Fprint(w, "\r\x1b[K")
	}
	ticks := time.NewTicker(period)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			fmt.Fprintf(w, format, p.line(time.Since(p.began)))
		case <-p.ended:
			return
		}
	}
}

// line says how far it is after the given time.
func (p *progress) line(passed time.Duration) string {
	files, bytes := p.files.Load(), p.bytes.Load()
	rate := float64(bytes) / passed.Seconds()
	divisor, unit := unitOf(p.allBytes)
	text := fmt.Sprintf("hash: %d of %d files, %.1f of %.1f %s, %.0f MB/s", files, p.allFiles,
		float64(bytes)/divisor, float64(p.allBytes)/divisor, unit, rate/1e6)
	if rate < 1 {
		return text
	}
	left := int64(float64(p.allBytes-bytes)/rate + 0.5)
	return fmt.Sprintf("%s, %d:%02d left", text, left/60, left%60)
}

func unitOf(bytes int64) (divisor float64, unit string) {
	switch {
	case bytes >= 1e12:
		return 1e12, "TB"
	case bytes >= 1e9:
		return 1e9, "GB"
	}
	return 1e6, "MB"
}

// isTerminal tells whether w is a device that shows characters.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	status, err := file.Stat()
	return err == nil && status.Mode()&os.ModeCharDevice != 0
}
