// Package cli is the entrypoint's command line: what the flags ask for, from the index and of the files.
package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"entrypoint/index"
	"entrypoint/query"
)

// Exit statuses.
const (
	Done       = 0
	NoMatch    = 1 // or the data disagrees
	WrongUsage = 2
	brokenPipe = 128 + int(syscall.SIGPIPE)
)

// Facts are what the compiled program knows of its dataset.
type Facts struct {
	Name, Version string
	// Index is the catalog's index, or nil where it is too large to be part of the program, and so is the file beside it
	// with IndexSuffix behind its name.
	Index []byte
	// Dataset is the JSON of dataset.json.
	Dataset []byte
}

// IndexSuffix is what the name of an index beside the program has behind that of the program.
const IndexSuffix = ".index"

// Command is a flag that a user's template adds.
type Command struct {
	// Name is the flag's, without a dash; Help is one line.
	Name, Help string
	// Run gets the selection that the other flags make, and gives the exit status.
	Run func(out io.Writer, ix *index.Index, rows *query.Selection) (int, error)
}

var added []Command

// Add makes the flag known; call it from the init function of a file in package main.
func Add(command Command) { added = append(added, command) }

// Main does what the arguments ask for and gives the exit status. The first argument is the name by which the program
// was called.
func Main(facts Facts, arguments []string) int {
	// A write to a closed pipe then gives an error, also to process 1 of a container.
	signal.Ignore(syscall.SIGPIPE)
	status, err := Run(facts, arguments, os.Stdout, os.Stderr)
	return report(status, err)
}

// report prints the error, if any, and gives the exit status.
func report(status int, err error) int {
	var usage *usageError
	var syntax *query.SyntaxError
	var own interface{ ExitStatus() int }
	switch {
	case err == nil:
		return status
	case errors.Is(err, syscall.EPIPE):
		return brokenPipe
	case errors.As(err, &usage), errors.As(err, &syntax):
		status = WrongUsage
	case errors.As(err, &own):
		status = own.ExitStatus()
	default:
		status = NoMatch
	}
	fmt.Fprintf(os.Stderr, "error: %s\n", err)
	return status
}

// Run is Main with the places to print to.
func Run(facts Facts, arguments []string, stdout, messages io.Writer) (int, error) {
	o, err := parse(byName(arguments))
	if err != nil {
		return WrongUsage, err
	}
	out := bufio.NewWriterSize(stdout, outputBytes)
	s := &session{facts: facts, options: o, stdout: stdout, out: out, messages: messages}
	status, err := s.answer()
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil && status == Done {
		status = NoMatch
	}
	return status, err
}

// byName gives the arguments that the program's name stands for: Apptainer starts an image by links to it.
func byName(arguments []string) []string {
	called, given := arguments[0], arguments[1:]
	if filepath.Base(filepath.Dir(called)) != ".singularity.d" {
		return given
	}
	switch filepath.Base(called) {
	case "startscript":
		return []string{"-start"}
	case "test":
		return []string{"-self-check"}
	}
	return given
}

// outputBytes is how much is printed at once; a pipe holds as much.
const outputBytes = 1 << 16

// session is one question to the image.
type session struct {
	facts    Facts
	options  *options
	ix       *index.Index
	stdout   io.Writer
	out      *bufio.Writer // of stdout
	messages io.Writer
}

func (s *session) answer() (int, error) {
	// Nothing of the index is needed for these.
	switch o := s.options; {
	case o.help:
		return Done, printHelp(s.out)
	case o.version:
		return Done, printVersion(s.out, s.facts)
	case o.start:
		return Done, wait()
	case o.info:
		_, err := s.out.Write(s.facts.Dataset)
		return Done, err
	}
	if err := s.open(); err != nil {
		return NoMatch, err
	}
	status := Done
	err := index.Guard(func() (err error) {
		status, err = s.run()
		return err
	})
	return status, err
}

func (s *session) open() (err error) {
	data := s.facts.Index
	if data == nil {
		if data, err = indexBeside(); err != nil {
			return err
		}
	}
	s.ix, err = index.Open(data)
	return err
}

// wait ends with SIGTERM or SIGINT, and takes no time of the processor until then.
func wait() error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	return nil
}
