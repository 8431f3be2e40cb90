// Package cli is the command line of the entrypoint: flags, queries of the index, and commands on the files.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"entrypoint/index"
	"entrypoint/process"
	"entrypoint/query"
)

// Exit statuses.
const (
	Done       = 0
	NoMatch    = 1 // or the files differ from the index
	WrongUsage = 2
	brokenPipe = 128 + int(syscall.SIGPIPE)
)

// leastTasks is the number of threads of -export with one worker.
const leastTasks = 8

// Main runs the command of the arguments, prints its error, and returns the exit status. attached: the facts and the index. The
// first argument is the name under which the program was started.
func Main(attached []byte, arguments []string) int {
	// A write to a closed pipe then returns an error, also in process 1 of a container.
	signal.Ignore(syscall.SIGPIPE)
	status, err := NoMatch, process.Check(leastTasks)
	if err == nil {
		status, err = runAttached(attached, arguments)
	}
	if closing := os.Stdout.Close(); err == nil && closing != nil && !errors.Is(closing, os.ErrClosed) {
		status, err = statusOf(closing), closing
	}
	if err != nil && status != brokenPipe {
		fmt.Fprintf(os.Stderr, "error: %s\n", index.Escaped(err.Error()))
	}
	return status
}

func runAttached(attached []byte, arguments []string) (int, error) {
	facts, err := readFacts(attached)
	if err != nil {
		return NoMatch, err
	}
	return Run(facts, arguments, os.Stdout, os.Stderr)
}

// Run is Main with explicit outputs; it returns the error instead of printing it.
func Run(facts Facts, arguments []string, stdout, messages io.Writer) (int, error) {
	o, err := parse(effectiveArguments(arguments))
	if err != nil {
		return WrongUsage, err
	}
	s := &Session{context: context.Background(), Facts: facts, Out: bufio.NewWriterSize(stdout, outputBytes), Stdout: stdout, Messages: messages, options: o}
	status, err := s.execute()
	if flushed := s.Out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		status = statusOf(err)
	}
	return status, err
}

// statusOf returns the exit status of an error.
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

// effectiveArguments returns the arguments without the program's name, or the flag that replaces them when Apptainer starts
// the program under the name of its startscript or test.
func effectiveArguments(arguments []string) []string {
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

// outputBytes is the size of the output buffer: the capacity of a pipe.
const outputBytes = 1 << 16

// Session is one run of the program, as passed to a command.
type Session struct {
	Facts    Facts
	Index    *index.Index  // nil if the command has NoIndex
	Out      *bufio.Writer // buffers the output to Stdout
	Stdout   io.Writer
	Messages io.Writer

	context  context.Context // ends with the request that the session answers
	options  *options
	criteria query.Criteria // set by Rows
}

// execute runs the command, or lists the rows if there is no command.
func (s *Session) execute() (status int, err error) {
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
	s.Index, err = index.Open(s.Facts.Index)
	return err
}
