// The request: the command, inputs, parameters and folder that a person gives, checked before anything is written.

package run

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Dataset describes the data in the image. Summary is dataset.json.
type Dataset struct {
	Name, Version string
	Summary       []byte
}

// Request is what a person asks for. Inputs and Parameters are texts NAME=VALUE. Out is an existing folder.
type Request struct {
	Dataset            Dataset
	Document           *Document
	Command            string
	Inputs, Parameters []string
	Out                string
	// Private leaves the names of the inputs out of the result.
	Private bool
	// Messages gets the output of the command, and messages.
	Messages io.Writer
}

// job is a checked request.
type job struct {
	*Request
	*Command
	digest     string // of the dataset
	mount      string
	about      about
	inputs     map[string]*input
	parameters map[string]string
	program    program
}

// about are the facts in dataset.json that the documents of a result contain.
type about struct {
	Title   string `json:"title"`
	License string `json:"license"`
	DOI     string `json:"doi"`
}

// newJob checks a request, and reads the inputs.
func newJob(r *Request) (*job, error) {
	command, err := r.Document.Find(r.Command)
	if err != nil {
		return nil, err
	}
	var summary struct {
		Digest string `json:"digest"`
		Mount  string `json:"mount"`
		About  about  `json:"about"`
	}
	if err := json.Unmarshal(r.Dataset.Summary, &summary); err != nil {
		return nil, fmt.Errorf("reading dataset.json of the image: %w: pull or build the image again", err)
	}
	j := &job{Request: r, Command: command, digest: summary.Digest, mount: summary.Mount, about: summary.About}
	if err := j.checkOut(); err != nil {
		return nil, err
	}
	if j.parameters, err = j.readParameters(); err != nil {
		return nil, err
	}
	if j.program, err = findProgram(command); err != nil {
		return nil, err
	}
	j.inputs, err = j.readInputs()
	return j, err
}

func (j *job) checkOut() error {
	const remedy = `bind a folder that you may write, as in docker run -v "$PWD/results:/out" or apptainer run --bind "$PWD/results:/out"`
	info, err := os.Stat(j.Out)
	if err != nil || !info.IsDir() {
		return usagef("-out %q is not a folder: %s", j.Out, remedy)
	}
	j.Out, err = filepath.Abs(j.Out)
	return err
}

// assigned returns the values of texts NAME=VALUE by name. kind: "input" or "parameter".
func assigned[V any](texts []string, flag, kind string, known map[string]V) (map[string]string, error) {
	found := map[string]string{}
	for _, text := range texts {
		name, value, is := strings.Cut(text, "=")
		_, declared := known[name]
		_, twice := found[name]
		switch {
		case !is:
			return nil, usagef("-%s %q: write NAME=VALUE", flag, text)
		case !declared && len(known) == 0:
			return nil, usagef("-%s %q: the command has no %s: leave it out", flag, text, kind)
		case !declared:
			return nil, usagef("-%s %q: there is no %s %q; the command has %s", flag, text, kind, name, strings.Join(Names(known), ", "))
		case twice:
			return nil, usagef("-%s %q: %s is given more than once: give it once", flag, text, name)
		}
		found[name] = value
	}
	return found, nil
}

// readParameters returns the values of all parameters, as the texts that the command gets.
func (j *job) readParameters() (map[string]string, error) {
	found, err := assigned(j.Request.Parameters, "param", "parameter", j.Command.Parameters)
	if err != nil {
		return nil, err
	}
	for _, name := range Names(j.Command.Parameters) {
		one := j.Command.Parameters[name]
		given, is := found[name]
		if !is && one.Default == nil {
			return nil, usagef("the parameter %q is missing: add -param %s=VALUE, of the type %s", name, name, one.Type)
		}
		if !is {
			given = fmt.Sprint(one.Default)
		}
		if found[name], err = normal(one.Type, given); err != nil {
			return nil, usagef("-param %s=%q is not %w", name, given, err)
		}
	}
	return found, nil
}

// normal returns the form of a value that equal values share. The error is the name of the type.
func normal(kind, given string) (string, error) {
	switch kind {
	case "integer":
		number, err := strconv.ParseInt(given, 10, 64)
		if err != nil {
			return "", fmt.Errorf("an integer of 64 bits")
		}
		return strconv.FormatInt(number, 10), nil
	case "number":
		number, err := strconv.ParseFloat(given, 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
			return "", fmt.Errorf("a number such as 0.5")
		}
		return strconv.FormatFloat(number, 'g', -1, 64), nil
	case "boolean":
		if given != "true" && given != "false" {
			return "", fmt.Errorf("true or false")
		}
		return given, nil
	}
	if !utf8.ValidString(given) {
		return "", fmt.Errorf("text in UTF-8")
	}
	return given, nil
}

// values returns the values of the placeholders. out: the folder that the command writes.
func (j *job) values(out string) values {
	found := values{"data": j.mount, "out": out}
	for name, one := range j.inputs {
		found["in."+name] = one.path
	}
	for name, one := range j.Outputs {
		found["out."+name] = filepath.Join(out, one.Path)
	}
	for name, value := range j.parameters {
		found["param."+name] = value
	}
	return found
}
