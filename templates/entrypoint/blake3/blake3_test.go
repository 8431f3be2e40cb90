package blake3

import (
	"encoding/hex"
	"hash"
	"testing"
)

var _ hash.Hash = New()

// vectors contains digests by the official implementation, by size of its test input: byte i is i modulo 251.
var vectors = map[int]string{
	0:     "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
	1:     "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
	1023:  "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
	1024:  "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
	1025:  "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
	2048:  "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a",
	2049:  "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
	8192:  "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63",
	31744: "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
}

func input(size int) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i % 251)
	}
	return content
}

func TestHasherOfficialInputReturnsOfficialDigest(t *testing.T) {
	h := New()
	for size, want := range vectors {
		h.Reset()
		h.Write(input(size))
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%d bytes: got %s, want %s", size, got, want)
		}
	}
}

func TestHasherWriteInPiecesWithSumBetweenReturnsSameDigest(t *testing.T) {
	for _, piece := range []int{1, 63, 64, 65, 1000, 1024} {
		h := New()
		for content := input(31744); len(content) > 0; {
			n := min(piece, len(content))
			h.Write(content[:n])
			h.Sum(nil)
			content = content[n:]
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != vectors[31744] {
			t.Errorf("pieces of %d bytes: got %s, want %s", piece, got, vectors[31744])
		}
	}
}
