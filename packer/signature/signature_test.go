package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
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

func TestEnvelopeEachKindOfKeySignsReproducibly(t *testing.T) {
	message := []byte(`{"a":1}`)
	for name, key := range newKeys(t) {
		first, err := Envelope(key, "text/x", message)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Envelope(key, "text/x", message)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: two envelopes are %q and %q, %v", name, first, second, err)
		}
		var got envelope
		if err := json.Unmarshal(first, &got); err != nil {
			t.Fatal(err)
		}
		if got.PayloadType != "text/x" || !bytes.Equal(got.Payload, message) || len(got.Signatures) != 1 {
			t.Errorf("%s: got %q", name, first)
		}
		if !verifies(key.Public(), []byte(`DSSEv1 6 text/x 7 {"a":1}`), got.Signatures[0].Sig) {
			t.Errorf("%s: the signature is wrong", name)
		}
	}
}

func verifies(key crypto.PublicKey, message, signed []byte) bool {
	digest := sha256.Sum256(message)
	switch key := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signed)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest[:], signed)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signed) == nil
	}
	return false
}

func TestReadKeyEachKindOfPEMReturnsTheKey(t *testing.T) {
	keys := newKeys(t)
	ec, err := x509.MarshalECPrivateKey(keys["ecdsa"].(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	// openssl writes the parameters of the curve before an EC key.
	parameters := &pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 5, 43, 129, 4, 0, 34}}
	pkcs1 := x509.MarshalPKCS1PrivateKey(keys["rsa"].(*rsa.PrivateKey))
	forms := map[string][]*pem.Block{
		"ecdsa": {parameters, {Type: "EC PRIVATE KEY", Bytes: ec}},
		"rsa":   {{Type: "RSA PRIVATE KEY", Bytes: pkcs1}},
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(keys["ed25519"])
	if err != nil {
		t.Fatal(err)
	}
	forms["ed25519"] = []*pem.Block{{Type: "PRIVATE KEY", Bytes: pkcs8}}
	for name, blocks := range forms {
		got, err := ReadKey(writePEM(t, blocks...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want, ok := keys[name].Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !want.Equal(got.Public()) {
			t.Errorf("%s: got a different key", name)
		}
	}
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
