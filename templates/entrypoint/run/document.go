// Package run runs a command of the image on the data and on a person's own files, and keeps its result.
//
// docs/reference/runs.md describes commands.json, the folder of a result, and run.json.
package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
)

// documentVersion is the version of commands.json that this program reads.
const documentVersion = 1

// Platform is the platform of this program, which selects the file of a command's program.
const Platform = "linux/" + runtime.GOARCH

// Document is the content of commands.json. Base is the digest of the base of the image, or "".
type Document struct {
	Version  int                 `json:"version"`
	Base     string              `json:"base"`
	Commands map[string]*Command `json:"commands"`
}

// Command is a command that the image can run. Argv and Environment contain placeholders.
type Command struct {
	Description string               `json:"description"`
	Argv        []string             `json:"argv"`
	Inputs      map[string]Input     `json:"inputs"`
	Parameters  map[string]Parameter `json:"parameters"`
	Outputs     map[string]Output    `json:"outputs"`
	Environment map[string]string    `json:"environment"`
	Network     bool                 `json:"network"`
	Rules       map[string]string    `json:"rules"`
	Programs    map[string]Program   `json:"programs"`
}

// Input is a file or folder of the person who runs the command.
type Input struct {
	Type        string `json:"type"`
	Required    bool   `json:"required"`
	Description string `json:"description"`
}

// Parameter is a value of the person who runs the command. Default is nil if there is none.
type Parameter struct {
	Type        string `json:"type"`
	Default     any    `json:"default"`
	Description string `json:"description"`
}

// Output is a file or folder that the command must write.
type Output struct {
	Path        string `json:"path"`
	Description string `json:"description"`
}

// Program is the file of a command's program in the image. Name is its name before it was packed.
type Program struct {
	Path   string `json:"path"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Failure is an error with an exit status.
type Failure struct {
	Status int
	Err    error
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the error without its status.
func (f *Failure) Unwrap() error { return f.Err }

// ExitStatus is the status with which the program ends.
func (f *Failure) ExitStatus() int { return f.Status }

// Exit statuses of failures.
const (
	failed     = 1
	wrongUsage = 2
)

func usagef(format string, values ...any) error {
	return &Failure{wrongUsage, fmt.Errorf(format, values...)}
}

// Read returns the commands of the image.
func Read(file string) (*Document, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the image has no commands: there is no %q, or the program does not run in its image", file)
	}
	var document Document
	if err == nil {
		decoder := json.NewDecoder(strings.NewReader(string(content)))
		decoder.UseNumber()
		err = decoder.Decode(&document)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w: pull or build the image again", file, err)
	}
	if document.Version != documentVersion {
		return nil, fmt.Errorf("%q has the version %d, expected %d: use the entrypoint of the same image", file, document.Version, documentVersion)
	}
	return &document, nil
}

// Find returns the command with a name.
func (d *Document) Find(name string) (*Command, error) {
	if command, found := d.Commands[name]; found {
		return command, nil
	}
	if len(d.Commands) == 0 {
		return nil, usagef("there is no command %q: the image has no commands", name)
	}
	return nil, usagef("there is no command %q; the commands are %s", name, strings.Join(Names(d.Commands), ", "))
}

// Names returns the keys of a map, sorted.
func Names[V any](values map[string]V) []string { return slices.Sorted(maps.Keys(values)) }
