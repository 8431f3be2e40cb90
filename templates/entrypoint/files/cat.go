// The content of one file.

package files

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"entrypoint/index"
)

// catBytes is how much is read at once where the system does not copy by itself.
const catBytes = 1 << 18

// Cat writes the content of the file at a key. Links are followed. A key that the index does not know is an error that
// names the keys beside it.
func Cat(w io.Writer, ix *index.Index, key string) error {
	row, found := ix.Find([]byte(key))
	if !found {
		return unknown(ix, key, row)
	}
	c, err := newCatalog(ix, "")
	if err != nil {
		return err
	}
	source, err := os.Open(key)
	if err != nil {
		return statusf(statusDisagrees, "reading %q: %w", key, reason(err))
	}
	defer source.Close()
	written, err := stream(w, source)
	if err != nil {
		return fmt.Errorf("copying %q: %w", key, reason(err))
	}
	if _, link := c.linkOf(row); !link && written != c.sizeOf(row) {
		return statusf(statusDisagrees, "%q is %d bytes, not %d as the index says: the image is damaged",
			key, written, c.sizeOf(row))
	}
	return nil
}

// stream copies inside of the kernel from file to file; elsewhere the buffer is larger than that of io.Copy.
func stream(w io.Writer, source *os.File) (int64, error) {
	if target, ok := w.(*os.File); ok {
		if info, err := target.Stat(); err == nil && info.Mode().IsRegular() {
			return io.Copy(target, source)
		}
	}
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{source}, make([]byte, catBytes))
}

// unknown is the error for a key that is not there; row is where it would be.
func unknown(ix *index.Index, key string, row int) error {
	folder := append(bytes.TrimRight([]byte(key), "/"), '/')
	if from, to := ix.WithPrefix(folder); to > from {
		return statusf(statusDisagrees, "%q is a folder, of %s: -get %q lists them", key, counted(to-from, "file"), folder)
	}
	if full := ix.Mount + "/" + strings.TrimLeft(key, "/"); hasKey(ix, full) {
		return statusf(statusDisagrees, "there is no file %q: did you mean %q?", key, full)
	}
	var near []string
	for beside := max(row-1, 0); beside < min(row+1, ix.Rows); beside++ {
		near = append(near, fmt.Sprintf("%q", ix.AppendKey(nil, beside)))
	}
	if len(near) == 0 {
		return statusf(statusDisagrees, "there is no file %q: the dataset holds none", key)
	}
	return statusf(statusDisagrees, "there is no file %q; the nearest: %s", key, strings.Join(near, ", "))
}

func hasKey(ix *index.Index, key string) bool {
	_, found := ix.Find([]byte(key))
	return found
}
