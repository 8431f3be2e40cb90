// What the index says of a file, and whether the image's file is so.

package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"entrypoint/digest"
	"entrypoint/index"
	"entrypoint/progress"
)

// catalog returns what the index says of the files below a root.
type catalog struct {
	ix         *index.Index
	root       string
	size, link *index.Field
}

func newCatalog(ix *index.Index, root string) (catalog, error) {
	c := catalog{ix, root, ix.Field("size"), ix.Field("link")}
	if sha256 := ix.Field("sha256"); c.size == nil || sha256 == nil || sha256.Type != index.Digest {
		return c, errors.New("the index has no sizes or no sha256 digests of the files: build the image again")
	}
	return c, nil
}

func (c *catalog) path(key []byte) string { return c.root + string(key) }

func (c *catalog) sizeOf(row int) int64 { return c.size.Integer(row) }

// linkOf returns the target of a row that stands for a link, and whether it does.
func (c *catalog) linkOf(row int) ([]byte, bool) {
	if c.link == nil || c.link.Missing(row) {
		return nil, false
	}
	return c.link.Bytes(row), true
}

// outside compares kind, size and a link's target. It gives the difference, or "".
func (c *catalog) outside(row int, key []byte) string {
	info, err := os.Lstat(c.path(key))
	if err != nil {
		return unreadable(err)
	}
	target, isLink := c.linkOf(row)
	wanted := "a file"
	if isLink {
		wanted = "a link"
	}
	if found := kind(info.Mode()); found != wanted {
		return fmt.Sprintf("is %s, not %s", found, wanted)
	}
	if isLink {
		return c.target(key, target)
	}
	return sizeDifference(info.Size(), c.sizeOf(row))
}

func (c *catalog) target(key, wanted []byte) string {
	found, err := os.Readlink(c.path(key))
	if err != nil {
		return unreadable(err)
	}
	if found != string(wanted) {
		return fmt.Sprintf("links to %s, not to %s", shown([]byte(found)), shown(wanted))
	}
	return ""
}

func sizeDifference(found, wanted int64) string {
	if found != wanted {
		return fmt.Sprintf("is %d bytes, not %d", found, wanted)
	}
	return ""
}

func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "missing"
	}
	return "cannot be read: " + reason(err).Error()
}

// readBytes is how much of a file is read at once.
const readBytes = 1 << 18

// reader reads contents and compares them with the index. Each goroutine has its own.
type reader struct {
	catalog
	fields   []*index.Field
	digests  digest.Set // of the fields
	buffer   []byte
	progress *progress.Progress
}

// newReader returns a reader that computes the digests of these fields.
func (c catalog) newReader(p *progress.Progress, fields ...*index.Field) (*reader, error) {
	var names []string
	for _, field := range fields {
		names = append(names, field.Name)
	}
	algorithms, err := digest.Parse(names)
	if err != nil {
		return nil, fmt.Errorf("cannot verify the files: %w; build the image again", err)
	}
	return &reader{c, fields, digest.NewSet(algorithms), make([]byte, readBytes), p}, nil
}

// compare reads source to its end, copies it to target unless that is nil, and gives the first difference between what came
// and what the index says of the row, or "". An error is the target's, or the context's.
func (r *reader) compare(ctx context.Context, row int, source io.Reader, target io.Writer) (string, error) {
	r.digests.Reset()
	var size int64
	for {
		n, err := source.Read(r.buffer)
		size += int64(n)
		r.progress.Bytes.Add(int64(n))
		r.digests.Write(r.buffer[:n])
		if target != nil && n > 0 {
			if _, err := target.Write(r.buffer[:n]); err != nil {
				return "", err
			}
		}
		if err == io.EOF {
			return r.contentDifference(row, size), nil
		}
		if err != nil {
			return unreadable(err), nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
}

func (r *reader) contentDifference(row int, size int64) string {
	if difference := sizeDifference(size, r.sizeOf(row)); difference != "" {
		return difference
	}
	for i, field := range r.fields {
		if field.Missing(row) {
			continue
		}
		if found, wanted := r.digests[i].Sum(nil), field.Bytes(row); !bytes.Equal(found, wanted) {
			return fmt.Sprintf("%s is %x, not %x", field.Name, found, wanted)
		}
	}
	return ""
}

// open opens a file to read, and never a link.
func (c *catalog) open(key []byte) (*os.File, error) {
	return os.OpenFile(c.path(key), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
}
