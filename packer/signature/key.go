// Package signature signs a message with a private key from a PEM file. Signatures are reproducible.
package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

// ReadKey returns the private key of a PEM file. Its errors contain nothing of the content.
func ReadKey(path string) (crypto.Signer, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		key, err := parse(block)
		if err != nil {
			return nil, fmt.Errorf("the PEM block %q in the key %q is damaged or of an unknown kind: "+
				"use an Ed25519, ECDSA or RSA private key", block.Type, path)
		}
		if key != nil {
			return supported(key, path)
		}
	}
	return nil, fmt.Errorf("the key %q contains no PEM block with a private key", path)
}

// parse returns the key of a block, or nil for a block without a private key, such as EC PARAMETERS.
func parse(block *pem.Block) (any, error) {
	switch block.Type {
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	return nil, nil
}

func supported(key any, path string) (crypto.Signer, error) {
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		return key, nil
	case *rsa.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("the key %q is a %T: use an Ed25519, ECDSA or RSA private key", path, key)
}
