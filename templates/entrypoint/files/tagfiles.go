// The files of a BagIt bag that are not data: manifests, tags and documents.

package files

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"entrypoint/index"
)

const (
	declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	// The folder of a bag for the files of MetadataFolder.
	bagDocuments = "metadata/"
	// The list of the selected entries that are not in the payload, one JSON object per line.
	leftOutList = bagDocuments + "left-out.jsonl"
)

// encoded replaces the bytes that a name in a manifest must not contain. Source: RFC 8493, section 2.1.3.
var encoded = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// tagFile is a file outside of the payload.
type tagFile struct {
	name string
	fill func(out io.Writer) error
}

// textFile returns a tag file with the text that a function returns when the file is written.
func textFile(name string, text func() string) tagFile {
	return tagFile{name, func(out io.Writer) error {
		_, err := io.WriteString(out, text())
		return err
	}}
}

// writeTagFiles writes all files outside of the payload. The declaration, without which a folder is no bag, is the last.
func (b *bag) writeTagFiles(ctx context.Context, e *export, c catalog, omitted []string) error {
	// These may be of an earlier export.
	for _, name := range []string{"manifest-sha512.txt", "manifest-sha1.txt", "manifest-md5.txt", leftOutList} {
		if err := e.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("deleting %q: %w", filepath.Join(e.dir, name), Reason(err))
		}
	}
	var all []tagFile
	for _, field := range b.digests {
		fill := func(out io.Writer) error { return b.writeManifest(ctx, out, e.job, c, field) }
		all = append(all, tagFile{"manifest-" + field.Name + ".txt", fill})
	}
	if omitted != nil {
		all = append(all, textFile(leftOutList, func() string { return strings.Join(omitted, "") }))
	}
	described, err := describedIn(e.job.Root + MetadataFolder)
	if err != nil {
		return err
	}
	b.tags = append(b.tags, Tag{"Payload-Oxum", fmt.Sprintf("%d.%d", e.summary.Bytes, e.summary.Files)})
	all = append(append(all, described...), textFile("bag-info.txt", b.info))
	// The declaration is in the tag manifest, although it is written later.
	fmt.Fprintf(&b.sums, "%x  bagit.txt\n", sha256.Sum256([]byte(declaration)))
	all = append(all, textFile("tagmanifest-sha256.txt", b.sums.String), textFile("bagit.txt", func() string { return declaration }))
	for _, one := range all {
		if err := b.write(e, one); err != nil {
			return err
		}
	}
	return nil
}

// writeManifest writes a line with digest and name for each file of the payload.
func (b *bag) writeManifest(ctx context.Context, out io.Writer, job Job, c catalog, field *index.Field) error {
	for row, key := range job.Rows {
		if _, isLink := c.linkOf(row); isLink || b.refused[row] != "" {
			continue
		}
		name := encoded.Replace(payload + string(key[len(c.ix.Mount)+1:]))
		if _, err := fmt.Fprintf(out, "%x  %s\n", field.Bytes(row), name); err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	return nil
}

// info returns the content of bag-info.txt.
func (b *bag) info() string {
	var text strings.Builder
	for _, tag := range b.tags {
		fmt.Fprintf(&text, "%s: %s\n", tag.Label, strings.Join(strings.Fields(strings.ToValidUTF8(tag.Value, "\ufffd")), " "))
	}
	return text.String()
}

// describedIn returns the documents about the dataset in a folder of the image, which may not exist.
func describedIn(folder string) (all []tagFile, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing %q: %w", folder, Reason(err))
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		all = append(all, tagFile{bagDocuments + entry.Name(), func(out io.Writer) error {
			source, err := os.Open(filepath.Join(folder, entry.Name()))
			if err != nil {
				return err
			}
			defer source.Close()
			_, err = io.Copy(out, source)
			return err
		}})
	}
	return all, nil
}

// write writes one file under a temporary name, syncs it, renames it, and adds it to the tag manifest.
func (b *bag) write(e *export, one tagFile) error {
	folder, err := e.openFolder(path.Dir(one.name))
	if err != nil {
		return err
	}
	defer folder.Close()
	partial, sum := partialName(), sha256.New()
	target, err := folder.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		out := bufio.NewWriterSize(io.MultiWriter(target, sum), readBytes)
		err = cmp.Or(one.fill(out), out.Flush(), target.Sync(), target.Close())
	}
	if err == nil {
		err = folder.Rename(partial, path.Base(one.name))
	}
	if err != nil {
		target.Close()
		folder.Remove(partial)
		return fmt.Errorf("writing %q: %w", filepath.Join(e.dir, one.name), Reason(err))
	}
	fmt.Fprintf(&b.sums, "%x  %s\n", sum.Sum(nil), one.name)
	return nil
}
