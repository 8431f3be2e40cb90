// The files in /.datacontainer: the catalog, dataset.json and documents of standards.

package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path"
	"sync"

	"entrypoint/files"
)

// digests contains the digests of metadata files, which are not in the index; they are computed at the first request.
type digests struct {
	mutex sync.Mutex
	known map[string]string
}

// serveMetadata sends a file of /.datacontainer.
func (s *server) serveMetadata(w http.ResponseWriter, r *http.Request, name string) {
	opened, err := s.metadata.Open(name)
	file, seeks := opened.(io.ReadSeeker)
	if err != nil || !seeks || path.Base(name) != name || name == "." {
		s.fail(w, r, http.StatusNotFound, fmt.Errorf("there is no %q in %s", name, files.MetadataFolder))
		return
	}
	defer opened.Close()
	tag, err := s.digests.of(name, file)
	if err != nil {
		s.fail(w, r, http.StatusInternalServerError, fmt.Errorf("%q cannot be read: %w", name, files.Reason(err)))
		return
	}
	w.Header().Set("ETag", `"`+tag+`"`)
	setType(w.Header(), name)
	http.ServeContent(w, r, "", noTime, file)
}

// of returns the sha256 of a file's content in hex, and leaves the file at its start.
func (d *digests) of(name string, file io.ReadSeeker) (string, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if known, is := d.known[name]; is {
		return known, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if d.known == nil {
		d.known = map[string]string{}
	}
	d.known[name] = hex.EncodeToString(hash.Sum(nil))
	return d.known[name], nil
}
