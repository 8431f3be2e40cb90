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
	// Program is the version of the datacontainer that made the image, or "".
	Program string
	// Index is the catalog's index, or nil where it is too large to be part of the program, and so is the file beside it
	// with IndexSuffix behind its name.
	Index []byte
	// Dataset is the JSON of dataset.json.
	Dataset []byte
}

// IndexSuffix is what the name of an index beside the program has behind that of the program.
const IndexSuffix = ".index"

// Main does what the arguments ask for and gives the exit status. The first argument is the name by which the program
// was called.
func Main(facts Facts, arguments []string) int {
	// A write to a closed pipe then gives an error, also to process 1 of a container.
	signal.Ignore(syscall.SIGPIPE)
	status, err := Run(facts, arguments, os.Stdout, os.Stderr)
	if err != nil && status != brokenPipe {
		fmt.Fprintf(os.Stderr, "error: %s\n", err)
	}
	return status
}

// Run is Main with the places to print to, and gives the error that Main prints.
func Run(facts Facts, arguments []string, stdout, messages io.Writer) (int, error) {
	o, err := parse(byName(arguments))
	if err != nil {
		return WrongUsage, err
	}
	s := &Session{Facts: facts, Out: bufio.NewWriterSize(stdout, outputBytes), Stdout: stdout, Messages: messages, options: o}
	status, err := s.answer()
	if flushed := s.Out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		status = statusOf(err)
	}
	return status, err
}

// statusOf gives the exit status for an error.
func statusOf(err error) int {
	var usage *usageError
	var syntax *query.SyntaxError
	var own interface{ ExitStatus() int }
	switch {
	case errors.Is(err, syscall.EPIPE):
		return brokenPipe
	case errors.As(err, &usage), errors.As(err, &syntax):
		return WrongUsage
	case errors.As(err, &own):
		return own.ExitStatus()
	}
	return NoMatch
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

// Session is one question to the image, as a command gets it.
type Session struct {
	Facts    Facts
	Index    *index.Index  // nil for a command that needs none
	Out      *bufio.Writer // takes what is printed; Stdout is what it writes to
	Stdout   io.Writer
	Messages io.Writer

	options  *options
	criteria query.Criteria // of Rows
}

// answer runs the command, or lists the rows.
func (s *Session) answer() (status int, err error) {
	command := s.options.command
	if command == nil {
		command = &list
	}
	if command.NoIndex {
		return command.Run(s)
	}
	if err := s.open(); err != nil {
		return NoMatch, err
	}
	err = index.Guard(func() (err error) {
		status, err = command.Run(s)
		return err
	})
	return status, err
}

func (s *Session) open() (err error) {
	data := s.Facts.Index
	if data == nil {
		if data, err = indexBeside(); err != nil {
			return err
		}
	}
	s.Index, err = index.Open(data)
	return err
}
