// The files of a BagIt bag that are not data: manifests, tags and documents.

package files

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"entrypoint/digest"
)

const (
	declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	// The folder of the image with documents about the dataset, and their folder in a bag.
	documents, bagDocuments = "/.datacontainer", "metadata/"
	// The list of the selected entries that are not in the payload, one JSON object per line.
	leftOutList = bagDocuments + "left-out.jsonl"
)

// encoded contains the bytes that a name in a manifest must not contain. Source: RFC 8493, section 2.1.3.
var encoded = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// writeTagFiles writes all files outside of the payload. The declaration, without which a folder is no bag, is the last.
func (b *bag) writeTagFiles(ctx context.Context, e *export, c catalog, omitted []string) error {
	if err := b.removeStale(e); err != nil {
		return err
	}
	for _, field := range b.digests {
		err := b.write(e, "manifest-"+field.Name+".txt", func(out io.Writer) error {
			for row, key := range e.job.Rows {
				if _, isLink := c.linkOf(row); isLink || b.refused[row] != "" {
					continue
				}
				name := encoded.Replace(payload + string(key[len(c.ix.Mount)+1:]))
				if _, err := fmt.Fprintf(out, "%x  %s\n", field.Bytes(row), name); err != nil || ctx.Err() != nil {
					return errors.Join(err, ctx.Err())
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	var info strings.Builder
	for _, tag := range append(b.info, Tag{"Payload-Oxum", fmt.Sprintf("%d.%d", e.summary.Bytes, e.summary.Files)}) {
		fmt.Fprintf(&info, "%s: %s\n", tag.Label, strings.Join(strings.Fields(strings.ToValidUTF8(tag.Value, "\ufffd")), " "))
	}
	if err := b.writeText(e, "bag-info.txt", info.String()); err != nil {
		return err
	}
	if omitted != nil {
		if err := b.writeText(e, leftOutList, strings.Join(omitted, "")); err != nil {
			return err
		}
	}
	if err := b.writeDocuments(e); err != nil {
		return err
	}
	return b.writeTagManifests(e)
}

// removeStale deletes the files of an earlier export to the same folder that this export does not replace.
func (b *bag) removeStale(e *export) error {
	stale := []string{leftOutList}
	for _, name := range []string{"sha512", "sha1", "md5"} {
		stale = append(stale, "manifest-"+name+".txt", "tagmanifest-"+name+".txt")
	}
	for _, name := range stale {
		if err := e.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("deleting %q: %w", filepath.Join(e.dir, name), reason(err))
		}
	}
	return nil
}

// writeDocuments copies the documents about the dataset, if the image contains any.
func (b *bag) writeDocuments(e *export) error {
	folder := e.job.Root + documents
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listing %q: %w", folder, reason(err))
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		source, err := os.Open(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		err = b.write(e, bagDocuments+entry.Name(), func(out io.Writer) error {
			_, err := io.Copy(out, source)
			return err
		})
		source.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// writeTagManifests writes the digests of all other tag files, and then the declaration.
func (b *bag) writeTagManifests(e *export) error {
	sums, err := b.newSums()
	if err != nil {
		return err
	}
	sums.Write([]byte(declaration))
	b.addSums("bagit.txt", sums)
	var lines []string
	for i := range b.digests {
		lines = append(lines, b.sums[i].String())
	}
	for i, field := range b.digests {
		if err := b.writeText(e, "tagmanifest-"+field.Name+".txt", lines[i]); err != nil {
			return err
		}
	}
	return b.writeText(e, "bagit.txt", declaration)
}

func (b *bag) writeText(e *export, name, text string) error {
	return b.write(e, name, func(out io.Writer) error {
		_, err := io.WriteString(out, text)
		return err
	})
}

// write writes one file under a temporary name, syncs it, renames it, and adds it to the tag manifests.
func (b *bag) write(e *export, name string, fill func(io.Writer) error) error {
	folder, err := e.openFolder(path.Dir(name))
	if err != nil {
		return err
	}
	defer folder.Close()
	sums, err := b.newSums()
	if err != nil {
		return err
	}
	if err := writeRenamed(folder, path.Base(name), sums, fill); err != nil {
		return fmt.Errorf("writing %q: %w", filepath.Join(e.dir, name), reason(err))
	}
	b.addSums(name, sums)
	return nil
}

// writeRenamed writes a file of a folder, and replaces an existing one only when the new one is complete.
func writeRenamed(folder *folder, name string, sums digest.Set, fill func(io.Writer) error) (err error) {
	partial := partialName()
	target, err := folder.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			target.Close()
			folder.Remove(partial)
		}
	}()
	out := bufio.NewWriterSize(summed{target, sums}, readBytes)
	for _, step := range []func() error{func() error { return fill(out) }, out.Flush, target.Sync, target.Close} {
		if err = step(); err != nil {
			return err
		}
	}
	return folder.Rename(partial, name)
}

// summed writes to `to`, and adds the bytes to the digests.
type summed struct {
	to   io.Writer
	sums digest.Set
}

func (s summed) Write(content []byte) (int, error) {
	s.sums.Write(content)
	return s.to.Write(content)
}

func (b *bag) newSums() (digest.Set, error) {
	var names []string
	for _, field := range b.digests {
		names = append(names, field.Name)
	}
	algorithms, err := digest.Parse(names)
	return digest.NewSet(algorithms), err
}

// addSums adds a line for a file to each tag manifest.
func (b *bag) addSums(name string, sums digest.Set) {
	for i, one := range sums {
		fmt.Fprintf(&b.sums[i], "%s  %s\n", hex.EncodeToString(one.Sum(nil)), name)
	}
}
