// Package shardlist reads the list of a shard's files, which scan wrote.
package shardlist

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Kinds of a record.
const (
	File   = 'f'
	Link   = 'l'
	Folder = 'd' // an empty folder; other folders have no record
)

// Record describes one path of the dataset at the time of the scan.
type Record struct {
	Path    string // relative to the dataset, any bytes but NUL
	Kind    byte
	Mode    uint32
	Size    int64 // in bytes; for a symlink, the length of its target
	MtimeNs int64
	CtimeNs int64
	Inode   uint64
	Target  string // of a symlink
	// Length of the start of Path in which symlinks are followed; 0 unless `symlinks` is follow.
	Through int
}

// Executable reports whether the owner may execute the file.
func (r *Record) Executable() bool {
	return r.Mode&0o100 != 0
}

// Reader reads the records of a list, which are sorted by the bytes of their paths.
type Reader struct {
	name     string
	file     *os.File
	buffer   *bufio.Reader
	number   int    // number of records read so far
	previous string // path of the last record
}

// Open opens the list with the given file name.
func Open(name string) (*Reader, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening the shard's list %q: %w", name, errors.Unwrap(err))
	}
	return &Reader{name: name, file: file, buffer: bufio.NewReaderSize(file, 1<<16)}, nil
}

// Close closes the list.
func (r *Reader) Close() error {
	return r.file.Close()
}

// Next returns the next record, or io.EOF after the last record.
func (r *Reader) Next() (*Record, error) {
	numbers, err := r.text()
	if err == io.EOF {
		return nil, io.EOF
	}
	r.number++
	record, err := r.record(numbers, err)
	if err != nil {
		return nil, fmt.Errorf("reading record %d of the shard's list %q: %w; delete it and run snakemake again",
			r.number, r.name, err)
	}
	return record, nil
}

func (r *Reader) record(numbers string, err error) (*Record, error) {
	record := &Record{}
	for _, text := range []*string{&record.Path, &record.Target} {
		if err == nil {
			*text, err = r.text()
		}
	}
	if err == io.EOF {
		err = errTruncated
	}
	if err != nil {
		return nil, err
	}
	if err := record.parse(numbers); err != nil {
		return nil, err
	}
	return record, r.checkPath(record)
}

var errTruncated = errors.New("the list ends in the middle of the record")

// text returns the text before the next NUL, or io.EOF at the end of the list.
func (r *Reader) text() (string, error) {
	slice, err := r.buffer.ReadSlice(0)
	text := string(slice)
	if err == bufio.ErrBufferFull {
		var rest string
		rest, err = r.buffer.ReadString(0)
		text += rest
	}
	if err == io.EOF && text != "" {
		return "", errTruncated
	}
	return strings.TrimSuffix(text, "\x00"), err
}

// parse sets the fields before the path: kind, mode, size, times, inode and, if it is not 0, through.
func (r *Record) parse(numbers string) error {
	fields := strings.Split(numbers, " ")
	if len(fields) != 6 && len(fields) != 7 {
		return fmt.Errorf("it has %d fields before its path, expected 6 or 7: %q", len(fields), numbers)
	}
	if fields[0] != string(File) && fields[0] != string(Link) && fields[0] != string(Folder) {
		return fmt.Errorf("its kind is %q, expected f, l or d", fields[0])
	}
	r.Kind = fields[0][0]
	var failed [6]error
	var mode uint64
	mode, failed[0] = strconv.ParseUint(fields[1], 8, 32)
	r.Size, failed[1] = strconv.ParseInt(fields[2], 10, 64)
	r.MtimeNs, failed[2] = strconv.ParseInt(fields[3], 10, 64)
	r.CtimeNs, failed[3] = strconv.ParseInt(fields[4], 10, 64)
	r.Inode, failed[4] = strconv.ParseUint(fields[5], 10, 64)
	r.Mode = uint32(mode)
	if len(fields) == 7 {
		r.Through, failed[5] = strconv.Atoi(fields[6])
	}
	if r.Size < 0 {
		return fmt.Errorf("its size is %d, expected 0 or more", r.Size)
	}
	return errors.Join(failed[:]...)
}

// checkPath returns an error for a path that is not plain and relative, or not sorted after the previous path.
func (r *Reader) checkPath(record *Record) error {
	for part := range strings.SplitSeq(record.Path, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("its path %q has a component %q", record.Path, part)
		}
	}
	// Scan sorts an empty folder like the files that it could contain.
	path := record.Path
	if record.Kind == Folder {
		path += "/"
	}
	if path <= r.previous {
		return fmt.Errorf("its path %q follows %q, so the list is not sorted", path, r.previous)
	}
	r.previous = path
	return nil
}
