// The list of a folder as a simple page, which programs such as wget and rclone follow too.

package serve

import (
	"bufio"
	"fmt"
	"html"
	"net/http"

	"entrypoint/index"
)

// serveFolder sends the list of a folder. key: with a slash at its end.
func (s *server) serveFolder(w http.ResponseWriter, r *http.Request, key string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if r.Method == http.MethodHead {
		return
	}
	out := bufio.NewWriterSize(w, 1<<16)
	defer out.Flush()
	title := html.EscapeString(string(index.AppendShown(nil, []byte(key))))
	fmt.Fprintf(out, "<!DOCTYPE html>\n<meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">"+
		"<title>%s</title>\n<h1>%s</h1>\n<pre>\n", title, title)
	if key != s.tree.Mount+"/" {
		fmt.Fprint(out, "<a href=\"../\">../</a>\n")
	}
	s.tree.children([]byte(key), nil, func(one entry) bool {
		end, size := "", fmt.Sprint(s.sizeOf(one.from))
		if one.folder {
			end, size = "/", "-"
		}
		shown := html.EscapeString(string(index.AppendShown(nil, one.name)))
		fmt.Fprintf(out, "<a href=\"./%s%s\">%s%s</a> %s\n", escaped(string(one.name), false), end, shown, end, size)
		return r.Context().Err() == nil
	})
	fmt.Fprint(out, "</pre>\n")
}

// sizeOf returns the size in bytes of a file, or of the file to which a symlink leads; 0 for a broken symlink.
func (s *server) sizeOf(row int) int64 {
	if row, found := s.tree.resolve(row); found {
		return s.tree.size.Integer(row)
	}
	return 0
}
