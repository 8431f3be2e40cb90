// The copy of one file or symlink.

package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"
)

// partialPrefix is the start of the name of an incomplete file.
const partialPrefix = ".partial-"

// copier copies files one after the other. Each goroutine has its own copier.
type copier struct {
	*reader
	run     *export
	folder  *folder // of the last file
	current string  // its path below the target
}

// destination is the place to which a file is copied.
type destination struct {
	row    int
	key    []byte
	inside string // its path below the target
	name   string // in the folder of the copier
	full   string // in messages
}

// export copies a file or symlink unless a correct copy exists. It returns the reason if the file of the image is skipped.
func (c *copier) export(ctx context.Context, row int, key []byte) (string, error) {
	inside := string(key[len(c.ix.Mount)+1:])
	if !filepath.IsLocal(inside) {
		return "", statusf(statusFailed, "%q is outside of the dataset: the image is damaged; pull or build it again", key)
	}
	if c.run.bag != nil {
		inside = payload + inside
	}
	to := destination{row, key, inside, path.Base(inside), filepath.Join(c.run.dir, inside)}
	found, err := c.put(ctx, to)
	if no := (*refusal)(nil); errors.As(err, &no) {
		found, err = outcome{difference: "is not exported: " + no.reason, refused: true}, nil
		c.run.noteRefused(row, no)
	}
	if err == nil {
		c.run.count(found, c.sizeOf(row))
	}
	return found.difference, err
}

// put copies a file or symlink. It returns a refusal if the target cannot hold it.
func (c *copier) put(ctx context.Context, to destination) (outcome, error) {
	if c.run.bag != nil {
		if found, err := c.run.bag.check(c, to); found.omitted || err != nil {
			return found, err
		}
	}
	if err := c.enter(path.Dir(to.inside)); err != nil {
		return outcome{}, err
	}
	if target, isLink := c.linkOf(to.row); isLink {
		return c.link(to, string(target))
	}
	return c.file(ctx, to)
}

// link creates the same symlink as in the image. Its target is not restricted, because no file is written through a symlink.
func (c *copier) link(to destination, target string) (outcome, error) {
	if difference := c.compareMetadata(to.row, to.key); difference != "" {
		return outcome{difference: difference}, nil
	}
	info, err := c.run.names.lookUp(c.folder, to.name)
	if err != nil {
		return outcome{}, err
	}
	if info != nil {
		if there, err := c.folder.Readlink(to.name); err == nil && there == target {
			return outcome{kept: true}, nil
		}
		return outcome{}, conflict(to.full, info, fmt.Sprintf("a symlink to %q", target))
	}
	err = c.run.names.create(c.folder, to.name, func() error { return c.folder.Symlink(target, to.name) })
	if errors.Is(err, fs.ErrExist) {
		return c.link(to, target)
	}
	if err != nil {
		err = refuse("this symlink", err, syscall.EPERM, syscall.ENOSYS, syscall.ENOTSUP, syscall.EINVAL, syscall.ENAMETOOLONG, syscall.EIO)
		return outcome{}, fmt.Errorf("creating the symlink %q: %w", to.full, Reason(err))
	}
	return outcome{}, nil
}

// file copies a regular file unless a copy with the right content exists.
func (c *copier) file(ctx context.Context, to destination) (outcome, error) {
	info, err := c.run.names.lookUp(c.folder, to.name)
	if err != nil {
		return outcome{}, err
	}
	if info != nil && !info.Mode().IsRegular() {
		return outcome{}, conflict(to.full, info, "a file")
	}
	if info != nil && info.Size() == c.sizeOf(to.row) {
		if kept, err := c.isCopied(ctx, to); kept || err != nil {
			return outcome{kept: kept}, err
		}
	}
	source, err := c.open(to.key)
	if err != nil {
		difference, err := unopened(to.key, err)
		return outcome{difference: difference}, err
	}
	defer source.Close()
	difference, err := c.copy(ctx, source, to, info != nil)
	if errors.Is(err, fs.ErrExist) { // Created in the meantime.
		return c.file(ctx, to)
	}
	return outcome{difference: difference}, err
}

// conflict returns the error for an existing entry that Export must not replace.
func conflict(full string, info fs.FileInfo, wanted string) error {
	return statusf(statusFailed, "%q exists as %s, but the export writes %s there: move it away", full, kind(info.Mode()), wanted)
}

// isCopied reports whether the existing file has the right content.
func (c *copier) isCopied(ctx context.Context, to destination) (bool, error) {
	existing, err := c.folder.Open(to.name)
	if err != nil {
		// The existing file cannot be read, but can still be replaced.
		return false, nil
	}
	defer existing.Close()
	difference, err := c.compare(ctx, to.row, existing, nil)
	if difference != "" {
		// The bytes are counted again by the copy.
		c.progress.Bytes.Add(-c.sizeOf(to.row))
	}
	return difference == "" && err == nil, err
}

// copy writes a file under a temporary name and renames it when its content is complete and correct. It replaces an existing
// entry only if `replace` is true, and returns fs.ErrExist otherwise.
func (c *copier) copy(ctx context.Context, source *os.File, to destination, replace bool) (difference string, err error) {
	info, err := source.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "is not a regular file", nil
	}
	partial := partialName()
	target, err := c.folder.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("writing %q: %w", to.full, Reason(err))
	}
	renamed := false
	defer func() {
		if !renamed {
			target.Close()
			c.folder.Remove(partial)
		}
	}()
	if difference, err = c.compare(ctx, to.row, source, target); err == nil && difference == "" {
		err = c.finish(target, partial, info, to, replace)
		renamed = err == nil
	}
	if err != nil && ctx.Err() == nil {
		err = refuse("a file of "+counted(int(c.sizeOf(to.row)), "byte"), err, syscall.EFBIG)
		err = fmt.Errorf("writing %q: %w", to.full, Reason(err))
	}
	return difference, err
}

// finish sets mode and mtime of a written file, syncs it to disk, and only then renames it.
func (c *copier) finish(target *os.File, partial string, info fs.FileInfo, to destination, replace bool) error {
	if err := target.Chmod(info.Mode().Perm()); forbidden(err) {
		c.run.warn(to.full, Reason(err).Error())
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
		c.run.warn(to.full, Reason(err).Error())
	} else if err != nil {
		return err
	}
	c.compareModeAndTime(partial, info, to)
	if replace {
		return c.folder.Rename(partial, to.name)
	}
	return c.run.names.create(c.folder, to.name, func() error { return rename(c.folder, partial, to.name) })
}

// compareModeAndTime warns if the file system stored another mode or time without an error.
func (c *copier) compareModeAndTime(partial string, wanted fs.FileInfo, to destination) {
	if c.run.warned.Load() {
		return
	}
	found, err := c.folder.Lstat(partial)
	if err == nil && (found.Mode().Perm() != wanted.Mode().Perm() || !found.ModTime().Equal(wanted.ModTime())) {
		c.run.warn(to.full, fmt.Sprintf("it has the mode %s and the time %s", found.Mode(), found.ModTime().UTC().Format(time.RFC3339Nano)))
	}
}

// partialName returns a new name for an incomplete file.
func partialName() string { return fmt.Sprintf("%s%016x", partialPrefix, rand.Uint64()) }
