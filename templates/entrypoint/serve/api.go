// The API: the flags of the entrypoint as parameters, and the entries of a folder.

package serve

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entrypoint/index"
)

//go:embed openapi.json
var openAPI []byte

// Exit statuses of the entrypoint, the same as in package cli.
const (
	statusNoMatch = 1
	wrongUsage    = 2
)

// selection are the parameters that select and sort files, which are flags of the same names. The value of a switch is true.
var selection = []string{"get", "where", "metric", "search", "limit"}

var switches = map[string]bool{"desc": true, "ignore-case": true}

// An endpoint answers with the output of the entrypoint.
type endpoint struct {
	// flags are those that are always given; a flag with a value takes it from the parameter `value`.
	flags []string
	value string
	// takes are the parameters besides format.
	takes []string
}

var endpoints = map[string]endpoint{
	"files":  {takes: append([]string{"fields", "desc", "ignore-case", "cursor"}, selection...)},
	"count":  {flags: []string{"-count"}, takes: append([]string{"by", "ignore-case"}, selection...)},
	"values": {flags: []string{"-values"}, value: "field", takes: append([]string{"ignore-case"}, selection...)},
	"schema": {flags: []string{"-schema"}},
	"info":   {flags: []string{"-info"}},
	"verify": {flags: []string{"-verify"}, takes: append([]string{"ignore-case"}, selection...)},
}

var mediaTypes = map[string]string{
	"": "application/json", "json": "application/json", "jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8",
	"tsv": "text/tab-separated-values; charset=utf-8", "parquet": "application/vnd.apache.parquet", "text": plainText,
}

// api answers a request for /api/NAME.
func (s *server) api(w http.ResponseWriter, r *http.Request, name string) {
	parameters, err := parametersOf(r)
	if err != nil {
		s.failAPI(w, r, http.StatusBadRequest, err)
		return
	}
	switch one, known := endpoints[name]; {
	case name == "openapi.json":
		w.Header().Set("Content-Type", "application/json")
		w.Write(openAPI)
	case name == "folder":
		s.apiFolder(w, r, parameters)
	case name == "archive":
		s.archive(w, r, parameters)
	case !known:
		s.failAPI(w, r, http.StatusNotFound, fmt.Errorf("there is no /api/%s: see /api/openapi.json", name))
	case name == "verify" && r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.failAPI(w, r, http.StatusMethodNotAllowed, errors.New("/api/verify reads all selected files: use POST"))
	case name == "verify" && !s.verifying.TryLock():
		s.failAPI(w, r, http.StatusServiceUnavailable, errors.New("another request verifies the files: try again later"))
	case name == "verify":
		defer s.verifying.Unlock()
		s.answer(w, r, name, one, parameters)
	default:
		s.answer(w, r, name, one, parameters)
	}
}

// parametersOf returns the parameters of the address and, of a POST request, of the form in its body.
func parametersOf(r *http.Request) (url.Values, error) {
	parameters, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the parameters of the address are not encoded correctly")
	}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("reading the body of the request: %v", err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errors.New("the body is not a form (application/x-www-form-urlencoded)")
		}
		for name, values := range form {
			parameters[name] = append(parameters[name], values...)
		}
	}
	for name, values := range parameters {
		if len(values) > 1 {
			return nil, fmt.Errorf("the parameter %q is given more than once", name)
		}
	}
	return parameters, nil
}

// flagsOf returns the flags of the entrypoint for parameters, each in the form -name=value.
func flagsOf(one endpoint, parameters url.Values) ([]string, error) {
	flags := one.flags[:len(one.flags):len(one.flags)]
	if one.value != "" {
		if !parameters.Has(one.value) {
			return nil, fmt.Errorf("the parameter %q is missing", one.value)
		}
		flags = []string{one.flags[0] + "=" + parameters.Get(one.value)}
	}
	for name := range parameters {
		value := parameters.Get(name)
		switch {
		case name == one.value || name == "format" || name == "cursor" && slices.Contains(one.takes, name):
		case !slices.Contains(one.takes, name):
			return nil, fmt.Errorf("unknown parameter %q: the parameters are %s, format", name, strings.Join(one.takes, ", "))
		case switches[name] && value != "true" && value != "false":
			return nil, fmt.Errorf("the parameter %q is %q, expected true or false", name, value)
		default:
			flags = append(flags, "-"+name+"="+value)
		}
	}
	return flags, nil
}

// answer runs the entrypoint with the parameters as flags, and sends its output.
func (s *server) answer(w http.ResponseWriter, r *http.Request, name string, one endpoint, parameters url.Values) {
	flags, err := flagsOf(one, parameters)
	offset, limit := 0, 0
	if err == nil {
		offset, limit, err = page(parameters)
	}
	if err != nil {
		s.failAPI(w, r, http.StatusBadRequest, err)
		return
	}
	format := parameters.Get("format")
	media, known := mediaTypes[format]
	if !known {
		s.failAPI(w, r, http.StatusBadRequest, fmt.Errorf("the format %q is not one of json, jsonl, csv, tsv, parquet, text", format))
		return
	}
	if name == "verify" {
		media = plainText
	} else if name != "info" {
		if format == "" {
			format = "json"
		}
		flags = append(flags, "-format="+format)
	}
	if offset > 0 {
		flags = append(flags, "-offset="+strconv.Itoa(offset))
	}
	w.Header().Set("Content-Type", media)
	if limit > 0 && name == "files" {
		s.setNext(w, r, parameters, offset+limit)
	}
	status, err := s.Query(r.Context(), w, flags)
	sent := w.(*response).sent
	switch {
	case err != nil && status == wrongUsage:
		s.failAPI(w, r, http.StatusBadRequest, err)
	case err != nil:
		s.failAPI(w, r, http.StatusInternalServerError, err)
	case !sent && media == "application/json" && status == statusNoMatch:
		io.WriteString(w, "[]\n")
	}
}

// page returns the number of files before the page that a cursor names, and the number of files of a page, 0 for all.
func page(parameters url.Values) (offset, limit int, err error) {
	if text := parameters.Get("limit"); text != "" {
		limit, err = strconv.Atoi(text)
	}
	if text := parameters.Get("cursor"); text != "" && err == nil {
		if offset, err = strconv.Atoi(text); offset < 0 {
			err = strconv.ErrRange
		}
	}
	if err != nil {
		return 0, 0, errors.New("limit and cursor are numbers; a cursor comes from the header X-Next-Cursor of the page before")
	}
	return offset, limit, nil
}

// setNext sets the headers that name the next page, if there is a file after `next` files.
func (s *server) setNext(w http.ResponseWriter, r *http.Request, parameters url.Values, next int) {
	// The order does not change whether there is one more file.
	names := []string{"get", "where", "ignore-case"}
	if parameters.Has("search") {
		names = append(names, "metric", "search")
	}
	flags := []string{"-ls", "-limit=1", "-offset=" + strconv.Itoa(next)}
	for _, name := range names {
		if parameters.Has(name) {
			flags = append(flags, "-"+name+"="+parameters.Get(name))
		}
	}
	var found bytes.Buffer
	if _, err := s.Query(r.Context(), &found, flags); err != nil || found.Len() == 0 {
		return
	}
	query := r.URL.Query()
	query.Set("cursor", strconv.Itoa(next))
	w.Header().Set("X-Next-Cursor", strconv.Itoa(next))
	w.Header().Set("Link", "<"+r.URL.Path+"?"+query.Encode()+`>; rel="next"`)
}

// failAPI sends an error as JSON.
func (s *server) failAPI(w http.ResponseWriter, r *http.Request, status int, err error) {
	if w.(*response).sent {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Del("X-Next-Cursor")
	w.Header().Del("Link")
	w.WriteHeader(status)
	w.Write(append(index.AppendString([]byte(`{"error": `), []byte(err.Error())), "}\n"...))
}

// mostEntries is the largest number of entries in an answer to /api/folder.
const mostEntries = 1000

// apiFolder sends the entries of a folder: for a folder its number of files, for a file its size. `next` is the parameter
// `start` of the next request, "" after the last entry.
func (s *server) apiFolder(w http.ResponseWriter, r *http.Request, parameters url.Values) {
	for name := range parameters {
		if !slices.Contains([]string{"path", "start", "limit"}, name) {
			s.failAPI(w, r, http.StatusBadRequest, fmt.Errorf("unknown parameter %q: the parameters are path, start, limit", name))
			return
		}
	}
	_, limit, err := page(url.Values{"limit": {parameters.Get("limit")}})
	if err != nil || limit < 0 {
		s.failAPI(w, r, http.StatusBadRequest, errors.New("the parameter \"limit\" is a number of 1 or more"))
		return
	}
	if limit == 0 || limit > mostEntries {
		limit = mostEntries
	}
	folder := strings.TrimSuffix(parameters.Get("path"), "/")
	if folder == "" {
		folder = s.tree.Mount
	}
	if _, _, exists := s.tree.isFolder([]byte(folder)); !exists || !strings.HasPrefix(folder+"/", s.tree.Mount+"/") {
		s.failAPI(w, r, http.StatusNotFound, fmt.Errorf("there is no folder %q", folder))
		return
	}
	out := append(index.AppendString([]byte(`{"path": `), []byte(folder)), `, "entries": [`...)
	count, next := 0, ""
	s.tree.children([]byte(folder+"/"), []byte(parameters.Get("start")), func(one entry) bool {
		if count == limit {
			next = string(one.name)
			if one.folder {
				next += "/"
			}
			return false
		}
		if count++; count > 1 {
			out = append(out, ", "...)
		}
		out = append(index.AppendString(append(out, `{"name": `...), one.name), `, "path": `...)
		out = index.AppendString(out, append([]byte(folder+"/"), one.name...))
		if one.folder {
			out = fmt.Appendf(out, `, "folder": true, "files": %d}`, one.to-one.from)
		} else {
			out = fmt.Appendf(out, `, "folder": false, "size": %d}`, s.sizeOf(one.from))
		}
		return true
	})
	out = append(index.AppendString(append(out, `], "next": `...), []byte(next)), "}\n"...)
	w.Header().Set("Content-Type", "application/json")
	w.Write(out)
}
