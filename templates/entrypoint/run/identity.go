// The identity of a run: equal questions have equal identities.

package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"entrypoint/index"
)

// runDigits is the number of hexadecimal digits in the name of a result's folder.
const runDigits = 16

// identity is everything that decides the result of a run. Its digest is that of its JSON, with sorted keys, without blanks.
type identity struct {
	Argv        []string          `json:"argv"`
	Base        string            `json:"base,omitempty"`
	Command     string            `json:"command"`
	Data        string            `json:"data"`
	Environment map[string]string `json:"environment"`
	Inputs      map[string]string `json:"inputs"`
	Outputs     map[string]string `json:"outputs"`
	Parameters  map[string]string `json:"parameters"`
	Program     string            `json:"program"`
}

func (j *job) identity() identity {
	found := identity{
		Argv: append([]string{j.program.name}, j.program.words...), Base: j.Document.Base, Command: j.Request.Command, Data: j.digest, Environment: map[string]string{},
		Inputs: map[string]string{}, Outputs: map[string]string{}, Parameters: j.parameters, Program: j.program.digest,
	}
	for name, text := range j.Environment {
		found.Environment[name] = text
	}
	for name, one := range j.inputs {
		found.Inputs[name] = one.digest
	}
	for name, one := range j.Outputs {
		found.Outputs[name] = one.Path
	}
	return found
}

// encoded returns the JSON of a value, without blanks and without the escapes for HTML.
func encoded(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // Only types of this package are encoded.
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// compacted returns JSON without blanks, or nil if it is damaged.
func compacted(value []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, value) != nil {
		return nil
	}
	return out.Bytes()
}

func digestOf(content []byte) string {
	digest := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(digest[:])
}

// runOf returns the name of the folder of a result. digest: sha256:<hex> of the identity.
func runOf(digest string) string { return digest[len("sha256:"):][:runDigits] }

// name is the name of a file; bytes that are not UTF-8 are written as in the output of the entrypoint.
type name string

// MarshalJSON returns the name as ASCII.
func (n name) MarshalJSON() ([]byte, error) { return index.AppendString(nil, []byte(n)), nil }
