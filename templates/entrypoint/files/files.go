// Package files prints, lists, verifies and copies the files of the image, which contains no shell and no cp. Its functions
// read the index and must be called inside index.Guard; their goroutines call Guard themselves.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"syscall"

	"entrypoint/index"
	"entrypoint/progress"
)

// Job is a selection of rows of an index, the place of their files, and the outputs.
type Job struct {
	Index *index.Index
	// Rows are the selected rows with their keys. The sequence can be iterated more than once.
	Rows iter.Seq2[int, []byte]
	// All is true if Rows are all rows of the index.
	All bool
	// Root is the prefix that turns a key into the path of its file; "" in the image.
	Root string
	// Out receives results, and is flushed after each line if it has a method Flush.
	Out io.Writer
	// Messages receives warnings and, if it is a terminal, the progress. It is never nil.
	Messages io.Writer
}

// startProgress starts the progress, which is printed only if Messages is a terminal.
func (job Job) startProgress(c catalog, title string) *progress.Progress {
	if !progress.IsTerminal(job.Messages) {
		return progress.Start(nil, title, 0, 0)
	}
	files, bytes := job.total(c)
	return progress.Start(job.Messages, title, files, bytes)
}

// total returns the number of files and bytes of all rows.
func (job Job) total(c catalog) (files, bytes int64) {
	for row := range job.Rows {
		files, bytes = files+1, bytes+c.sizeOf(row)
	}
	return files, bytes
}

// StatusError is an error with its own exit status of the program.
type StatusError struct {
	Status int
	Err    error
}

func (e *StatusError) Error() string { return e.Err.Error() }

func (e *StatusError) Unwrap() error { return e.Err }

// ExitStatus returns the exit status of the program.
func (e *StatusError) ExitStatus() int { return e.Status }

// Exit statuses, the same as in package cli.
const (
	statusFailed      = 1
	statusWrongUsage  = 2
	statusInterrupted = 128 + int(syscall.SIGINT)
)

func statusf(status int, format string, values ...any) error {
	return &StatusError{status, fmt.Errorf(format, values...)}
}

// shown returns a key in the format of text output.
func shown(key []byte) string { return string(index.AppendShown(nil, key)) }

// counted returns a number with its unit, such as "1 file" or "2 files".
func counted(count int, what string) string {
	if count == 1 {
		return "1 " + what
	}
	return strconv.Itoa(count) + " " + what + "s"
}

// differences returns the end of the last line of -verify and -self-check.
func differences(count int) string {
	if count == 0 {
		return "no differences"
	}
	return counted(count, "difference")
}

// Reason returns an error without the operation and path of the system call, because messages contain the full path.
func Reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// kind returns the type of a directory entry for messages.
func kind(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "a file"
	case fs.ModeDir:
		return "a folder"
	case fs.ModeSymlink:
		return "a symlink"
	}
	return "a device, pipe or socket"
}
