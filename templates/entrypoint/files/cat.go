// The content of one file.

package files

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"entrypoint/index"
)

// catBytes is the buffer size of a copy that the kernel cannot do by itself.
const catBytes = 1 << 18

// MetadataFolder contains the catalog, dataset.json and other documents about the dataset.
const MetadataFolder = "/.datacontainer"

// Cat writes the content of the file with the given key and follows symlinks, or of a file in MetadataFolder. If the index
// does not contain the key, the error lists the nearest keys.
func Cat(w io.Writer, ix *index.Index, key string) error {
	if name, inside := strings.CutPrefix(key+"/", MetadataFolder+"/"); inside {
		return catMetadata(w, MetadataFolder, strings.TrimSuffix(name, "/"))
	}
	row, found := ix.Find([]byte(key))
	if !found {
		return unknownKey(ix, key, row)
	}
	c, err := newCatalog(ix, "")
	if err != nil {
		return err
	}
	source, err := os.Open(key)
	if err != nil {
		return statusf(statusFailed, "reading %q: %w", key, Reason(err))
	}
	defer source.Close()
	written, err := stream(w, source)
	if err != nil {
		return fmt.Errorf("copying %q: %w", key, Reason(err))
	}
	if _, link := c.linkOf(row); !link && written != c.sizeOf(row) {
		return statusf(statusFailed, "%q is %d bytes, but %d bytes in the index: the image is damaged; pull or build it again",
			key, written, c.sizeOf(row))
	}
	return nil
}

// catMetadata writes the content of a regular file of the folder. If there is none with this name, the error lists all.
func catMetadata(w io.Writer, folder, name string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return statusf(statusFailed, "reading %q: %w", folder, Reason(err))
	}
	var names []string
	found := false
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			found = found || entry.Name() == name
			names = append(names, fmt.Sprintf("%q", folder+"/"+entry.Name()))
		}
	}
	if !found {
		return statusf(statusFailed, "there is no file %q; the files with metadata: %s", folder+"/"+name, strings.Join(names, ", "))
	}
	source, err := os.OpenFile(folder+"/"+name, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err == nil {
		defer source.Close()
		_, err = stream(w, source)
	}
	if err != nil {
		return fmt.Errorf("copying %q: %w", folder+"/"+name, Reason(err))
	}
	return nil
}

// stream copies source to w: inside of the kernel if w is a regular file, otherwise with a larger buffer than io.Copy.
func stream(w io.Writer, source *os.File) (int64, error) {
	if target, ok := w.(*os.File); ok {
		if info, err := target.Stat(); err == nil && info.Mode().IsRegular() {
			return io.Copy(target, source)
		}
	}
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{source}, make([]byte, catBytes))
}

// unknownKey returns the error for a key that the index does not contain; the key would be at `row`.
func unknownKey(ix *index.Index, key string, row int) error {
	folder := append(bytes.TrimRight([]byte(key), "/"), '/')
	if from, to := ix.WithPrefix(folder); to > from {
		return statusf(statusFailed, "%q is a folder with %s: list them with -get %q", key, counted(to-from, "file"), folder)
	}
	if full := ix.Mount + "/" + strings.TrimLeft(key, "/"); hasKey(ix, full) {
		return statusf(statusFailed, "there is no file %q: did you mean %q?", key, full)
	}
	var near []string
	for neighbor := max(row-1, 0); neighbor < min(row+1, ix.Rows); neighbor++ {
		near = append(near, fmt.Sprintf("%q", ix.AppendKey(nil, neighbor)))
	}
	if len(near) == 0 {
		return statusf(statusFailed, "there is no file %q: the dataset contains no files", key)
	}
	return statusf(statusFailed, "there is no file %q; the nearest names: %s", key, strings.Join(near, ", "))
}

func hasKey(ix *index.Index, key string) bool {
	_, found := ix.Find([]byte(key))
	return found
}
