// The folders that files are copied to.

package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// enter opens a folder by its path in the dataset, made where it is missing. A link on the way is not followed.
func (c *copier) enter(inside string) error {
	if c.folder != nil && c.current == inside {
		return nil
	}
	c.leave()
	folder, err := c.run.openFolder(inside)
	c.folder, c.current = folder, inside
	return err
}

func (c *copier) leave() {
	if c.folder != nil {
		c.folder.Close()
		c.folder = nil
	}
}

// openFolder goes down from the target, folder by folder.
func (e *export) openFolder(inside string) (*os.Root, error) {
	folder, err := e.root.OpenRoot(".")
	if err != nil || inside == "." {
		return folder, err
	}
	full := e.dir
	for name := range strings.SplitSeq(inside, "/") {
		full = filepath.Join(full, name)
		next, err := step(folder, name, full)
		folder.Close()
		if err != nil {
			return nil, err
		}
		folder = next
	}
	return folder, nil
}

// step opens a folder in another one, made where it is missing.
func step(folder *os.Root, name, full string) (*os.Root, error) {
	info, err := folder.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		// Another goroutine may be as far.
		if err := folder.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("making the folder %q: %w", full, reason(err))
		}
		info, err = folder.Lstat(name)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder %q: %w", full, reason(err))
	}
	if !info.IsDir() {
		return nil, inTheWay(full, info, "a folder")
	}
	next, err := folder.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("opening the folder %q: %w", full, reason(err))
	}
	return next, nil
}

// emptyFolders makes the folders of the image that no file has made.
func (e *export) emptyFolders(ctx context.Context, mount string) error {
	return walk(ctx, mount, func(path string, isFolder bool) error {
		if !isFolder {
			return nil
		}
		folder, err := e.openFolder(strings.TrimPrefix(path, mount+"/"))
		if err != nil {
			return err
		}
		return folder.Close()
	})
}

// hint says how a folder gets into a container; nothing outside of one.
func hint(job Job) string {
	if !inImage() || job.Root != "" {
		return ""
	}
	return `: bind one, as in docker run -v "$PWD/out:/out" IMAGE -export /out`
}

// inImage reports whether this program is the entrypoint of an image.
func inImage() bool {
	program, err := os.Executable()
	return err == nil && program == "/entrypoint"
}

// vanishes reports whether a folder of the image's own file system, not one that is bound into the container, holds dir.
func vanishes(dir string) bool {
	full, err := filepath.Abs(dir)
	mounts, unknown := os.ReadFile("/proc/self/mountinfo")
	if !inImage() || err != nil || unknown != nil {
		return false
	}
	return !onMount(string(mounts), full)
}

// onMount reports whether a mount point other than the root lies at or above a path. Source: proc(5), mountinfo.
func onMount(mounts, full string) bool {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(mounts) {
		columns := strings.Fields(line)
		if len(columns) < 5 || columns[4] == "/" {
			continue
		}
		if point := unescape.Replace(columns[4]); full == point || strings.HasPrefix(full, point+"/") {
			return true
		}
	}
	return false
}
