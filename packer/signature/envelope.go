// The envelope: a JSON document with a message and its signature.
package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     []byte      `json:"payload"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   []byte `json:"sig"`
}

// Envelope returns the DSSE envelope of a message with the given media type. The signature is Ed25519, or RSA PKCS #1 v1.5
// or ECDSA over SHA-256, depending on the key.
//
// Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md.
func Envelope(key crypto.Signer, mediaType string, message []byte) ([]byte, error) {
	id, err := Fingerprint(key.Public())
	if err != nil {
		return nil, err
	}
	signed, err := sign(key, preAuthEncoding(mediaType, message))
	if err != nil {
		return nil, fmt.Errorf("signing with the key %s: %w", id, err)
	}
	return json.Marshal(envelope{mediaType, message, []signature{{id, signed}}})
}

// preAuthEncoding returns the bytes that are signed: the media type and the message.
func preAuthEncoding(mediaType string, message []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(mediaType), mediaType, len(message), message)
}

func sign(key crypto.Signer, message []byte) ([]byte, error) {
	if _, ok := key.(ed25519.PrivateKey); ok {
		return key.Sign(nil, message, crypto.Hash(0))
	}
	digest := sha256.Sum256(message)
	// Without a random source, ECDSA derives its nonce from key and message (RFC 6979), so signatures are reproducible.
	return key.Sign(nil, digest[:], crypto.SHA256)
}
