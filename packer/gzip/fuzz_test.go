// Fuzz test of Writer with any content in pieces of any size; the standard library's reader decompresses it.
package gzip

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// FuzzWriter repeats a phrase up to a size, so that a failing input is small although it fills several blocks.
func FuzzWriter(f *testing.F) {
	f.Add([]byte(nil), uint32(0), uint32(1), byte(1))
	f.Add([]byte("a"), uint32(blockBytes), uint32(dictionaryBytes+1), byte(2))
	f.Add([]byte("\x00\xff\x1f\x8b"), uint32(2*blockBytes+1), uint32(blockBytes-1), byte(3))
	f.Add(text(1000), uint32(2*blockBytes+5), uint32(blockBytes+1), byte(7))
	f.Fuzz(func(t *testing.T, phrase []byte, size, pieceBytes uint32, workers byte) {
		content := phrase
		if len(phrase) > 0 {
			size %= 3 * blockBytes
			content = bytes.Repeat(phrase, int(size)/len(phrase)+1)[:size]
		}
		// Pieces of one byte are slow, and covered by other tests.
		piece := max(int(pieceBytes%(2*blockBytes)), len(content)/1000+1)
		stored := compressed(t, content, int(workers%8)+1, piece)
		reader, err := gzip.NewReader(bytes.NewReader(stored))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes are decompressed to %d, %v", len(content), len(got), err)
		}
		if !bytes.Equal(compressed(t, content, 1, blockBytes), stored) {
			t.Errorf("the output of %d workers and pieces of %d bytes differs", workers%8+1, piece)
		}
	})
}
