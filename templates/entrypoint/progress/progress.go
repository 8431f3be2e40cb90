// Package progress tells how far work is: on a terminal by a line that is written over, in a log by a line now and then.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	terminalPeriod = 200 * time.Millisecond
	logPeriod      = 10 * time.Second
	clearLine      = "\r\x1b[K"
)

// Unknown stands for a number of files that only the end will tell.
const Unknown = -1

// Progress counts what is done.
type Progress struct {
	Files, Bytes atomic.Int64

	title              string
	allFiles, allBytes int64
	began              time.Time
	terminal           bool

	mutex   sync.Mutex // of what is written
	to      io.Writer
	stopped chan struct{}
}

// Start begins to count, and tells w unless it is nil. The title begins each line; then come how many of the files and bytes.
func Start(w io.Writer, title string, files, bytes int64) *Progress {
	p := &Progress{title: title, allFiles: files, allBytes: bytes, began: time.Now(), stopped: make(chan struct{})}
	if w != nil {
		p.to, p.terminal = w, IsTerminal(w)
		go p.tell()
	}
	return p
}

// IsTerminal is whether w is a device that shows characters.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Stop ends the telling, and takes a terminal's line away. It may be called twice.
func (p *Progress) Stop() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.hasStopped() {
		close(p.stopped)
		p.clear()
	}
}

// Print writes a line of results, which the progress must not run into.
func (p *Progress) Print(out io.Writer, line string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.clear()
	if _, err := io.WriteString(out, line+"\n"); err != nil {
		return err
	}
	if buffered, ok := out.(interface{ Flush() error }); ok {
		return buffered.Flush()
	}
	return nil
}

// Elapsed is how long the work has taken, as text.
func (p *Progress) Elapsed() string { return fmt.Sprintf("%.1f s", time.Since(p.began).Seconds()) }

// Size gives bytes as people read them.
func Size(bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes)/1000, 0
	for ; value >= 999.95 && unit < 5; unit++ {
		value /= 1000
	}
	return fmt.Sprintf("%.1f %cB", value, "kMGTPE"[unit])
}

func (p *Progress) tell() {
	period := logPeriod
	if p.terminal {
		period = terminalPeriod
	}
	ticks := time.NewTicker(period)
	defer ticks.Stop()
	for {
		select {
		case <-p.stopped:
			return
		case <-ticks.C:
			p.tellOnce()
		}
	}
}

func (p *Progress) tellOnce() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.hasStopped() {
		return
	}
	p.clear()
	io.WriteString(p.to, p.line(time.Since(p.began)))
	if !p.terminal {
		io.WriteString(p.to, "\n")
	}
}

func (p *Progress) clear() {
	if p.terminal {
		io.WriteString(p.to, clearLine)
	}
}

func (p *Progress) hasStopped() bool {
	select {
	case <-p.stopped:
		return true
	default:
		return false
	}
}

// line is what is told after the given time.
func (p *Progress) line(elapsed time.Duration) string {
	files, bytes := p.Files.Load(), p.Bytes.Load()
	if p.allFiles == Unknown {
		return fmt.Sprintf("%s %d files, %.0f per second", p.title, files, float64(files)/elapsed.Seconds())
	}
	rate := float64(bytes) / elapsed.Seconds()
	line := fmt.Sprintf("%s %d of %d files, %s of %s, %s/s", p.title, files, p.allFiles,
		Size(bytes), Size(p.allBytes), Size(int64(rate)))
	if left := p.allBytes - bytes; rate > 0 && left > 0 {
		line += fmt.Sprintf(", %s left", time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
	}
	return line
}
