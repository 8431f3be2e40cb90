// The content of files: whole, or ranges of their bytes.

package serve

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"entrypoint/files"
)

// noTime is the time of every file, because an image does not contain times; http.ServeContent sends no Last-Modified.
var noTime time.Time

// serveFile sends the file of a row, or the ranges that the request asks for.
//
// Source: RFC 9110, sections 8.8.3 (ETag), 13 and 14; RFC 9530 (Repr-Digest); RFC 3230 (Digest).
func (s *server) serveFile(w http.ResponseWriter, r *http.Request, row int, key string) {
	file, status, err := s.open(row, key)
	if err != nil {
		s.fail(w, r, status, err)
		return
	}
	defer file.Close()
	header := w.Header()
	setType(header, key)
	if row, found := s.tree.resolve(row); found {
		digest := s.tree.sha256.Bytes(row)
		header.Set("ETag", `"`+hex.EncodeToString(digest)+`"`)
		header.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(digest)+":")
		header.Set("Digest", "sha-256="+base64.StdEncoding.EncodeToString(digest))
		if r.Header.Get("Range") == "" {
			header.Set("Content-Digest", header.Get("Repr-Digest"))
		}
	}
	if r.URL.Query().Has("download") {
		header.Set("Content-Disposition", disposition(path.Base(key)))
	}
	http.ServeContent(w, r, "", noTime, file)
}

// open opens the file of a row. A symlink is followed if its target is in the dataset. The status is that of the error.
func (s *server) open(row int, key string) (*os.File, int, error) {
	name := strings.TrimPrefix(key, s.tree.Mount+"/")
	file, err := s.data.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return nil, http.StatusNotFound, fmt.Errorf("%q is in the index, but its file is missing: start the program in its image", key)
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		return nil, http.StatusServiceUnavailable, errors.New("too many open files: try again later")
	case err != nil:
		return nil, http.StatusForbidden, fmt.Errorf("%q cannot be read: %w", key, files.Reason(err))
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	if row, found := s.tree.resolve(row); err == nil && found && info.Size() != s.tree.size.Integer(row) {
		err = fmt.Errorf("it is %d bytes, but %d bytes in the index", info.Size(), s.tree.size.Integer(row))
	}
	if err != nil {
		file.Close()
		return nil, http.StatusInternalServerError, fmt.Errorf("%q cannot be sent: %w", key, err)
	}
	return file, http.StatusOK, nil
}

// types are the media types by suffix. The system's table is not used, so that all machines send the same types. Types that a
// browser would run as a page of this server, such as HTML and SVG, are sent as plain text.
var types = map[string]string{
	".avif": "image/avif", ".bmp": "image/bmp", ".csv": "text/csv; charset=utf-8", ".gif": "image/gif", ".gz": "application/gzip",
	".h5": "application/x-hdf5", ".htm": plainText, ".html": plainText, ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
	".js": plainText, ".json": "application/json", ".md": plainText, ".mjs": plainText, ".mp3": "audio/mpeg", ".mp4": "video/mp4",
	".nc": "application/x-netcdf", ".nii": "application/octet-stream", ".parquet": "application/vnd.apache.parquet",
	".pdf": "application/pdf", ".png": "image/png", ".py": plainText, ".r": plainText, ".rst": plainText, ".svg": plainText,
	".tar": "application/x-tar", ".tif": "image/tiff", ".tiff": "image/tiff", ".tsv": "text/tab-separated-values; charset=utf-8",
	".txt": plainText, ".wav": "audio/wav", ".webm": "video/webm", ".webp": "image/webp", ".xhtml": plainText, ".xml": plainText,
	".yaml": plainText, ".yml": plainText, ".zip": "application/zip",
}

const plainText = "text/plain; charset=utf-8"

// setType sets the media type of a file, and forbids browsers to guess another or to run the content.
func setType(header http.Header, key string) {
	known := types[strings.ToLower(path.Ext(key))]
	if known == "" {
		known = "application/octet-stream"
	}
	header.Set("Content-Type", known)
	header.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox")
}

// disposition returns the header that makes a browser store the content under a name. Source: RFC 6266 and RFC 8187.
func disposition(name string) string {
	return "attachment; filename*=UTF-8''" + escaped(name, false)
}
