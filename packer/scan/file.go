// The files that a scan writes for the rest of the stage.
package scan

import (
	"bufio"
	"os"

	"packer/output"
)

const bufferBytes = 1 << 20

// A file is read by the same run of the stage alone, so nobody waits until it is on the disk; nil is one that nobody wants.
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
