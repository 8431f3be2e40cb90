// The copy of one file or link.

package files

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"time"
)

// partialPrefix begins the name of a file that is being written.
const partialPrefix = ".partial-"

// copier copies files, one after the other. Each goroutine has its own.
type copier struct {
	*reader
	run     *export
	folder  *os.Root // the folder of the last file
	current string   // its path in the dataset
}

// place is where a file goes to.
type place struct {
	row    int
	key    []byte
	inside string // its path in the dataset
	name   string // in the copier's folder
	full   string // for messages
}

// export copies a file or a link unless it is there. It gives the reason when the image's file is left out.
func (c *copier) export(ctx context.Context, row int, key []byte) (string, error) {
	inside := string(key[len(c.ix.Mount)+1:])
	if !filepath.IsLocal(inside) {
		return "", statusf(statusDisagrees, "%q leads out of the dataset: the image is damaged", key)
	}
	if err := c.enter(path.Dir(inside)); err != nil {
		return "", err
	}
	to := place{row, key, inside, path.Base(inside), filepath.Join(c.run.dir, inside)}
	var found outcome
	var err error
	if target, isLink := c.linkOf(row); isLink {
		found, err = c.link(to, string(target))
	} else {
		found, err = c.file(ctx, to)
	}
	if err == nil {
		c.run.count(found, c.sizeOf(row))
	}
	return found.difference, err
}

// link makes a link as the image has it, wherever it leads: nothing is ever written through one.
func (c *copier) link(to place, target string) (outcome, error) {
	if difference := c.outside(to.row, to.key); difference != "" {
		return outcome{difference: difference}, nil
	}
	if info, err := c.folder.Lstat(to.name); err == nil {
		if there, err := c.folder.Readlink(to.name); err == nil && there == target {
			return outcome{kept: true}, nil
		}
		return outcome{}, inTheWay(to.full, info, fmt.Sprintf("a link to %q", target))
	}
	if err := c.folder.Symlink(target, to.name); err != nil {
		return outcome{}, fmt.Errorf("linking %q: %w", to.full, reason(err))
	}
	return outcome{}, nil
}

// file copies a regular file unless it is there with the right content.
func (c *copier) file(ctx context.Context, to place) (outcome, error) {
	info, err := c.folder.Lstat(to.name)
	if err == nil && !info.Mode().IsRegular() {
		return outcome{}, inTheWay(to.full, info, "a file")
	}
	if err == nil && info.Size() == c.sizeOf(to.row) {
		if kept, err := c.isThere(ctx, to); kept || err != nil {
			return outcome{kept: kept}, err
		}
	}
	source, err := c.open(to.key)
	if err != nil {
		return outcome{difference: unreadable(err)}, nil
	}
	defer source.Close()
	difference, err := c.copy(ctx, source, to)
	return outcome{difference: difference}, err
}

func inTheWay(full string, info fs.FileInfo, wanted string) error {
	return statusf(statusDisagrees, "%q is %s where %s is to go: move it away", full, kind(info.Mode()), wanted)
}

// isThere reports whether the file that is there has the right content.
func (c *copier) isThere(ctx context.Context, to place) (bool, error) {
	there, err := c.folder.Open(to.name)
	if err != nil {
		// It cannot be read, but it may still be replaced.
		return false, nil
	}
	defer there.Close()
	difference, err := c.compare(ctx, to.row, there, nil)
	if difference != "" {
		// Its bytes will be copied, and count then.
		c.progress.Bytes.Add(-c.sizeOf(to.row))
	}
	return difference == "" && err == nil, err
}

// copy writes a file beside its name and renames it when all of it is right.
func (c *copier) copy(ctx context.Context, source *os.File, to place) (difference string, err error) {
	info, err := source.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "is not a regular file", nil
	}
	partial := fmt.Sprintf("%s%016x", partialPrefix, rand.Uint64())
	target, err := c.folder.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("writing %q: %w", to.full, reason(err))
	}
	renamed := false
	defer func() {
		if !renamed {
			target.Close()
			c.folder.Remove(partial)
		}
	}()
	if difference, err = c.compare(ctx, to.row, source, target); err == nil && difference == "" {
		err = c.finish(target, partial, info, to)
		renamed = err == nil
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("writing %q: %w", to.full, reason(err))
	}
	return difference, err
}

// finish returns a written file its mode, time and name, which it never has before its bytes are on disk.
func (c *copier) finish(target *os.File, partial string, info fs.FileInfo, to place) error {
	if err := target.Chmod(info.Mode().Perm()); forbidden(err) {
		c.run.warn(to.full, err)
	} else if err != nil {
		return err
	}
	if err := target.Sync(); err != nil {
		return err
	}
	if err := target.Close(); err != nil {
		return err
	}
	if err := c.folder.Chtimes(partial, time.Time{}, info.ModTime()); forbidden(err) {
		c.run.warn(to.full, err)
	} else if err != nil {
		return err
	}
	return c.folder.Rename(partial, to.name)
}
