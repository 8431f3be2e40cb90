package digest

import (
	"encoding/hex"
	"testing"
)

// known contains digests of "" and "123456789" by sha256sum, sha1sum, sha512sum, md5sum and the Python packages crc32c and
// blake3.
var known = []struct{ name, empty, digits string }{
	{"sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"},
	{"sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
	{"sha512", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e", "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85"},
	{"md5", "d41d8cd98f00b204e9800998ecf8427e", "25f9e794323b453885f5181f1b624d0b"},
	{"crc32c", "00000000", "e3069283"},
	{"blake3", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", "b7d65b48420d1033cb2595293263b6f72eabee20d55e699d0df1973b3c9deed1"},
}

func TestSetEveryAlgorithmReturnsKnownDigests(t *testing.T) {
	for _, want := range known {
		algorithms, err := Parse([]string{want.name})
		if err != nil {
			t.Fatal(err)
		}
		set := NewSet(algorithms)
		for content, sum := range map[string]string{"": want.empty, "123456789": want.digits} {
			if got := hex.EncodeToString(set.Append(nil, []byte(content))); got != sum {
				t.Errorf("%s of %q: got %s, want %s", want.name, content, got, sum)
			}
		}
		if got := Width(algorithms); got != len(want.empty)/2 {
			t.Errorf("Width of %s: got %d, want %d", want.name, got, len(want.empty)/2)
		}
	}
	if len(known) != len(registered) {
		t.Errorf("%d algorithms have known digests, want all %d", len(known), len(registered))
	}
}

func TestSetAppendSeveralDigestsKeepsTheirOrder(t *testing.T) {
	algorithms, err := Parse([]string{"md5", "crc32c"})
	if err != nil {
		t.Fatal(err)
	}
	got := hex.EncodeToString(NewSet(algorithms).Append(nil, []byte("123456789")))
	if want := known[3].digits + known[4].digits; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
