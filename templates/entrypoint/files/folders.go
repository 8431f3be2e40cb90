// The target folders of copied files.

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

// enter opens a folder by its path below the target, and creates it if it is missing. Symlinks in the path are not followed.
func (c *copier) enter(inside string) error {
	if c.folder != nil && c.current == inside {
		return nil
	}
	c.leave()
	var err error
	c.folder, err = c.run.openFolder(inside)
	c.current = inside
	return err
}

func (c *copier) leave() {
	if c.folder != nil {
		c.folder.Close()
		c.folder = nil
	}
}

// openFolder opens a folder below the target, one path component after the other.
func (e *export) openFolder(inside string) (*folder, error) {
	root, err := e.root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	current := &folder{Root: root, path: e.dir}
	if inside == "." {
		return current, nil
	}
	for name := range strings.SplitSeq(inside, "/") {
		next, err := e.openSubfolder(current, name)
		current.Close()
		if err != nil {
			return nil, err
		}
		current = next
	}
	return current, nil
}

// openSubfolder opens a folder inside of another folder, and creates it if it is missing.
func (e *export) openSubfolder(outer *folder, name string) (*folder, error) {
	full := filepath.Join(outer.path, name)
	info, err := e.names.lookUp(outer, name)
	if info == nil && err == nil {
		failed := e.names.create(outer, name, func() error { return outer.Mkdir(name, 0o777) })
		// Another goroutine may have created the folder in the meantime.
		if failed != nil && !errors.Is(failed, fs.ErrExist) {
			return nil, fmt.Errorf("creating the folder %q: %w", full, Reason(refuseName(name, failed)))
		}
		info, err = e.names.lookUp(outer, name)
		if info == nil && err == nil {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder %q: %w", full, Reason(err))
	}
	if !info.IsDir() {
		return nil, conflict(full, info, "a folder")
	}
	next, err := outer.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("opening the folder %q: %w", full, Reason(err))
	}
	return &folder{Root: next, path: full}, nil
}

// emptyFolders creates the folders of the image that contain no files.
func (e *export) emptyFolders(ctx context.Context, mount string) error {
	return walk(ctx, mount, func(path string, isFolder bool) error {
		if !isFolder {
			return nil
		}
		folder, err := e.openFolder(strings.TrimPrefix(path, mount+"/"))
		if no := (*refusal)(nil); errors.As(err, &no) {
			return e.refuseFolder(path, no)
		}
		if err != nil {
			return err
		}
		return folder.Close()
	})
}

// refuseFolder prints a folder that the target cannot hold, unless lines for its entries are printed.
func (e *export) refuseFolder(path string, no *refusal) error {
	if present, err := os.ReadDir(path); err != nil || len(present) > 0 {
		return nil
	}
	e.refused++
	return e.progress.Print(e.job.Out, shown([]byte(strings.TrimPrefix(path, e.job.Root)))+": is not exported: "+no.reason)
}

// notWritable adds to an error the advice to export to a folder that the user can write to.
func notWritable(job Job, err error) error {
	return statusf(statusFailed, "%w; export to a folder that user %d can write to%s", err, os.Getuid(), hint(job))
}

// The commands for an export to a folder of the host, which docker would create as root if it were missing.
const (
	dockerHint = `: mkdir -p out && docker run --user "$(id -u):$(id -g)" -v "$PWD/out:/out" IMAGE -export /out` +
		` (rootless podman: add --userns=keep-id)`
	apptainerHint = `: mkdir -p out && apptainer run --bind "$PWD/out:/out" IMAGE -export /out`
)

// hint returns the command for an export from the container in which the program runs, or "" outside of a container.
func hint(job Job) string {
	if !inImage() || job.Root != "" {
		return ""
	}
	if _, err := os.Stat("/.singularity.d"); err == nil {
		return apptainerHint
	}
	return dockerHint
}

// inImage reports whether this program is the entrypoint of an image.
func inImage() bool {
	program, err := os.Executable()
	return err == nil && program == "/entrypoint"
}

// isDeletedWithContainer reports whether dir is in the file system of the container, not in a folder of the host.
func isDeletedWithContainer(dir string) bool {
	full, err := filepath.Abs(dir)
	mounts, unknown := os.ReadFile("/proc/self/mountinfo")
	if !inImage() || err != nil || unknown != nil {
		return false
	}
	return !onMount(string(mounts), full)
}

// onMount reports whether a path is on a mount other than the root. `mounts` is /proc/self/mountinfo. Source: proc(5).
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
