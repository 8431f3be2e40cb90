// Package progress prints the progress of long work: on a terminal as one line that is overwritten, in a log as a new line
// every 10 s.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	terminalPeriod = 200 * time.Millisecond
	clearLine      = "\r\x1b[K"
)

// LogPeriod is the time between two lines in a log.
var LogPeriod = 10 * time.Second

// Unknown is the total number of files when the total is not known in advance.
const Unknown = -1

// Progress counts the files and bytes that are done, and prints the counts.
type Progress struct {
	Files, Bytes atomic.Int64

	title              string
	allFiles, allBytes int64
	began              time.Time
	terminal           bool

	mutex   sync.Mutex // held while writing to `to`
	to      io.Writer
	stopped chan struct{}
}

// Start returns a Progress that prints to w until Stop; with a nil w it only counts. Each line starts with the title and
// compares the counts with the totals `files` and `bytes`.
func Start(w io.Writer, title string, files, bytes int64) *Progress {
	p := &Progress{title: title, allFiles: files, allBytes: bytes, began: time.Now(), stopped: make(chan struct{})}
	if w != nil {
		p.to, p.terminal = w, IsTerminal(w)
		go p.printLines()
	}
	return p
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	var settings syscall.Termios
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&settings)))
	return failed == 0
}

// Stop ends the printing and clears the line on a terminal. A second call does nothing.
func (p *Progress) Stop() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.hasStopped() {
		close(p.stopped)
		p.clear()
	}
}

// Print writes a line of results to out, after clearing the progress line on the terminal, and flushes out.
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

// Elapsed returns the time since Start as text, such as "1.5 s".
func (p *Progress) Elapsed() string { return fmt.Sprintf("%.1f s", time.Since(p.began).Seconds()) }

// Size returns a number of bytes in decimal units, such as "1.2 MB".
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

func (p *Progress) printLines() {
	period := LogPeriod
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
			p.printLine()
		}
	}
}

func (p *Progress) printLine() {
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

// line returns the text of the progress line after the given time.
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
