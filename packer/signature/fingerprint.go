// The fingerprint of a public key, in the format of `ssh-keygen -l`.
package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
)

// Fingerprint returns "SHA256:" and the digest of the key in SSH's wire format.
//
// Source: RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4.
func Fingerprint(key crypto.PublicKey) (string, error) {
	var parts [][]byte
	switch key := key.(type) {
	case ed25519.PublicKey:
		parts = [][]byte{[]byte("ssh-ed25519"), key}
	case *rsa.PublicKey:
		parts = [][]byte{[]byte("ssh-rsa"), integer(big.NewInt(int64(key.E))), integer(key.N)}
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			return "", fmt.Errorf("encoding the public key: %w", err)
		}
		curve := strings.ToLower(strings.ReplaceAll(key.Curve.Params().Name, "P-", "nistp"))
		parts = [][]byte{[]byte("ecdsa-sha2-" + curve), []byte(curve), point}
	default:
		return "", fmt.Errorf("keys of type %T are not supported", key)
	}
	digest := sha256.New()
	for _, part := range parts {
		digest.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		digest.Write(part)
	}
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(digest.Sum(nil)), nil
}

// integer returns the bytes of a positive number, after a zero byte if the first bit, which is the sign, is set.
func integer(number *big.Int) []byte {
	encoded := number.Bytes()
	if len(encoded) > 0 && encoded[0]&0x80 != 0 {
		return append([]byte{0}, encoded...)
	}
	return encoded
}
