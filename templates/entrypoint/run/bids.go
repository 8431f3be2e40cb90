// dataset_description.json of a derivative. Source: BIDS 1.10, section "Derived dataset and pipeline description".

package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxDescription is the largest dataset_description.json that is read.
const maxDescription = 1 << 20

type description struct {
	Name          string      `json:"Name"`
	BIDSVersion   string      `json:"BIDSVersion"`
	DatasetType   string      `json:"DatasetType"`
	GeneratedBy   []generator `json:"GeneratedBy"`
	SourceDataset []source    `json:"SourceDatasets"`
}

type generator struct {
	Name        string    `json:"Name"`
	Version     string    `json:"Version"`
	Description string    `json:"Description"`
	Container   container `json:"Container"`
}

type container struct {
	Type string `json:"Type"`
	Tag  string `json:"Tag"`
}

type source struct {
	DOI     string `json:"DOI,omitempty"`
	Version string `json:"Version"`
}

// writeBIDS describes the result as a derivative if the data is BIDS and the command did not describe it.
func (j *job) writeBIDS(folder string) error {
	if _, err := os.Lstat(filepath.Join(folder, bidsName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	info, err := os.Stat(filepath.Join(j.mount, bidsName))
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxDescription {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(j.mount, bidsName))
	var data struct{ Name, BIDSVersion, DatasetDOI string }
	if err != nil || json.Unmarshal(content, &data) != nil || data.BIDSVersion == "" {
		return nil
	}
	tag := j.Dataset.Name + ":" + j.Dataset.Version
	return writeJSON(folder, bidsName, description{
		Name:        fmt.Sprintf("%s of %s", j.Request.Command, data.Name),
		BIDSVersion: data.BIDSVersion, DatasetType: "derivative",
		GeneratedBy:   []generator{{j.Request.Command, j.program.digest, j.Description, container{"datacontainer", tag}}},
		SourceDataset: []source{{data.DatasetDOI, j.Dataset.Version}},
	})
}
