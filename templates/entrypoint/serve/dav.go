// WebDAV class 1, read-only. Source: RFC 4918.

package serve

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// noTimeHTTP is the time of every file in the format of HTTP.
const noTimeHTTP = "Thu, 01 Jan 1970 00:00:00 GMT"

const (
	davSpace = "DAV:"
	// The most properties that a request may name.
	mostProperties = 100
)

// dav answers a request for a path below /dav, where "/" is the folder of the dataset.
func (s *server) dav(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("DAV", "1")
	w.Header().Set("Allow", "OPTIONS, GET, HEAD, PROPFIND")
	key := s.tree.Mount + strings.TrimSuffix(path, "/")
	switch r.Method {
	case http.MethodOptions:
	case http.MethodGet, http.MethodHead:
		if path == "" {
			http.Redirect(w, r, "/dav/", http.StatusMovedPermanently)
			return
		}
		s.davGet(w, r, path)
	case "PROPFIND":
		s.propfind(w, r, key)
	default:
		s.fail(w, r, http.StatusMethodNotAllowed, fmt.Errorf("the method %q is not supported: this server is read-only", r.Method))
	}
}

func (s *server) davGet(w http.ResponseWriter, r *http.Request, path string) {
	key := s.tree.Mount + path
	if row, found := s.tree.file([]byte(key)); found {
		s.serveFile(w, r, row, key)
	} else if _, _, exists := s.tree.isFolder([]byte(strings.TrimSuffix(key, "/"))); !exists {
		s.fail(w, r, http.StatusNotFound, fmt.Errorf("there is no %q", path))
	} else if !strings.HasSuffix(key, "/") {
		http.Redirect(w, r, "/dav"+escaped(path, true)+"/", http.StatusMovedPermanently)
	} else {
		s.serveFolder(w, r, key)
	}
}

// propertyNames are the properties that a request names; all is true if it asks for all.
type propertyNames struct {
	names     []xml.Name
	all, only bool // only: the names of the properties, without their values
}

// parsePropfind returns the names in the body of a PROPFIND request. An empty body asks for all properties.
func parsePropfind(body io.Reader) (propertyNames, error) {
	var document struct {
		XMLName xml.Name  `xml:"DAV: propfind"`
		All     *struct{} `xml:"DAV: allprop"`
		Only    *struct{} `xml:"DAV: propname"`
		Prop    *struct {
			Any []struct {
				XMLName xml.Name
			} `xml:",any"`
		} `xml:"DAV: prop"`
	}
	err := xml.NewDecoder(body).Decode(&document)
	if errors.Is(err, io.EOF) {
		return propertyNames{all: true}, nil
	}
	if err != nil {
		return propertyNames{}, fmt.Errorf("reading the body of PROPFIND: %w", err)
	}
	asked := propertyNames{all: document.All != nil, only: document.Only != nil}
	if document.Prop != nil {
		for _, one := range document.Prop.Any {
			asked.names = append(asked.names, one.XMLName)
		}
	} else if !asked.all && !asked.only {
		return asked, errors.New("the body of PROPFIND has none of allprop, propname and prop")
	}
	if len(asked.names) > mostProperties {
		return asked, fmt.Errorf("PROPFIND names %d properties, expected at most %d", len(asked.names), mostProperties)
	}
	return asked, nil
}

// propfind sends the properties of a file or folder and, with Depth 1, of the entries of the folder.
func (s *server) propfind(w http.ResponseWriter, r *http.Request, key string) {
	asked, err := parsePropfind(r.Body)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err)
		return
	}
	row, isFile := s.tree.file([]byte(key))
	from, to, exists := s.tree.isFolder([]byte(key))
	if !isFile && !exists {
		s.fail(w, r, http.StatusNotFound, fmt.Errorf("there is no %q", strings.TrimPrefix(key, s.tree.Mount)))
		return
	}
	depth := r.Header.Get("Depth")
	// RFC 4918 allows to refuse an infinite depth; clients that send no depth mean the entries of a folder.
	if depth == "infinity" && !isFile {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, xmlHead+`<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>`)
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(http.StatusMultiStatus)
	out := bufio.NewWriterSize(w, 1<<16)
	defer out.Flush()
	io.WriteString(out, xmlHead+`<D:multistatus xmlns:D="DAV:">`)
	defer io.WriteString(out, "</D:multistatus>\n")
	path := strings.TrimPrefix(key, s.tree.Mount)
	name := path[strings.LastIndexByte(path, '/')+1:]
	if isFile {
		s.writeProperties(out, asked, "/dav"+escaped(path, true), entry{name: []byte(name), from: row, to: row + 1})
		return
	}
	base := "/dav" + escaped(path, true) + "/"
	s.writeProperties(out, asked, base, entry{name: []byte(name), folder: true, from: from, to: to})
	if depth == "0" {
		return
	}
	s.tree.children([]byte(key+"/"), nil, func(one entry) bool {
		end := ""
		if one.folder {
			end = "/"
		}
		s.writeProperties(out, asked, base+escaped(string(one.name), false)+end, one)
		return r.Context().Err() == nil
	})
}

// writeProperties writes the response element of a file or folder.
func (s *server) writeProperties(out *bufio.Writer, asked propertyNames, href string, one entry) {
	known := s.properties(one)
	found, missing := "", ""
	if asked.all || asked.only {
		for _, property := range known {
			found += property.element(asked.only)
		}
	}
	for _, name := range asked.names {
		if property := find(known, name); property != nil {
			found += property.element(false)
		} else {
			missing += fmt.Sprintf(`<x:%s xmlns:x="%s"/>`, xmlText(name.Local), xmlText(name.Space))
		}
	}
	fmt.Fprintf(out, "<D:response><D:href>%s</D:href>", href)
	if found != "" || missing == "" {
		fmt.Fprintf(out, "<D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>", found)
	}
	if missing != "" {
		fmt.Fprintf(out, "<D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>", missing)
	}
	out.WriteString("</D:response>")
}

// A property has a name of the namespace DAV: and its value as XML.
type property struct{ name, value string }

func (p *property) element(only bool) string {
	if only || p.value == "" {
		return "<D:" + p.name + "/>"
	}
	return "<D:" + p.name + ">" + p.value + "</D:" + p.name + ">"
}

func find(known []property, name xml.Name) *property {
	for i := range known {
		if name.Space == davSpace && known[i].name == name.Local {
			return &known[i]
		}
	}
	return nil
}

// properties returns the properties of a file or folder.
func (s *server) properties(one entry) []property {
	known := []property{{"displayname", xmlText(string(one.name))}, {"getlastmodified", noTimeHTTP}, {"creationdate", "1970-01-01T00:00:00Z"}}
	if one.folder {
		return append(known, property{"resourcetype", "<D:collection/>"})
	}
	header := http.Header{}
	setType(header, string(one.name))
	known = append(known, property{"resourcetype", ""}, property{"getcontenttype", xmlText(header.Get("Content-Type"))},
		property{"getcontentlength", fmt.Sprint(s.sizeOf(one.from))})
	if row, found := s.tree.resolve(one.from); found {
		known = append(known, property{"getetag", fmt.Sprintf("&#34;%x&#34;", s.tree.sha256.Bytes(row))})
	}
	return known
}
