// Package files works on the files of the image, which has no shell and no cp: it prints, lists, checks and copies them. As
// all that reads an index, its functions are to be called inside index.Guard; their goroutines have their own.
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

// Job is rows of an index, and where the files are that they stand for.
type Job struct {
	Index *index.Index
	// Rows are the chosen rows with their keys. They may be walked over more than once.
	Rows iter.Seq2[int, []byte]
	// All is whether they are all rows of the index.
	All bool
	// Root is put before each key to find its file; "" in the image.
	Root string
	// Out takes results. What has a method Flush is flushed behind each line.
	Out io.Writer
	// Messages takes warnings and, when it is a terminal, the progress. It is never nil.
	Messages io.Writer
}

// startProgress begins to count, and to show the count where Messages go to a terminal.
func (job Job) startProgress(c catalog, title string) *progress.Progress {
	if !progress.IsTerminal(job.Messages) {
		return progress.Start(nil, title, 0, 0)
	}
	files, bytes := job.total(c)
	return progress.Start(job.Messages, title, files, bytes)
}

// total returns the files and bytes of all rows.
func (job Job) total(c catalog) (files, bytes int64) {
	for row := range job.Rows {
		files, bytes = files+1, bytes+c.sizeOf(row)
	}
	return files, bytes
}

// StatusError is an error that ends the program with a status of its own.
type StatusError struct {
	Status int
	Err    error
}

func (e *StatusError) Error() string { return e.Err.Error() }

func (e *StatusError) Unwrap() error { return e.Err }

// ExitStatus is the status that the program ends with.
func (e *StatusError) ExitStatus() int { return e.Status }

// Exit statuses, as the entrypoint has them.
const (
	statusDisagrees   = 1
	statusWrongUsage  = 2
	statusInterrupted = 128 + int(syscall.SIGINT)
)

func statusf(status int, format string, values ...any) error {
	return &StatusError{status, fmt.Errorf(format, values...)}
}

// shown returns a key as text output has it.
func shown(key []byte) string { return string(index.AppendShown(nil, key)) }

// counted returns "1 file", "2 files".
func counted(count int, what string) string {
	if count == 1 {
		return "1 " + what
	}
	return strconv.Itoa(count) + " " + what + "s"
}

// differences ends a closing line.
func differences(count int) string {
	if count == 0 {
		return "no differences"
	}
	return counted(count, "difference")
}

// reason returns what went wrong with a file, without the name that the call had: messages have the whole path.
func reason(err error) error {
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

// kind names what lies at a path, as messages do.
func kind(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "a file"
	case fs.ModeDir:
		return "a folder"
	case fs.ModeSymlink:
		return "a link"
	}
	return "a device, pipe or socket"
}
