// Comparison of a file with its row of the index.

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

// catalog reads paths, sizes and symlink targets from the index, for files below a root.
type catalog struct {
	ix         *index.Index
	root       string
	size, link *index.Field
}

func newCatalog(ix *index.Index, root string) (catalog, error) {
	c := catalog{ix, root, ix.Field("size"), ix.Field("link")}
	if sha256 := ix.Field("sha256"); c.size == nil || sha256 == nil || sha256.Type != index.Digest {
		return c, errors.New("the index lacks the field \"size\" or \"sha256\": build the image again")
	}
	return c, nil
}

func (c *catalog) path(key []byte) string { return c.root + string(key) }

func (c *catalog) sizeOf(row int) int64 { return c.size.Integer(row) }

// linkOf returns the symlink target of a row, and whether the row is a symlink.
func (c *catalog) linkOf(row int) ([]byte, bool) {
	if c.link == nil || c.link.Missing(row) {
		return nil, false
	}
	return c.link.Bytes(row), true
}

// compareMetadata compares type, size and symlink target without reading the file. It returns the difference, or "".
func (c *catalog) compareMetadata(row int, key []byte) string {
	info, err := os.Lstat(c.path(key))
	if err != nil {
		return unreadable(err)
	}
	target, isLink := c.linkOf(row)
	wanted := "a file"
	if isLink {
		wanted = "a symlink"
	}
	if found := kind(info.Mode()); found != wanted {
		return fmt.Sprintf("is %s, not %s", found, wanted)
	}
	if isLink {
		return c.compareTarget(key, target)
	}
	return sizeDifference(info.Size(), c.sizeOf(row))
}

func (c *catalog) compareTarget(key, wanted []byte) string {
	found, err := os.Readlink(c.path(key))
	if err != nil {
		return unreadable(err)
	}
	if found != string(wanted) {
		return fmt.Sprintf("is a symlink to %s, not to %s", shown([]byte(found)), shown(wanted))
	}
	return ""
}

func sizeDifference(found, wanted int64) string {
	if found != wanted {
		return fmt.Sprintf("is %d bytes, not %d", found, wanted)
	}
	return ""
}

// unreadable returns the difference for a file that cannot be opened or read.
func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "missing"
	}
	return "cannot be read: " + Reason(err).Error()
}

// unopened returns the difference for a file that cannot be opened, or an error if the limit of open files is the cause.
func unopened(key []byte, err error) (string, error) {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return "", fmt.Errorf("opening %q: %w: raise the limit with ulimit -n", key, Reason(err))
	}
	return unreadable(err), nil
}

// readBytes is the size of the read buffer.
const readBytes = 1 << 18

// reader reads files and compares their content with the index. Each goroutine has its own reader.
type reader struct {
	catalog
	fields   []*index.Field
	digests  digest.Set // of the fields
	buffer   []byte
	progress *progress.Progress
}

// newReader returns a reader that compares the digests of the given fields.
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

// compare reads source to its end, copies it to target unless target is nil, and returns the first difference between the
// content and the row of the index, or "". An error comes from the target or from the context, never from source.
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

// open opens a file for reading; it fails for a symlink.
func (c *catalog) open(key []byte) (*os.File, error) {
	return os.OpenFile(c.path(key), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
}
