// Package serve answers HTTP requests about the files of an image: a page, an API, the files, WebDAV and S3, all read-only.
package serve

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"entrypoint/files"
	"entrypoint/index"
)

// Limits of the server.
const (
	headerSeconds = 10
	idleSeconds   = 120
	// A client that accepts no byte for this time is disconnected.
	stallSeconds = 60
	drainSeconds = 30
	headerBytes  = 64 << 10
	bodyBytes    = 64 << 10
	// The number of answers in flight; others wait. It also bounds the open files.
	mostAnswers = 256
)

// Options are the dataset and the properties of a server.
type Options struct {
	// Name of the dataset, which is also the name of the bucket.
	Name string
	// Index is the opened index.
	Index *index.Index
	// Root is the prefix that turns a key into the path of its file; "" in the image.
	Root string
	// Token must be sent by clients, unless it is empty.
	Token string
	// Query runs the entrypoint with flags and writes its output.
	Query func(ctx context.Context, w io.Writer, flags []string) (status int, err error)
	// Log receives a line for each request; nil for none.
	Log io.Writer
}

type server struct {
	Options
	tree tree
	data *os.Root // the folder of the mount
	// metadata is the folder /.datacontainer.
	metadata fs.FS
	digests  digests
	slots    chan struct{}
	// verifying is locked while an answer reads all selected files, so that there is only one.
	verifying sync.Mutex
}

// New returns a handler of all requests, or an error if the index lacks a field or the folder of the files cannot be opened.
func New(options Options) (http.Handler, error) {
	ix := options.Index
	s := &server{Options: options, slots: make(chan struct{}, mostAnswers)}
	s.tree = tree{ix, ix.Field("size"), ix.Field("sha256"), ix.Field("link")}
	if s.tree.size == nil || s.tree.sha256 == nil || s.tree.sha256.Type != index.Digest {
		return nil, errors.New("the index lacks the field \"size\" or \"sha256\": build the image again")
	}
	folder := filepath.Join("/", options.Root, ix.Mount)
	data, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of the files %q: %w: -serve needs the files, so start it in the image", folder, files.Reason(err))
	}
	s.data = data
	s.metadata = os.DirFS(filepath.Join("/", options.Root, files.MetadataFolder))
	return s, nil
}

// Serve answers requests until the context ends; then it refuses new ones and waits for those in flight.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	one := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerSeconds * time.Second,
		ReadTimeout:       2 * headerSeconds * time.Second,
		IdleTimeout:       idleSeconds * time.Second,
		MaxHeaderBytes:    headerBytes,
	}
	ended := make(chan error, 1)
	go func() { ended <- one.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), drainSeconds*time.Second)
	defer cancel()
	if one.Shutdown(drain) != nil {
		return one.Close()
	}
	return nil
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &response{ResponseWriter: w, began: time.Now(), status: http.StatusOK}
	defer s.log(out, r)
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	r.Body = http.MaxBytesReader(w, r.Body, bodyBytes)
	if page := pageName(r); page != "" {
		servePage(out, page)
		return
	}
	if !s.allowed(r) {
		header.Set("WWW-Authenticate", `Bearer realm="datacontainer"`)
		http.Error(out, "send the token of this server as \"Authorization: Bearer TOKEN\"", http.StatusUnauthorized)
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-r.Context().Done():
		return
	}
	// Damage of the index ends this answer, and not the server.
	if err := index.Guard(func() error { s.route(out, r); return nil }); err != nil {
		s.fail(out, r, http.StatusInternalServerError, err)
	}
}

// allowed reports whether the request has the token, as bearer token or in the page's cookie. The comparison takes the same
// time for each wrong token.
func (s *server) allowed(r *http.Request) bool {
	if s.Token == "" {
		return true
	}
	given, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if cookie, err := r.Cookie("token"); !is && err == nil {
		given = cookie.Value
	}
	one, other := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.Token))
	return subtle.ConstantTimeCompare(one[:], other[:]) == 1
}

// route calls the handler of the first part of the path.
func (s *server) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); {
	case first == "dav":
		s.dav(w, r, strings.TrimPrefix(path, "/dav"))
	case first == "api" && r.Method == http.MethodPost:
		s.api(w, r, strings.TrimPrefix(path, "/api/"))
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		s.fail(w, r, http.StatusMethodNotAllowed, fmt.Errorf("the method %q is not supported: this server is read-only", r.Method))
	case first == "api":
		s.api(w, r, strings.TrimPrefix(path, "/api/"))
	case first == "s3":
		s.s3(w, r, strings.TrimPrefix(strings.TrimPrefix(path, "/s3"), "/"))
	case strings.HasPrefix(path, files.MetadataFolder+"/"):
		s.serveMetadata(w, r, strings.TrimPrefix(path, files.MetadataFolder+"/"))
	case path == s.tree.Mount || strings.HasPrefix(path, s.tree.Mount+"/"):
		s.serveKey(w, r, path)
	default:
		s.fail(w, r, http.StatusNotFound, fmt.Errorf("there is no %q; the files are in %q", path, s.tree.Mount+"/"))
	}
}

// serveKey sends the file or the list of the folder with a key.
func (s *server) serveKey(w http.ResponseWriter, r *http.Request, key string) {
	if row, found := s.tree.file([]byte(key)); found {
		s.serveFile(w, r, row, key)
		return
	}
	folder := strings.TrimSuffix(key, "/")
	if _, _, exists := s.tree.isFolder([]byte(folder)); !exists {
		s.fail(w, r, http.StatusNotFound, fmt.Errorf("there is no %q", key))
	} else if folder == key {
		http.Redirect(w, r, escaped(key, true)+"/", http.StatusMovedPermanently)
	} else {
		s.serveFolder(w, r, key)
	}
}

// fail sends an error as plain text, unless a part of the answer was sent already: then it cuts the connection, so that the
// client does not take the part for the whole.
func (s *server) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	if sent, is := w.(*response); is && sent.sent {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for _, name := range []string{"ETag", "Repr-Digest", "Content-Digest", "Digest", "Content-Disposition"} {
		header.Del(name)
	}
	http.Error(w, index.Escaped(err.Error()), status)
}

// response records the status and the size of an answer, and disconnects a client that accepts nothing.
type response struct {
	http.ResponseWriter
	began  time.Time
	status int
	bytes  int64
	sent   bool
}

func (w *response) WriteHeader(status int) {
	w.status, w.sent = status, true
	w.extend()
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.sent = true
	w.extend()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// pieceBytes is the size of a piece for which a client has stallSeconds.
const pieceBytes = 16 << 20

// ReadFrom sends a file; the kernel copies its bytes.
func (w *response) ReadFrom(source io.Reader) (int64, error) {
	w.sent = true
	from, is := w.ResponseWriter.(io.ReaderFrom)
	limited, bounded := source.(*io.LimitedReader)
	if !is || !bounded {
		w.extend()
		n, err := io.Copy(struct{ io.Writer }{w.ResponseWriter}, source)
		w.bytes += n
		return n, err
	}
	var total int64
	for rest := limited.N; rest > 0; rest = limited.N {
		w.extend()
		piece := &io.LimitedReader{R: limited.R, N: min(rest, pieceBytes)}
		n, err := from.ReadFrom(piece)
		total, limited.N = total+n, limited.N-n
		w.bytes += n
		if err != nil || n == 0 {
			return total, err
		}
	}
	return total, nil
}

// Unwrap serves http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) extend() {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(stallSeconds * time.Second))
}

// log writes a line in the common log format, without names of users; quotes in the path are percent-encoded.
func (s *server) log(w *response, r *http.Request) {
	if s.Log == nil {
		return
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	fmt.Fprintf(s.Log, "%s - - [%s] %q %d %d %.3f\n", host, w.began.UTC().Format("02/Jan/2006:15:04:05 -0700"),
		r.Method+" "+r.URL.RequestURI()+" "+r.Proto, w.status, w.bytes, time.Since(w.began).Seconds())
}
