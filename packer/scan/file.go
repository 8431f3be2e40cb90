// The files that the packer writes for the Python part of the scan stage.
package scan

import (
	"bufio"
	"os"

	"packer/output"
)

const bufferBytes = 1 << 20

// A file is an output that only the same run of the stage reads, so it is not synced to disk. A nil file discards content.
type file struct {
	path   string
	file   *os.File
	buffer *bufio.Writer
}

func create(path string) (*file, error) {
	if path == "" {
		return nil, nil
	}
	created, err := os.Create(path)
	if err != nil {
		return nil, output.Explain(path, err)
	}
	return &file{path, created, bufio.NewWriterSize(created, bufferBytes)}, nil
}

func (f *file) write(content []byte) error {
	if f == nil {
		return nil
	}
	_, err := f.buffer.Write(content)
	return output.Explain(f.path, err)
}

func (f *file) finish() error {
	if f == nil {
		return nil
	}
	if err := f.buffer.Flush(); err != nil {
		return output.Explain(f.path, err)
	}
	return output.Explain(f.path, f.file.Close())
}

func (f *file) close() {
	if f != nil {
		f.file.Close()
	}
}
