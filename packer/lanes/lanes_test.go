package lanes

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// forAll runs a test with an engine of each kernel, which hashes two or more messages in lanes, and of the standard library.
func forAll(t *testing.T, test func(t *testing.T, e *Engine)) {
	t.Helper()
	run := func(name string, e *Engine) {
		t.Run(name, func(t *testing.T) {
			defer e.Close()
			test(t, e)
		})
	}
	found := map[string]kernel{}
	for _, one := range kernels() {
		found[one.name] = one
	}
	for _, name := range []string{"AVX-512", "AVX2"} {
		one, ok := found[name]
		if !ok {
			t.Run(name, func(t *testing.T) { t.Skip("this processor does not have it") })
			continue
		}
		for _, least := range []int{2, 9} {
			one.least = least
			run(name, start(2, one))
		}
	}
	run("one message at a time", start(2, kernel{least: never}))
	run("no engine", nil)
}

// content returns random bytes, always the same for a number.
func content(number uint64, size int) []byte {
	made := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(number), byte(number >> 8)}).Read(made)
	return made
}

// Of "", and of the examples of the NIST for SHA-256: https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
var examples = map[string]string{
	"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq":                                                         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu": "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
	strings.Repeat("a", 1_000_000): "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}

func TestSumExamplesOfTheStandardHaveTheirDigests(t *testing.T) {
	forAll(t, func(t *testing.T, e *Engine) {
		for text, want := range examples {
			messages := make([]Message, 20)
			for i := range messages {
				messages[i].Content = []byte(text)
			}
			e.Sum(messages)
			for i := range messages {
				if got := hex.EncodeToString(messages[i].Sum[:]); got != want {
					t.Fatalf("message %d of %d bytes: got %s, want %s", i, len(text), got, want)
				}
			}
		}
	})
}

func TestSumEveryLengthHasTheDigestOfTheStandardLibrary(t *testing.T) {
	forAll(t, func(t *testing.T, e *Engine) {
		for _, count := range []int{1, 2, 7, 8, 15, 16, 17, 300} {
			messages := make([]Message, count)
			for i := range messages {
				messages[i].Content = content(uint64(i), (i*37+count)%300)[i%5%(1+(i*37+count)%300):]
			}
			for range 2 {
				e.Sum(messages)
				for i, one := range messages {
					if one.Sum != sha256.Sum256(one.Content) {
						t.Fatalf("message %d of %d, %d bytes: got %x", i, count, len(one.Content), one.Sum)
					}
				}
			}
		}
	})
}

// write writes a message to a hash in parts of random sizes.
func write(sum hash.Hash, message []byte, random *rand.Rand) {
	for len(message) > 0 {
		part := min(random.IntN(1<<random.IntN(14)), len(message))
		sum.Write(message[:part])
		message = message[part:]
	}
}

func TestNewHashConcurrentStreamsHaveTheDigestsOfTheStandardLibrary(t *testing.T) {
	forAll(t, func(t *testing.T, e *Engine) {
		var all sync.WaitGroup
		for number := range uint64(40) {
			all.Go(func() {
				random := rand.New(rand.NewPCG(number, 1))
				sum := e.NewHash()
				for range 3 {
					message := content(number, random.IntN(100_000))
					sum.Reset()
					write(sum, message, random)
					want := sha256.Sum256(message)
					// Sum does not change the state.
					if got := sum.Sum(nil); !bytes.Equal(got, want[:]) || !bytes.Equal(sum.Sum(nil), got) {
						t.Errorf("stream %d: got %x, want %x", number, got, want)
					}
				}
				messages := []Message{{Content: content(number, 5000)}, {Content: content(number, int(number))}}
				e.Sum(messages)
				if messages[0].Sum != sha256.Sum256(messages[0].Content) || messages[1].Sum != sha256.Sum256(messages[1].Content) {
					t.Errorf("the messages of goroutine %d have other digests", number)
				}
			})
		}
		all.Wait()
	})
}

func FuzzSum(f *testing.F) {
	f.Add([]byte("abc"), uint64(1), uint8(20))
	f.Add(content(1, 1000), uint64(2), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64, count uint8) {
		random := rand.New(rand.NewPCG(seed, 2))
		forAll(t, func(t *testing.T, e *Engine) {
			messages := make([]Message, count%40)
			for i := range messages {
				start := random.IntN(len(text) + 1)
				messages[i].Content = text[start : start+random.IntN(len(text)+1-start)]
			}
			e.Sum(messages)
			for _, one := range messages {
				sum := e.NewHash()
				write(sum, one.Content, random)
				if want := sha256.Sum256(one.Content); one.Sum != want || !bytes.Equal(sum.Sum(nil), want[:]) {
					t.Fatalf("%d bytes: got %x, want %x", len(one.Content), one.Sum, want)
				}
			}
		})
	})
}
