package progress

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestLineContainsFilesBytesRateAndRemainingTime(t *testing.T) {
	p := &Progress{title: "verified", allFiles: 10, allBytes: 4_000_000}
	p.Files.Store(3)
	p.Bytes.Store(1_000_000)
	if found := p.line(2 * time.Second); found != "verified 3 of 10 files, 1.0 MB of 4.0 MB, 500.0 kB/s, 6s left" {
		t.Errorf("the line is %q", found)
	}
	p.Bytes.Add(3_000_000)
	if found := p.line(2 * time.Second); found != "verified 3 of 10 files, 4.0 MB of 4.0 MB, 2.0 MB/s" {
		t.Errorf("the line at the end is %q", found)
	}
	p.title, p.allFiles = "scan:", Unknown
	p.Files.Store(1_500_000)
	if found := p.line(20 * time.Second); found != "scan: 1500000 files, 75000 per second" {
		t.Errorf("the line without a total is %q", found)
	}
}

func TestSizeReturnsDecimalUnits(t *testing.T) {
	for bytes, wanted := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 1_250_000: "1.2 MB",
		5e9: "5.0 GB", 7e12: "7.0 TB", 1 << 62: "4.6 EB",
	} {
		if found := Size(bytes); found != wanted {
			t.Errorf("%d is %q, not %q", bytes, found, wanted)
		}
	}
}

func TestProgressOnTerminalIsShownAndCleared(t *testing.T) {
	var terminal, out bytes.Buffer
	p := &Progress{title: "verified", terminal: true, to: &terminal, began: time.Now(), stopped: make(chan struct{})}
	go p.printLines()
	time.Sleep(2*terminalPeriod + terminalPeriod/2)
	if err := p.Print(&out, "a line"); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	p.Stop()
	shown := terminal.String()
	if !strings.HasPrefix(shown, clearLine+"verified 0 of 0 files") || !strings.HasSuffix(shown, clearLine) {
		t.Errorf("the terminal got %q", shown)
	}
	if strings.Contains(shown, "\n") || out.String() != "a line\n" {
		t.Errorf("the terminal got %q, the output %q", shown, out.String())
	}
}

func TestPrintFlushesItsLineAndReturnsTheErrorOfAWrite(t *testing.T) {
	p := &Progress{to: io.Discard}
	var out bytes.Buffer
	if err := p.Print(bufio.NewWriter(&out), "a line"); err != nil || out.String() != "a line\n" {
		t.Errorf("the error is %v, the output %q", err, out.String())
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if err := p.Print(full, "a line"); err == nil {
		t.Error("a write to a full disk has no error")
	}
}

func TestProgressInLogPrintsWholeLinesAndNoneAfterStop(t *testing.T) {
	var log bytes.Buffer
	p := Start(&log, "hash:", 2, 0)
	p.printLine()
	p.printLine()
	p.Stop()
	p.printLine()
	if line := "hash: 0 of 2 files, 0 B of 0 B, 0 B/s\n"; log.String() != line+line {
		t.Errorf("the log got %q", log.String())
	}
}

func TestIsTerminalIsFalseForFilesAndPipes(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if IsTerminal(file) || IsTerminal(&bytes.Buffer{}) || IsTerminal(nil) {
		t.Error("a file, a buffer or nothing is reported as a terminal")
	}
}
