// How far the work is, on one line of the terminal.

package files

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	progressInterval = 200 * time.Millisecond
	clearLine        = "\r\x1b[K"
)

// progress counts what is done. Where messages go to no terminal it shows nothing.
type progress struct {
	verb         string
	files, bytes atomic.Int64
	started      time.Time

	mutex      sync.Mutex // of the terminal
	terminal   io.Writer
	totalFiles int64
	totalBytes int64
	stopped    chan struct{}
}

// newProgress begins to count, and to show the count where somebody sees it.
func newProgress(job Job, c catalog, verb string) *progress {
	p := &progress{verb: verb, started: time.Now(), stopped: make(chan struct{})}
	if isTerminal(job.Messages) {
		p.terminal = job.Messages
		p.totalFiles, p.totalBytes = total(job, c)
		go p.show()
	}
	return p
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// total gives the files and bytes of all rows.
func total(job Job, c catalog) (files, bytes int64) {
	for row := range job.Rows {
		files, bytes = files+1, bytes+c.sizeOf(row)
	}
	return files, bytes
}

func (p *progress) add(bytes int) { p.bytes.Add(int64(bytes)) }

func (p *progress) show() {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for {
		select {
		case <-p.stopped:
			return
		case <-tick.C:
			p.mutex.Lock()
			io.WriteString(p.terminal, clearLine+p.line(time.Since(p.started)))
			p.mutex.Unlock()
		}
	}
}

// line is what the terminal shows.
func (p *progress) line(elapsed time.Duration) string {
	files, bytes := p.files.Load(), p.bytes.Load()
	rate := float64(bytes) / elapsed.Seconds()
	line := fmt.Sprintf("%s %d of %d files, %s of %s, %s/s", p.verb, files, p.totalFiles,
		size(bytes), size(p.totalBytes), size(int64(rate)))
	if left := p.totalBytes - bytes; rate > 0 && left > 0 {
		line += fmt.Sprintf(", %s left", time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
	}
	return line
}

// stop takes the line away. It may be called twice.
func (p *progress) stop() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	select {
	case <-p.stopped:
		return
	default:
	}
	close(p.stopped)
	if p.terminal != nil {
		io.WriteString(p.terminal, clearLine)
	}
}

// print writes a line of results, which the progress must not run into.
func (p *progress) print(out io.Writer, line string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.terminal != nil {
		io.WriteString(p.terminal, clearLine)
	}
	if _, err := io.WriteString(out, line+"\n"); err != nil {
		return err
	}
	if buffered, ok := out.(interface{ Flush() error }); ok {
		return buffered.Flush()
	}
	return nil
}

// seconds is how long the work has taken.
func (p *progress) seconds() string { return fmt.Sprintf("%.1f s", time.Since(p.started).Seconds()) }

// size gives bytes as people read them.
func size(bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes)/1000, 0
	for ; value >= 999.95 && unit < 5; unit++ {
		value /= 1000
	}
	return fmt.Sprintf("%.1f %cB", value, "kMGTPE"[unit])
}
