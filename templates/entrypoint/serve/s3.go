// S3, read-only and path style: the dataset is one bucket, and keys are paths in the dataset.
//
// Source: Amazon S3 API Reference, ListBuckets, ListObjectsV2, ListObjects, GetObject, HeadObject, GetBucketLocation.

package serve

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	mostKeys = 1000
	xmlHead  = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	s3Space  = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	// An image does not contain times.
	noTimeISO = "1970-01-01T00:00:00.000Z"
)

// s3 answers a request for "", BUCKET or BUCKET/KEY. Signatures are ignored: everybody with access to the server may read.
func (s *server) s3(w http.ResponseWriter, r *http.Request, path string) {
	bucket, key, inside := strings.Cut(path, "/")
	query := r.URL.Query()
	switch {
	case bucket == "":
		s3XML(w, "ListAllMyBucketsResult", "<Owner><ID>datacontainer</ID></Owner><Buckets><Bucket><Name>"+xmlText(s.Name)+
			"</Name><CreationDate>"+noTimeISO+"</CreationDate></Bucket></Buckets>")
	case bucket != s.Name:
		s3Error(w, http.StatusNotFound, "NoSuchBucket", fmt.Sprintf("there is no bucket %q, only %q", bucket, s.Name))
	case inside && key != "":
		s.s3Object(w, r, key)
	case query.Has("location"):
		s3XML(w, "LocationConstraint", "")
	case query.Has("versioning"):
		s3XML(w, "VersioningConfiguration", "")
	case r.Method == http.MethodHead:
	default:
		s.s3List(w, query)
	}
}

func (s *server) s3Object(w http.ResponseWriter, r *http.Request, key string) {
	full := s.tree.Mount + "/" + key
	row, found := s.tree.file([]byte(full))
	if !found {
		s3Error(w, http.StatusNotFound, "NoSuchKey", fmt.Sprintf("there is no key %q", key))
		return
	}
	w.Header().Set("Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT")
	w.Header().Set("Accept-Ranges", "bytes")
	s.serveFile(w, r, row, full)
}

// A listing is a request for the objects of the bucket.
type listing struct {
	prefix, delimiter, after string
	most                     int
	encoded                  bool
}

// parseListing returns the listing of ListObjectsV2, or of ListObjects if list-type is not 2.
func parseListing(query url.Values) (listing, error) {
	one := listing{prefix: query.Get("prefix"), delimiter: query.Get("delimiter"), most: mostKeys, encoded: query.Get("encoding-type") == "url"}
	one.after = query.Get("marker")
	if query.Get("list-type") == "2" {
		one.after = query.Get("start-after")
		if token := query.Get("continuation-token"); token != "" {
			after, err := base64.RawURLEncoding.DecodeString(token)
			if err != nil {
				return one, errors.New("the continuation token is not one of this server")
			}
			one.after = string(after)
		}
	}
	if text := query.Get("max-keys"); text != "" {
		most, err := strconv.Atoi(text)
		if err != nil || most < 0 {
			return one, fmt.Errorf("max-keys is %q, expected a number of 0 or more", text)
		}
		one.most = min(most, mostKeys)
	}
	if one.delimiter != "" && one.delimiter != "/" {
		return one, fmt.Errorf("the delimiter is %q, and this server supports only \"/\"", one.delimiter)
	}
	return one, nil
}

func (s *server) s3List(w http.ResponseWriter, query url.Values) {
	one, err := parseListing(query)
	if err != nil {
		s3Error(w, http.StatusBadRequest, "InvalidArgument", err.Error())
		return
	}
	var contents, prefixes bytes.Buffer
	count, last, more := 0, "", false
	s.objects(one, func(key []byte, row int, isPrefix bool) bool {
		if more = count == one.most; more {
			return false
		}
		count, last = count+1, string(key)
		if isPrefix {
			fmt.Fprintf(&prefixes, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", one.text(last))
			return true
		}
		etag := ""
		if row, found := s.tree.resolve(row); found {
			etag = fmt.Sprintf("<ETag>&#34;%x&#34;</ETag>", s.tree.sha256.Bytes(row))
		}
		fmt.Fprintf(&contents, "<Contents><Key>%s</Key><LastModified>%s</LastModified>%s<Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>",
			one.text(last), noTimeISO, etag, s.sizeOf(row))
		return true
	})
	head := fmt.Sprintf("<Name>%s</Name><Prefix>%s</Prefix><MaxKeys>%d</MaxKeys><IsTruncated>%t</IsTruncated>",
		xmlText(s.Name), one.text(one.prefix), one.most, more)
	if one.delimiter != "" {
		head += "<Delimiter>" + one.text(one.delimiter) + "</Delimiter>"
	}
	if one.encoded {
		head += "<EncodingType>url</EncodingType>"
	}
	if query.Get("list-type") == "2" {
		head += fmt.Sprintf("<KeyCount>%d</KeyCount>", count)
		if more {
			head += "<NextContinuationToken>" + base64.RawURLEncoding.EncodeToString([]byte(last)) + "</NextContinuationToken>"
		}
	} else if more {
		head += "<NextMarker>" + one.text(last) + "</NextMarker>"
	}
	s3XML(w, "ListBucketResult", head, contents.String(), prefixes.String())
}

// objects calls visit for each key after one.after that begins with the prefix and, with a delimiter, for each common prefix
// instead of the keys that begin with it.
func (s *server) objects(one listing, visit func(key []byte, row int, isPrefix bool) bool) {
	mount := s.tree.Mount + "/"
	row, end := s.tree.WithPrefix([]byte(mount + one.prefix))
	if one.after != "" {
		row = max(row, s.after(mount, one))
	}
	for row < end {
		next := end
		for at, full := range s.tree.Keys(row, end) {
			key := full[len(mount):]
			slash := -1
			if one.delimiter != "" {
				slash = bytes.IndexByte(key[len(one.prefix):], '/')
			}
			if slash < 0 {
				if !visit(key, at, false) {
					return
				}
				continue
			}
			common := bytes.Clone(key[:len(one.prefix)+slash+1])
			_, next = s.tree.WithPrefix(append([]byte(mount), common...))
			if !visit(common, at, true) {
				return
			}
			break
		}
		row = next
	}
}

// after returns the first row after one.after; after a common prefix, the first row that does not begin with it.
func (s *server) after(mount string, one listing) int {
	full := []byte(mount + one.after)
	rest, begins := strings.CutPrefix(one.after, one.prefix)
	if begins && one.delimiter != "" {
		if slash := strings.Index(rest, "/"); slash >= 0 {
			_, end := s.tree.WithPrefix([]byte(mount + one.prefix + rest[:slash+1]))
			return end
		}
	}
	return s.tree.LowerBound(append(full, 0))
}

// text returns a key for XML. A client that does not ask for encoded keys gets replacement characters for bytes that XML
// cannot contain.
func (l *listing) text(key string) string {
	if l.encoded {
		return escaped(key, true)
	}
	return xmlText(key)
}

func xmlText(text string) string {
	var out strings.Builder
	xml.EscapeText(&out, []byte(text))
	return out.String()
}

func s3XML(w http.ResponseWriter, element string, parts ...string) {
	w.Header().Set("Content-Type", "application/xml")
	out := bufio.NewWriter(w)
	defer out.Flush()
	fmt.Fprintf(out, "%s<%s%s>", xmlHead, element, s3Space)
	for _, part := range parts {
		out.WriteString(part)
	}
	fmt.Fprintf(out, "</%s>", element)
}

func s3Error(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s<Error><Code>%s</Code><Message>%s</Message></Error>", xmlHead, code, xmlText(message))
}
