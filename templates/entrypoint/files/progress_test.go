// The progress is one line, and only on a terminal.

package files

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

func TestLineSaysFilesBytesRateAndRemainingTime(t *testing.T) {
	p := &progress{verb: "verified", totalFiles: 10, totalBytes: 4_000_000}
	p.files.Store(3)
	p.add(1_000_000)
	if found := p.line(2 * time.Second); found != "verified 3 of 10 files, 1.0 MB of 4.0 MB, 500.0 kB/s, 6s left" {
		t.Errorf("it says %q", found)
	}
	p.add(3_000_000)
	if found := p.line(2 * time.Second); found != "verified 3 of 10 files, 4.0 MB of 4.0 MB, 2.0 MB/s" {
		t.Errorf("at the end it says %q", found)
	}
}

func TestSizeIsWhatPeopleRead(t *testing.T) {
	for bytes, wanted := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 1_250_000: "1.2 MB",
		5e9: "5.0 GB", 7e12: "7.0 TB", 1 << 62: "4.6 EB",
	} {
		if found := size(bytes); found != wanted {
			t.Errorf("%d is %q, not %q", bytes, found, wanted)
		}
	}
}

func TestProgressIsShownAndTakenAway(t *testing.T) {
	var terminal, out bytes.Buffer
	p := &progress{verb: "verified", terminal: &terminal, started: time.Now(), stopped: make(chan struct{})}
	go p.show()
	time.Sleep(2*progressInterval + progressInterval/2)
	if err := p.print(&out, "a line"); err != nil {
		t.Fatal(err)
	}
	p.stop()
	p.stop()
	shown := terminal.String()
	if !strings.HasPrefix(shown, clearLine+"verified 0 of 0 files") || !strings.HasSuffix(shown, clearLine) {
		t.Errorf("the terminal got %q", shown)
	}
	if strings.Contains(shown, "\n") || out.String() != "a line\n" {
		t.Errorf("the terminal got %q, the output %q", shown, out.String())
	}
}

func TestIsTerminalIsFalseForFilesAndPipes(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if isTerminal(file) || isTerminal(&bytes.Buffer{}) || isTerminal(nil) {
		t.Error("a file, a buffer or nothing is taken for a terminal")
	}
}
