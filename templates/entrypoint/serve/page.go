// The page: static files that use the API.

package serve

import (
	"embed"
	"net/http"
	"path"
	"strings"
)

//go:embed page
var pages embed.FS

var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// The page loads nothing from other hosts and runs no script but its own files.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// pageName returns the name of the file of the page that a request asks for, or "".
func pageName(r *http.Request) string {
	name, isPage := strings.CutPrefix(r.URL.Path, "/page/")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return ""
	case r.URL.Path == "/":
		return "index.html"
	case isPage && path.Base(name) == name:
		return name
	}
	return ""
}

// servePage sends a file of the page; it needs no token, because the page asks for the token.
func servePage(w http.ResponseWriter, name string) {
	content, err := pages.ReadFile("page/" + name)
	if err != nil {
		http.Error(w, "there is no such file of the page", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", pageTypes[path.Ext(name)])
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(content)
}
