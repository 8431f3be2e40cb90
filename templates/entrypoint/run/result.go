// The result: the files that the command wrote, checked and hashed.

package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entrypoint/files"
)

// Names of the files that the entrypoint writes into the folder of a result.
const (
	recordName = "run.json"
	logName    = "run.log"
	crateName  = "ro-crate-metadata.json"
	bidsName   = "dataset_description.json"
)

// written is a file or symlink of a result, in run.json.
type written struct {
	Link   name   `json:"link,omitempty"`
	Path   name   `json:"path"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// checkWritten returns an error if the command wrote what a result cannot contain, or not what it must write.
func (j *job) checkWritten(folder string) error {
	for _, reserved := range []string{recordName, logName, crateName} {
		if _, err := os.Lstat(filepath.Join(folder, reserved)); err == nil {
			return fmt.Errorf("the command wrote %q, a file of the run: let it choose another name", reserved)
		}
	}
	for _, name := range Names(j.Outputs) {
		if _, err := os.Stat(filepath.Join(folder, j.Outputs[name].Path)); err != nil {
			return fmt.Errorf("the command did not write its output %q, %q: %w: correct the command, or its outputs", name, j.Outputs[name].Path, files.Reason(err))
		}
	}
	_, err := list(folder)
	return inResult(err)
}

// listed returns the files in the folder of a result, except run.json, with their digests.
func listed(folder string) ([]written, error) {
	entries, err := list(folder)
	if err != nil {
		return nil, inResult(err)
	}
	found := []written{}
	for _, one := range entries {
		if one.path == recordName {
			continue
		}
		file, err := hashed(folder, one)
		if err != nil {
			return nil, err
		}
		found = append(found, file)
	}
	return found, nil
}

// withFile returns the files of a result and one more, which is at the top of its folder, in the order of listed.
func withFile(found []written, folder, path string) ([]written, error) {
	one, err := entryOf(folder, filepath.Join(folder, path))
	if err != nil {
		return nil, inResult(err)
	}
	file, err := hashed(folder, one)
	found = append(found, file)
	slices.SortFunc(found, func(a, b written) int { return strings.Compare(string(a.Path), string(b.Path)) })
	return found, err
}

func hashed(folder string, one entry) (written, error) {
	sha256, err := one.hash(folder)
	return written{Path: name(one.path), Link: name(one.link), SHA256: sha256, Size: one.size}, inResult(err)
}

func inResult(err error) error {
	if err != nil {
		return fmt.Errorf("the result: %w", err)
	}
	return nil
}

// check returns an error if the result at a place is damaged. digest: of the identity of its run.
func check(folder, digest string) error {
	content, err := os.ReadFile(filepath.Join(folder, recordName))
	if err != nil {
		return fmt.Errorf("reading %q: %w", recordName, files.Reason(err))
	}
	var found struct {
		Identity json.RawMessage `json:"identity"`
		Outputs  json.RawMessage `json:"files"`
		Status   *int            `json:"status"`
	}
	if err := json.Unmarshal(content, &found); err != nil {
		return fmt.Errorf("reading %q: %w", recordName, err)
	}
	if found.Status == nil || *found.Status != 0 || digestOf(compacted(found.Identity)) != digest {
		return fmt.Errorf("%q does not describe this run", recordName)
	}
	there, err := listed(folder)
	if err != nil {
		return err
	}
	if !bytes.Equal(compacted(found.Outputs), encoded(there)) {
		return errors.New("its files differ from run.json" + difference(found.Outputs, there))
	}
	return nil
}

// difference returns the name of the first file that differs, for a message.
func difference(recorded []byte, there []written) string {
	var lines []json.RawMessage
	if json.Unmarshal(recorded, &lines) != nil {
		return ""
	}
	var known []string
	for _, one := range lines {
		known = append(known, string(compacted(one)))
	}
	for _, one := range there {
		if !slices.Contains(known, string(encoded(one))) {
			return fmt.Sprintf(": %q changed", string(one.Path))
		}
	}
	return ": a file is missing"
}

// syncAll writes all files of a result to the disk.
func syncAll(folder string) error {
	entries, err := list(folder)
	if err != nil {
		return inResult(err)
	}
	folders := map[string]bool{folder: true}
	for _, one := range entries {
		path := filepath.Join(folder, one.path)
		for above := filepath.Dir(path); strings.HasPrefix(above, folder); above = filepath.Dir(above) {
			folders[above] = true
		}
		if one.link != "" {
			continue
		}
		if err := syncFolder(path); err != nil {
			return err
		}
	}
	for _, one := range Names(folders) {
		if err := syncFolder(one); err != nil {
			return err
		}
	}
	return nil
}
