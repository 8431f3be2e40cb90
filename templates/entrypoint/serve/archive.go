// Archives of selected files, written while they are sent.

package serve

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

// An archiver writes files and symlinks into an archive.
type archiver interface {
	addFile(name string, size int64, content io.Reader) error
	addLink(name, target string) error
	Close() error
}

// archive sends the selected files as zip or tar, with their paths in the dataset. A file that cannot be read, or that
// differs from the index, cuts the connection, so that the client does not take a part for the whole.
func (s *server) archive(w http.ResponseWriter, r *http.Request, parameters url.Values) {
	format := parameters.Get("format")
	var archive archiver
	switch format {
	case "zip":
		archive = zipArchive{zip.NewWriter(w)}
	case "tar":
		archive = tarArchive{tar.NewWriter(w)}
	default:
		s.failAPI(w, r, http.StatusBadRequest, fmt.Errorf("the format of an archive is %q, expected zip or tar", format))
		return
	}
	flags, err := flagsOf(endpoint{takes: append([]string{"desc", "ignore-case"}, selection...)}, parameters)
	if err != nil {
		s.failAPI(w, r, http.StatusBadRequest, err)
		return
	}
	var keys bytes.Buffer
	status, err := s.Query(r.Context(), &keys, append(flags, "-null"))
	switch {
	case err != nil:
		s.failAPI(w, r, http.StatusBadRequest, err)
		return
	case status == statusNoMatch:
		s.failAPI(w, r, http.StatusNotFound, errors.New("no file is selected"))
		return
	}
	w.Header().Set("Content-Type", map[string]string{"zip": "application/zip", "tar": "application/x-tar"}[format])
	w.Header().Set("Content-Disposition", disposition(s.Name+"."+format))
	for keys.Len() > 0 {
		key, _ := keys.ReadString(0)
		if err := s.addKey(archive, strings.TrimSuffix(key, "\x00")); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	if archive.Close() != nil {
		panic(http.ErrAbortHandler)
	}
}

func (s *server) addKey(archive archiver, key string) error {
	row, found := s.tree.file([]byte(key))
	if !found {
		return fmt.Errorf("there is no %q", key)
	}
	name := strings.TrimPrefix(key, s.tree.Mount+"/")
	if s.tree.isLink(row) {
		return archive.addLink(name, string(s.tree.link.Bytes(row)))
	}
	file, _, err := s.open(row, key)
	if err != nil {
		return err
	}
	defer file.Close()
	return archive.addFile(name, s.tree.size.Integer(row), file)
}

type zipArchive struct{ *zip.Writer }

// addFile stores a file without compression: scientific formats are compressed mostly.
func (z zipArchive) addFile(name string, size int64, content io.Reader) error {
	out, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = io.CopyN(out, content, size)
	}
	return err
}

func (z zipArchive) addLink(name, target string) error {
	header := &zip.FileHeader{Name: name, Method: zip.Store}
	header.SetMode(0o777 | fs.ModeSymlink)
	out, err := z.CreateHeader(header)
	if err == nil {
		_, err = io.WriteString(out, target)
	}
	return err
}

type tarArchive struct{ *tar.Writer }

func (t tarArchive) addFile(name string, size int64, content io.Reader) error {
	err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg})
	if err == nil {
		_, err = io.CopyN(t, content, size)
	}
	return err
}

func (t tarArchive) addLink(name, target string) error {
	return t.WriteHeader(&tar.Header{Name: name, Linkname: target, Mode: 0o777, Typeflag: tar.TypeSymlink})
}
