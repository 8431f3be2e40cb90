// The inputs: their digests, and whether they changed while the command ran.

package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"entrypoint/files"
)

// Types of inputs.
const (
	fileType   = "file"
	folderType = "folder"
)

// input is a file or folder. digest: sha256:<hex> of a file's content, or of the list of a folder's files. state: a digest of the
// sizes, times and inodes of all files.
type input struct {
	name, kind, path string
	digest, state    string
	files            int
	bytes            int64
}

// readInputs checks and hashes the inputs.
func (j *job) readInputs() (map[string]*input, error) {
	given, err := assigned(j.Request.Inputs, "in", "input", j.Command.Inputs)
	if err != nil {
		return nil, err
	}
	found := map[string]*input{}
	for _, name := range Names(j.Command.Inputs) {
		declared := j.Command.Inputs[name]
		path, is := given[name]
		if !is && declared.Required {
			return nil, usagef("the input %q is missing: add -in %s=PATH, a %s", name, name, declared.Type)
		}
		if is {
			if found[name], err = readInput(name, declared.Type, path, j.Out); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// readInput returns the input at a path. out: the folder of the results, which must not be in it.
func readInput(name, kind, path, out string) (*input, error) {
	absolute, err := filepath.EvalSymlinks(path)
	if err == nil {
		absolute, err = filepath.Abs(absolute)
	}
	if err != nil {
		return nil, usagef("-in %s=%q: %w: bind its folder, as in docker run -v \"$PWD:/in:ro\"", name, path, files.Reason(err))
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return nil, usagef("-in %s=%q: %w", name, path, files.Reason(err))
	}
	if info.IsDir() != (kind == folderType) || !info.IsDir() && !info.Mode().IsRegular() {
		return nil, usagef("-in %s=%q is not a %s: give a %s", name, path, kind, kind)
	}
	real, err := filepath.EvalSymlinks(out)
	if err == nil && info.IsDir() && strings.HasPrefix(real+"/", absolute+"/") {
		return nil, usagef("-in %s=%q contains the folder of -out, %q: choose a folder outside", name, path, out)
	}
	one := &input{name: name, kind: kind, path: absolute}
	return one, one.read()
}

// read sets the digests and counts.
func (i *input) read() error {
	entries, err := list(i.path)
	if err != nil {
		return i.failed(err)
	}
	i.state = stateOf(entries)
	lines := sha256.New()
	for n := range entries {
		one := &entries[n]
		if one.sha256, err = one.hash(i.path); err != nil {
			return i.failed(err)
		}
		i.files++
		i.bytes += one.size
		fmt.Fprintf(lines, "%s %s%s\x00", one.sha256, one.mark(), one.path)
	}
	i.digest = "sha256:" + hex.EncodeToString(lines.Sum(nil))
	if i.kind == fileType {
		i.digest = "sha256:" + entries[0].sha256
	}
	return nil
}

// checkUnchanged returns an error if a file of the input changed since it was read.
func (i *input) checkUnchanged() error {
	entries, err := list(i.path)
	if err == nil && stateOf(entries) != i.state {
		err = errors.New("it changed while the command ran: run the command again when nothing writes into it")
	}
	if err != nil {
		return i.failed(err)
	}
	return nil
}

func (i *input) failed(err error) error { return fmt.Errorf("the input %q: %w", i.name, err) }

// entry is a file or symlink below a folder. path: relative; "" for a single file. link: the target of a symlink.
type entry struct {
	path, link, sha256 string
	size               int64
	state              string
}

// mark is the second character between the digest and the path in the list of a folder, as in sha256sum.
func (e *entry) mark() string {
	if e.link != "" {
		return "@"
	}
	return " "
}

// hash returns the sha256, in hex, of a file's content or a symlink's target.
func (e *entry) hash(folder string) (string, error) {
	if e.link != "" {
		digest := sha256.Sum256([]byte(e.link))
		return hex.EncodeToString(digest[:]), nil
	}
	path := filepath.Join(folder, e.path)
	found, err := hashFile(path)
	if err != nil {
		return "", fmt.Errorf("reading %q: %w", path, files.Reason(err))
	}
	return found, nil
}

// hashFile returns the sha256, in hex, of a file, which must be a regular file.
func hashFile(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	digest := sha256.New()
	_, err = io.Copy(digest, file)
	return hex.EncodeToString(digest.Sum(nil)), err
}

// list returns the files and symlinks below a folder, or a single file, sorted by the bytes of their paths. Other entries, and
// symlinks that lead out of the folder, are errors.
func list(top string) ([]entry, error) {
	var found []entry
	err := filepath.WalkDir(top, func(path string, dir fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("listing %q: %w", path, files.Reason(err))
		}
		if dir.IsDir() {
			return nil
		}
		one, err := entryOf(top, path)
		found = append(found, one)
		return err
	})
	slices.SortFunc(found, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	return found, err
}

func entryOf(top, path string) (entry, error) {
	one := entry{path: strings.TrimPrefix(strings.TrimPrefix(path, top), "/")}
	info, err := os.Lstat(path)
	if err != nil {
		return one, fmt.Errorf("reading %q: %w", one.path, files.Reason(err))
	}
	state := info.Sys().(*syscall.Stat_t)
	one.state = fmt.Sprint(info.Size(), state.Mtim, state.Ctim, state.Ino)
	switch {
	case info.Mode().IsRegular():
		one.size = info.Size()
	case info.Mode()&fs.ModeSymlink != 0:
		if one.link, err = os.Readlink(path); err != nil {
			return one, fmt.Errorf("reading the symlink %q: %w", one.path, files.Reason(err))
		}
		if filepath.IsAbs(one.link) || !filepath.IsLocal(filepath.Join(filepath.Dir(one.path), one.link)) {
			return one, fmt.Errorf("%q is a symlink to %q, outside of the folder: replace it by a copy", one.path, one.link)
		}
	default:
		return one, fmt.Errorf("%q is neither a file nor a folder nor a symlink: remove it", one.path)
	}
	return one, nil
}

func stateOf(entries []entry) string {
	digest := sha256.New()
	for _, one := range entries {
		fmt.Fprintf(digest, "%s\x00%s\x00%s\x00", one.path, one.link, one.state)
	}
	return string(digest.Sum(nil))
}
