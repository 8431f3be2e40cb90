package gzip

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// text returns content that can be compressed only with references to earlier content, also in the previous block.
func text(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	phrase := make([]byte, 20_000)
	for i := range phrase {
		phrase[i] = byte(random.IntN(256))
	}
	return bytes.Repeat(phrase, size/len(phrase)+1)[:size]
}

// compressed returns the output of a Writer for content that is written in pieces.
func compressed(t *testing.T, content []byte, workers, pieceBytes int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, workers)
	for len(content) > 0 {
		n := min(pieceBytes, len(content))
		if _, err := w.Write(content[:n]); err != nil {
			t.Fatal(err)
		}
		content = content[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWriterSizesAroundABlockAreDecompressedByGzip(t *testing.T) {
	program, err := exec.LookPath("gzip")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, dictionaryBytes, blockBytes - 1, blockBytes, blockBytes + 1, 3*blockBytes + 7} {
		content := text(size)
		command := exec.Command(program, "-dc")
		command.Stdin = bytes.NewReader(compressed(t, content, 2, 128<<10))
		got, err := command.Output()
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: gzip returns %d bytes, %v", size, len(got), err)
		}
	}
}

func TestWriterOutputIsOneMemberWithoutTimeNameOrSystem(t *testing.T) {
	in := bytes.NewReader(compressed(t, text(3*blockBytes), 2, 1000))
	head := make([]byte, 10)
	if _, err := io.ReadFull(in, head); err != nil || !bytes.Equal(head, []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")) {
		t.Errorf("the header is %x, %v", head, err)
	}
	in.Reset(compressed(t, text(3*blockBytes), 2, 1000))
	r, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	if n, err := io.Copy(io.Discard, r); err != nil || n != 3*blockBytes || in.Len() != 0 {
		t.Errorf("the first member has %d bytes, %v, and %d bytes follow", n, err, in.Len())
	}
}

func TestWriterUsesThePreviousBlockAsDictionary(t *testing.T) {
	// All phrases but the first are repetitions, also the first phrase of each block.
	if got := len(compressed(t, text(4*blockBytes), 2, 1<<20)); got > 20_000*3/2+4*blockBytes/100 {
		t.Errorf("the output has %d bytes", got)
	}
}

// full is a writer that fails after some bytes.
type full struct{ room int }

var errFull = errors.New("full")

func (f *full) Write(content []byte) (int, error) {
	if f.room -= len(content); f.room < 0 {
		return 0, errFull
	}
	return len(content), nil
}

func TestWriterFailedOutputIsReturnedWithoutDeadlock(t *testing.T) {
	random := make([]byte, 20*blockBytes)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	for _, room := range []int{0, 10, 2 * blockBytes} {
		w := NewWriter(&full{room}, 2)
		var failed error
		for start := 0; start < len(random) && failed == nil; start += blockBytes {
			_, failed = w.Write(random[start : start+blockBytes])
		}
		if closing := w.Close(); !errors.Is(failed, errFull) || !errors.Is(closing, errFull) {
			t.Errorf("with room for %d bytes: %v and %v", room, failed, closing)
		}
	}
}
