// Fuzz test of ReadKey with any bytes.
package signature

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzReadKey uses the bytes either directly as the file or, because few inputs are PEM, as the content of a PEM block.
func FuzzReadKey(f *testing.F) {
	keys := map[string]any{}
	for name, key := range newKeys(f) {
		keys[name] = key
	}
	// A key of a kind that cannot sign.
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	keys["x25519"] = exchange
	for _, key := range keys {
		content, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, byte(0))
		f.Add(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: content}), byte(3))
	}
	f.Fuzz(func(t *testing.T, content []byte, kind byte) {
		kinds := []string{"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"}
		if int(kind) < len(kinds) {
			content = pem.EncodeToMemory(&pem.Block{Type: kinds[kind], Bytes: content})
		}
		path := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := ReadKey(path)
		if err != nil {
			if key != nil || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v and %v", key, err)
			}
			return
		}
		if _, err := x509.MarshalPKIXPublicKey(key.Public()); err != nil {
			t.Errorf("the result is not a key: %v", err)
		}
		signed, err := Envelope(key, "text/x", []byte("message"))
		if err == nil && !json.Valid(signed) {
			t.Errorf("the envelope is %q", signed)
		}
	})
}
