// Tests of the server: the files, the folders, S3 and WebDAV of an index with unusual names.

package serve

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

const mount = "/data"

// contents are the files of the dataset, by path.
var contents = map[string]string{
	"a.txt": "hello", "b/c.csv": "x,y\n1,2\n", "b/d/e": "", "b/d/f": "deep", "b0": "after b/", "b/<script>.html": "<script>alert(1)</script>",
	"q\"u&o'te": "quotes", "new\nline": "newline", "\xff\xfe": "not UTF-8", "é/ü 1": "unicode", "%41": "percent", "z/1/2/3/4": "nested", "large": strings.Repeat("0123456789", 1000),
}

var links = map[string]string{"link": "a.txt", "b/up": "../a.txt", "dangling": "nowhere"}

// dataset creates the files and returns a server of them, with its options changed by `change`.
func dataset(t testing.TB, change func(*Options)) http.Handler {
	t.Helper()
	root := t.TempDir()
	fields := []indextest.Field{
		{Name: "size", Kind: indextest.Integer}, {Name: "sha256", Kind: indextest.Digest, Bytes: 32}, {Name: "link", Kind: indextest.Text},
	}
	var rows []indextest.Row
	for path, content := range contents {
		digest := sha256.Sum256([]byte(content))
		rows = append(rows, indextest.Row{Path: path, Values: map[string]any{"size": len(content), "sha256": digest[:]}})
		write(t, filepath.Join(root, mount, path), content)
	}
	for path, target := range links {
		rows = append(rows, indextest.Row{Path: path, Values: map[string]any{"size": len(target), "link": target}})
		if err := os.Symlink(target, filepath.Join(root, mount, path)); err != nil {
			t.Fatal(err)
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Path < rows[j].Path })
	ix, err := index.Open(indextest.Build(mount, fields, rows))
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Name: "fruit", Index: ix, Root: root, Query: func(_ context.Context, w io.Writer, flags []string) (int, error) {
		if slices.Contains(flags, "-null") {
			for _, key := range ix.Keys(0, ix.Rows) {
				fmt.Fprintf(w, "%s\x00", key)
			}
			return 0, nil
		}
		slices.Sort(flags)
		_, err := fmt.Fprintf(w, "%q", flags)
		return 0, err
	}}
	if change != nil {
		change(&options)
	}
	handler, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// send returns the answer to a request. headers: pairs of name and value.
func send(handler http.Handler, method, target, body string, headers ...string) *http.Response {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

func text(t testing.TB, answer *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestServeEachFileIsSentExactlyUnderEachProtocol(t *testing.T) {
	handler := dataset(t, nil)
	for path, content := range contents {
		for _, prefix := range []string{mount + "/", "/dav/", "/s3/fruit/"} {
			answer := send(handler, http.MethodGet, prefix+escaped(path, true), "")
			digest := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(content)))
			if got := text(t, answer); answer.StatusCode != 200 || got != content || answer.Header.Get("ETag") != digest {
				t.Errorf("%s%q: status %d, content %q, ETag %s", prefix, path, answer.StatusCode, got, answer.Header.Get("ETag"))
			}
			if kind := answer.Header.Get("Content-Type"); strings.Contains(kind, "html") || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%q has the type %s, which a browser runs", path, kind)
			}
		}
	}
	for path, status := range map[string]int{"link": 200, "b/up": 200, "dangling": 404, "b": 301, "nothing": 404, "a.txt/x": 404} {
		if answer := send(handler, http.MethodGet, mount+"/"+path, ""); answer.StatusCode != status {
			t.Errorf("%s: status %d, expected %d", path, answer.StatusCode, status)
		}
	}
}

func TestServeConditionsAndRangesFollowRFC9110(t *testing.T) {
	handler := dataset(t, nil)
	tag := send(handler, http.MethodHead, "/data/a.txt", "").Header.Get("ETag")
	for _, one := range []struct {
		header, value, more string
		status              int
		content             string
	}{
		{"Range", "bytes=1-2", "", 206, "el"}, {"Range", "bytes=-2", "", 206, "lo"}, {"Range", "bytes=3-", "", 206, "lo"},
		{"Range", "bytes=9-", "", 416, ""}, {"If-None-Match", tag, "", 304, ""}, {"If-None-Match", `"x"`, "", 200, "hello"},
		{"If-Range", tag, "bytes=0-0", 206, "h"}, {"If-Range", `"x"`, "bytes=0-0", 200, "hello"}, {"If-Match", `"x"`, "", 412, ""},
	} {
		headers := []string{one.header, one.value}
		if one.more != "" {
			headers = append(headers, "Range", one.more)
		}
		answer := send(handler, http.MethodGet, "/data/a.txt", "", headers...)
		if got := text(t, answer); answer.StatusCode != one.status || one.status < 300 && got != one.content {
			t.Errorf("%s: %s: status %d, content %q", one.header, one.value, answer.StatusCode, got)
		}
		// It is of the content that is sent; without Range, that is the file.
		ranged := one.header == "Range" || one.more != ""
		if digest := answer.Header.Get("Content-Digest"); one.status < 300 && (digest == "") != ranged {
			t.Errorf("%s: %s: Content-Digest %q", one.header, one.value, digest)
		}
	}
	several := send(handler, http.MethodGet, "/data/large", "", "Range", "bytes=0-0,12-13")
	if content := text(t, several); several.StatusCode != 206 || !strings.Contains(content, "\r\n\r\n0\r\n") || !strings.Contains(content, "\r\n\r\n23\r\n") {
		t.Errorf("two ranges: status %d, content %q", several.StatusCode, content)
	}
}

func TestServeRequestsThatAreNotAllowedAreRefused(t *testing.T) {
	handler := dataset(t, nil)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPost, "MKCOL", http.MethodPatch} {
		for _, path := range []string{"/data/a.txt", "/s3/fruit/a.txt", "/dav/a.txt", "/"} {
			if status := send(handler, method, path, "").StatusCode; status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: status %d", method, path, status)
			}
		}
	}
	for _, path := range []string{
		"/data/../etc/passwd", "/data/b/../../etc/passwd", "/etc/passwd", "/data/%2e%2e/etc/passwd", "/data/a%00.txt",
		"/api/folder?path=/data/nothing", "/api/folder?path=/data/a.txt", "/api/folder?path=/etc",
	} {
		if status := send(handler, http.MethodGet, path, "").StatusCode; status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

func TestServeMetadataFilesAreSent(t *testing.T) {
	handler := dataset(t, func(o *Options) {
		write(t, filepath.Join(o.Root, ".datacontainer/dataset.json"), "{}")
		write(t, filepath.Join(o.Root, "secret"), "secret")
	})
	for range 2 {
		answer := send(handler, http.MethodGet, "/.datacontainer/dataset.json", "", "Range", "bytes=1-1")
		if content := text(t, answer); content != "}" || answer.Header.Get("ETag") != fmt.Sprintf(`"%x"`, sha256.Sum256([]byte("{}"))) {
			t.Errorf("status %d, content %q", answer.StatusCode, content)
		}
	}
	for _, path := range []string{"", ".", "..", "../secret", "%2e%2e/secret", "none", "x/y"} {
		if status := send(handler, http.MethodGet, "/.datacontainer/"+path, "").StatusCode; status != http.StatusNotFound {
			t.Errorf("%q: status %d", path, status)
		}
	}
}

func TestServeATokenIsNeededForEverythingButThePage(t *testing.T) {
	handler := dataset(t, func(o *Options) { o.Token = "secret" })
	for _, path := range []string{"/data/a.txt", "/api/files", "/dav/", "/s3/fruit"} {
		for given, status := range map[string]int{"": 401, "Bearer wrong": 401, "Bearer secret": 200, "Basic secret": 401} {
			if got := send(handler, http.MethodGet, path, "", "Authorization", given).StatusCode; got != status {
				t.Errorf("%s with %q: status %d, expected %d", path, given, got, status)
			}
		}
		if got := send(handler, http.MethodGet, path, "", "Cookie", "token=secret").StatusCode; got != 200 {
			t.Errorf("%s with the cookie: status %d", path, got)
		}
	}
	if answer := send(handler, http.MethodGet, "/", ""); answer.StatusCode != 200 || !strings.Contains(text(t, answer), "<title>") {
		t.Errorf("the page: status %d", answer.StatusCode)
	}
}

func TestServeALinkOutOfTheDatasetIsNotFollowed(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, "secret")
	var root string
	handler := dataset(t, func(o *Options) { root = o.Root })
	os.Remove(filepath.Join(root, mount, "a.txt"))
	if err := os.Symlink(secret, filepath.Join(root, mount, "a.txt")); err != nil {
		t.Fatal(err)
	}
	if answer := send(handler, http.MethodGet, "/data/a.txt", ""); answer.StatusCode == 200 || strings.Contains(text(t, answer), "secret") {
		t.Errorf("status %d", answer.StatusCode)
	}
	write(t, filepath.Join(root, mount, "b0"), "longer than in the index")
	if answer := send(handler, http.MethodGet, "/data/b0", ""); answer.StatusCode != http.StatusInternalServerError {
		t.Errorf("a file of another size: status %d", answer.StatusCode)
	}
}

// s3Result is an answer to a listing of S3.
type s3Result struct {
	Contents []struct {
		Key  string
		Size int
	}
	CommonPrefixes        []struct{ Prefix string }
	IsTruncated           bool
	NextContinuationToken string
	KeyCount              int
}

func TestS3ListingsInPagesOfAnySizeEqualTheSortedKeys(t *testing.T) {
	handler := dataset(t, nil)
	for _, prefix := range []string{"", "b", "b/", "b/d", "z/", "none"} {
		for _, delimiter := range []string{"", "/"} {
			expected := s3Oracle(prefix, delimiter)
			for most := 1; most <= 4; most++ {
				var found []string
				for token := ""; ; {
					query := url.Values{"list-type": {"2"}, "prefix": {prefix}, "delimiter": {delimiter}, "max-keys": {fmt.Sprint(most)}, "encoding-type": {"url"}}
					if token != "" {
						query.Set("continuation-token", token)
					}
					var result s3Result
					if err := xml.Unmarshal([]byte(text(t, send(handler, http.MethodGet, "/s3/fruit?"+query.Encode(), ""))), &result); err != nil {
						t.Fatal(err)
					}
					for _, one := range result.Contents {
						found = append(found, one.Key)
					}
					for _, one := range result.CommonPrefixes {
						found = append(found, one.Prefix)
					}
					if token = result.NextContinuationToken; !result.IsTruncated {
						break
					}
				}
				slices.Sort(found)
				if !slices.Equal(found, expected) {
					t.Errorf("prefix %q, delimiter %q, %d keys a page: %q, expected %q", prefix, delimiter, most, found, expected)
				}
			}
		}
	}
}

// s3Oracle returns the encoded keys and common prefixes that a listing must contain, sorted.
func s3Oracle(prefix, delimiter string) []string {
	set := map[string]bool{}
	for _, paths := range []map[string]string{contents, links} {
		for path := range paths {
			rest, has := strings.CutPrefix(path, prefix)
			if !has {
				continue
			}
			if at := strings.Index(rest, "/"); delimiter != "" && at >= 0 {
				path = prefix + rest[:at+1]
			}
			set[escaped(path, true)] = true
		}
	}
	keys := []string{}
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func TestPropfindOfEachFolderNamesEachEntryOnce(t *testing.T) {
	handler := dataset(t, nil)
	var visit func(href string) int
	visit = func(href string) int {
		answer := send(handler, "PROPFIND", href, "", "Depth", "1")
		var result struct {
			Response []struct {
				Href       string    `xml:"href"`
				Collection *struct{} `xml:"propstat>prop>resourcetype>collection"`
			} `xml:"response"`
		}
		if err := xml.Unmarshal([]byte(text(t, answer)), &result); err != nil || answer.StatusCode != http.StatusMultiStatus {
			t.Fatalf("%s: status %d, %v", href, answer.StatusCode, err)
		}
		files := 0
		for _, one := range result.Response[1:] {
			if one.Collection != nil {
				files += visit(one.Href)
			} else {
				files++
			}
		}
		return files
	}
	if found := visit("/dav/"); found != len(contents)+len(links) {
		t.Errorf("%d files, expected %d", found, len(contents)+len(links))
	}
	unknown := text(t, send(handler, "PROPFIND", "/dav/a.txt", `<propfind xmlns="DAV:"><prop><getetag/><quota/></prop></propfind>`, "Depth", "0"))
	if !strings.Contains(unknown, "getetag>&#34;2cf24dba") || !strings.Contains(unknown, "<x:quota") || !strings.Contains(unknown, "404 Not Found") {
		t.Errorf("answer %s", unknown)
	}
	names := text(t, send(handler, "PROPFIND", "/dav/a.txt", `<propfind xmlns="DAV:"><propname/></propfind>`, "Depth", "0"))
	if !strings.Contains(names, "<D:getetag/>") || strings.Contains(names, "2cf24dba") {
		t.Errorf("the names of properties are %s", names)
	}
	if status := send(handler, "PROPFIND", "/dav/", "", "Depth", "infinity").StatusCode; status != http.StatusForbidden {
		t.Errorf("infinite depth: status %d", status)
	}
}

func TestArchivesContainTheFilesAndLinks(t *testing.T) {
	handler := dataset(t, nil)
	expected := map[string]string{}
	for path, content := range contents {
		expected[path] = content
	}
	for path, target := range links {
		expected[path] = "-> " + target
	}
	found := map[string]string{}
	reader := tar.NewReader(strings.NewReader(text(t, send(handler, http.MethodGet, "/api/archive?format=tar", ""))))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(reader)
		found[header.Name] = string(content)
		if header.Typeflag == tar.TypeSymlink {
			found[header.Name] = "-> " + header.Linkname
		}
	}
	if !reflect.DeepEqual(found, expected) {
		t.Errorf("tar: %q", found)
	}
	whole := text(t, send(handler, http.MethodPost, "/api/archive", "format=zip"))
	zipped, err := zip.NewReader(strings.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	found = map[string]string{}
	for _, file := range zipped.File {
		opened, _ := file.Open()
		content, err := io.ReadAll(opened)
		if err != nil {
			t.Errorf("%q: %v", file.Name, err)
		}
		found[file.Name] = string(content)
		if file.Mode()&fs.ModeSymlink != 0 {
			found[file.Name] = "-> " + string(content)
		}
	}
	if !reflect.DeepEqual(found, expected) {
		t.Errorf("zip: %q", found)
	}
}

func TestAPIParametersBecomeFlags(t *testing.T) {
	handler := dataset(t, nil)
	for target, expected := range map[string]string{
		"/api/files?where=size>1&desc=true&format=csv": `["-desc=true" "-format=csv" "-where=size>1"]`,
		"/api/values?field=a":                          `["-format=json" "-values=a"]`,
		"/api/count?by=a,b":                            `["-by=a,b" "-count" "-format=json"]`,
		"/api/info":                                    `["-info"]`,
		"/api/files?cursor=7":                          `["-format=json" "-offset=7"]`,
		"/api/folder?path=/data/b&limit=2":             `{"path": "/data/b", "entries": [{"name": "<script>.html", "path": "/data/b/<script>.html", "folder": false, "size": 25}, {"name": "c.csv", "path": "/data/b/c.csv", "folder": false, "size": 8}], "next": "d/"}` + "\n",
		"/api/folder?path=/data/b&start=d/":            `{"path": "/data/b", "entries": [{"name": "d", "path": "/data/b/d", "folder": true, "files": 2}, {"name": "up", "path": "/data/b/up", "folder": false, "size": 5}], "next": ""}` + "\n",
	} {
		if answer := send(handler, http.MethodGet, target, ""); text(t, answer) != expected {
			t.Errorf("%s: status %d", target, answer.StatusCode)
		}
	}
	for _, target := range []string{
		"/api/files?cat=/etc/passwd", "/api/files?export=x", "/api/files?desc=maybe", "/api/files?limit=x", "/api/values", "/api/files?format=xml",
		"/api/files?get=a&get=b", "/api/files?%zz", "/api/folder?limit=-1", "/api/archive?format=rar",
	} {
		if answer := send(handler, http.MethodGet, target, ""); answer.StatusCode != http.StatusBadRequest || !strings.HasPrefix(text(t, answer), `{"error": "`) {
			t.Errorf("%s: status %d", target, answer.StatusCode)
		}
	}
}

func TestAPIVerifyIsOneAtATimeAndEndsWithItsRequest(t *testing.T) {
	started := make(chan bool)
	handler := dataset(t, func(o *Options) {
		o.Query = func(ctx context.Context, _ io.Writer, flags []string) (int, error) {
			started <- true
			<-ctx.Done()
			return statusNoMatch, ctx.Err()
		}
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan bool)
	go func() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/api/verify", nil).WithContext(ctx))
		close(ended)
	}()
	<-started
	if answer := send(handler, http.MethodPost, "/api/verify", ""); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a second request: status %d", answer.StatusCode)
	}
	stop()
	<-ended
	if status := send(handler, http.MethodGet, "/api/verify", "").StatusCode; status != http.StatusMethodNotAllowed {
		t.Errorf("GET: status %d", status)
	}
}

func FuzzParsePropfind(f *testing.F) {
	f.Add([]byte(`<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`))
	f.Add([]byte(`<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if asked, err := parsePropfind(bytes.NewReader(body)); err == nil && len(asked.names) > mostProperties {
			t.Errorf("%d properties", len(asked.names))
		}
	})
}

func FuzzRequest(f *testing.F) {
	handler := dataset(f, nil)
	f.Add("GET", "/data/a.txt", "bytes=0-1")
	f.Add("GET", "/s3/fruit?list-type=2&prefix=b/&delimiter=/&continuation-token=YQ", "")
	f.Add("PROPFIND", "/dav/%ff", "")
	f.Fuzz(func(t *testing.T, method, target, ranges string) {
		parsed, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") {
			return
		}
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Method, request.URL = method, parsed
		request.Header.Set("Range", ranges)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if status := recorder.Code; status < 200 || status >= 600 || status == http.StatusInternalServerError {
			t.Errorf("%q %q %q: status %d %s", method, target, ranges, status, recorder.Body)
		}
	})
}
