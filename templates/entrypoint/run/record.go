// run.json: the record of a run.

package run

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// recordVersion is the version of run.json.
const recordVersion = 1

// record is the content of run.json, in the order of its keys.
type record struct {
	Version int         `json:"version"`
	Run     string      `json:"run"`
	Digest  string      `json:"digest"`
	Data    dataRecord  `json:"data"`
	Command string      `json:"command"`
	About   string      `json:"description"`
	Program programFile `json:"program"`
	Base    string      `json:"base,omitempty"`

	Parameters map[string]string      `json:"parameters"`
	Inputs     map[string]inputRecord `json:"inputs"`
	Private    bool                   `json:"private"`
	Network    string                 `json:"network"`
	Start      string                 `json:"start"`
	End        string                 `json:"end"`
	Status     int                    `json:"status"`
	Outputs    map[string]string      `json:"outputs"`
	Files      []written              `json:"files"`
	Identity   identity               `json:"identity"`
}

type dataRecord struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

type programFile struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
}

type inputRecord struct {
	Type   string `json:"type"`
	Digest string `json:"digest"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Path   name   `json:"path,omitempty"`
}

// record returns the record of a finished run, without its files.
func (j *job) record(same identity, digest string, done execution) *record {
	found := &record{
		Version: recordVersion, Run: runOf(digest), Digest: digest,
		Data:    dataRecord{j.Dataset.Name, j.Dataset.Version, j.digest},
		Command: j.Request.Command, About: j.Description, Program: programFile{j.program.path, j.program.digest}, Base: j.Document.Base,
		Parameters: j.parameters, Inputs: map[string]inputRecord{}, Private: j.Private, Network: done.network,
		Start: stamp(done.start), End: stamp(done.end), Outputs: same.Outputs, Identity: same,
	}
	for key, one := range j.inputs {
		described := inputRecord{Type: one.kind, Digest: one.digest, Files: one.files, Bytes: one.bytes}
		if !j.Private {
			described.Path = name(one.path)
		}
		found.Inputs[key] = described
	}
	return found
}

func stamp(moment time.Time) string { return moment.UTC().Format("2006-01-02T15:04:05.000Z") }

// writeJSON writes a value as indented JSON.
func writeJSON(folder, name string, value any) error {
	var out bytes.Buffer
	if err := json.Indent(&out, encoded(value), "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, out.Bytes(), 0o666); err != nil {
		return notWritten(path, err)
	}
	return nil
}
