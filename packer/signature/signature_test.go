package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"ed25519": ed, "ecdsa": ec, "rsa": rs}
}

func writePEM(t *testing.T, blocks ...*pem.Block) string {
	t.Helper()
	var content bytes.Buffer
	for _, block := range blocks {
		if err := pem.Encode(&content, block); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadKeyInvalidFileIsNamedWithoutItsContent(t *testing.T) {
	for kind, named := range map[string]string{
		"PRIVATE KEY": "is damaged or of an unknown kind",
		"CERTIFICATE": "contains no PEM block with a private key",
	} {
		path := writePEM(t, &pem.Block{Type: kind, Bytes: []byte("secret")})
		_, err := ReadKey(path)
		if err == nil || !strings.Contains(err.Error(), named) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q", kind, err, named)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error contains the content: %v", kind, err)
		}
	}
	if _, err := ReadKey("/no/such"); err == nil || !strings.Contains(err.Error(), "/no/such") {
		t.Errorf("missing file: got %v", err)
	}
}

// The expected texts are the output of `ssh-keygen -l` of OpenSSH 9.2.
func TestFingerprintEqualsThatOfSSHKeygen(t *testing.T) {
	rsaKey := func(first int) crypto.PublicKey {
		return &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), first, 1), E: 65537}
	}
	for expected, key := range map[string]crypto.PublicKey{
		"SHA256:2o6uXW8mIGgUG10JbkDin6atGWCsqQoHimsP06H8WJs": rsaKey(2046),
		"SHA256:Js2Dxmvn6q4imp7p4HPS1bOZqtUEaZ+i6v/mfPXmBbc": rsaKey(2047),
		"SHA256:kmYcvdi2GkPeWxB6XLjrZB8JHsy2Hm8luHMFp9GMvqk": ed25519.PublicKey(make([]byte, 32)),
	} {
		if found, err := Fingerprint(key); found != expected || err != nil {
			t.Errorf("found %s, %v, expected %s", found, err, expected)
		}
	}
}
