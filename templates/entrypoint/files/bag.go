// BagIt bags: an export with manifests, for archives and repositories. Source: RFC 8493.

package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"entrypoint/index"
)

// payload is the folder of a bag that contains the files of the dataset.
const payload = "data/"

// Tag is a line of bag-info.txt.
type Tag struct{ Label, Value string }

// bag is the part of an export that only a BagIt bag has.
type bag struct {
	tags    []Tag
	digests []*index.Field  // those with a manifest
	refused map[int]string  // rows that the bag or the file system cannot hold, with the reason; guarded by export.mutex
	sums    strings.Builder // the lines of the tag manifest
}

// ExportBag exports to a BagIt bag: the files to dir/data, as Export does, and then the manifests with the digests of the
// index, bag-info.txt with the given tags, the documents about the dataset and, last, bagit.txt.
//
// A bag contains only files with names in UTF-8. Everything else is listed in leftOutList; a name that is not UTF-8 is also
// printed, like a file that the file system cannot hold. ExportBag writes no manifest if a file of the image differs from the
// index, or if dir/data contains other files.
func ExportBag(ctx context.Context, job Job, dir string, tags []Tag) (Summary, error) {
	b := &bag{tags: tags, refused: map[int]string{}}
	for _, name := range []string{"sha256", "sha512", "sha1", "md5"} {
		if field := job.Index.Field(name); field != nil && field.Type == index.Digest {
			b.digests = append(b.digests, field)
		}
	}
	return exportInto(ctx, job, dir, b)
}

// check returns a refusal for a file, or the outcome `omitted` for a symlink, that a bag cannot hold.
func (b *bag) check(c *copier, to destination) (outcome, error) {
	_, isLink := c.linkOf(to.row)
	if !isLink && !utf8.ValidString(to.inside) {
		return outcome{}, &refusal{"a bag contains only names in UTF-8"}
	}
	return outcome{omitted: isLink}, nil
}

// noteRefused records a file for leftOutList.
func (e *export) noteRefused(row int, no *refusal) {
	if e.bag != nil {
		e.mutex.Lock()
		defer e.mutex.Unlock()
		e.bag.refused[row] = no.reason
	}
}

// finish writes everything but the payload, unless the payload is not complete.
func (b *bag) finish(ctx context.Context, e *export, c catalog) error {
	if e.damaged > 0 {
		return nil
	}
	if err := b.checkPayload(ctx, e); err != nil {
		return err
	}
	omitted, err := b.omitted(ctx, e, c)
	if err != nil {
		return err
	}
	if err := b.writeTagFiles(ctx, e, c, omitted); err != nil {
		return err
	}
	if omitted == nil {
		return nil
	}
	return e.progress.Print(e.job.Out, fmt.Sprintf("a bag cannot hold %s: see %q",
		counted(len(omitted), "path"), filepath.Join(e.dir, leftOutList)))
}

// checkPayload returns an error if dir/data contains files that are not exported: every file of a bag is in its manifests. It
// deletes incomplete files that an earlier export left there.
func (b *bag) checkPayload(ctx context.Context, e *export) error {
	folder, err := e.openFolder(filepath.Clean(payload))
	if err != nil {
		return err
	}
	defer folder.Close()
	others := -e.summary.Files
	err = walk(ctx, folder.path, func(path string, isFolder bool) error {
		if isFolder {
			return nil
		}
		inside := strings.TrimPrefix(path, folder.path)
		if strings.HasPrefix(filepath.Base(path), partialPrefix) {
			if _, known := e.job.Index.Find([]byte(e.job.Index.Mount + inside)); !known {
				return folder.Remove(inside[1:])
			}
		}
		others++
		return nil
	})
	if err == nil && others > 0 {
		err = statusf(statusFailed, "%q contains %s that this command does not export, but a bag contains only files that are in its "+
			"manifests: export to an empty folder", folder.path, counted(others, "file"))
	}
	return err
}

// omitted returns a line of JSON for each selected entry that is not in the payload.
func (b *bag) omitted(ctx context.Context, e *export, c catalog) (lines []string, err error) {
	add := func(key []byte, member string, value []byte) {
		line := append(index.AppendString([]byte(`{"path": `), key), member...)
		lines = append(lines, string(index.AppendString(line, value))+"}\n")
	}
	for row, key := range e.job.Rows {
		if target, isLink := c.linkOf(row); isLink {
			add(key, `, "type": "symlink", "target": `, target)
		} else if why, refused := b.refused[row]; refused {
			add(key, `, "type": "file", "reason": `, []byte(why))
		}
	}
	if !e.job.All {
		return lines, nil
	}
	files := len(lines)
	err = walk(ctx, c.root+c.ix.Mount, func(path string, isFolder bool) error {
		if isFolder && isEmpty(path) {
			add([]byte(strings.TrimPrefix(path, c.root)), `, "type": `, []byte("empty folder"))
		}
		return nil
	})
	slices.Sort(lines[files:])
	return lines, err
}

func isEmpty(path string) bool {
	folder, err := os.Open(path)
	if err != nil {
		return false
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(1)
	return len(names) == 0
}
