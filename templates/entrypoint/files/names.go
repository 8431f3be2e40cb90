// The names that the file system of the target can hold.

package files

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// names looks up and creates entries of a target whose file system may treat different names as equal, store a name in
// another form, or refuse it.
type names struct {
	root *os.Root
	// careful is true unless a probe showed that the file system stores each name exactly.
	careful bool
	// probes is the name of an empty folder in which names are tried, "" if it cannot be created.
	probes string

	mutex sync.Mutex // protects the field below and, if careful, each creation
	// listed contains the entries of folders by their name, and by their name in lower case.
	listed map[string]map[string]string
}

// folder is an open folder of the target.
type folder struct {
	*os.Root
	path string // in messages
	// distinct is true if the folder is known to distinguish the case of names.
	distinct bool
}

// refusal is the reason why the target cannot hold one file, although it can hold others.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

// refuse returns a refusal instead of an error with one of the numbers, and any other error unchanged.
func refuse(what string, err error, numbers ...syscall.Errno) error {
	if slices.ContainsFunc(numbers, func(number syscall.Errno) bool { return errors.Is(err, number) }) {
		return &refusal{fmt.Sprintf("the target cannot store %s (%s)", what, Reason(err))}
	}
	return err
}

func refuseName(name string, err error, more ...syscall.Errno) error {
	return refuse(fmt.Sprintf("the name %q", name), err, append(more, syscall.EINVAL, syscall.EILSEQ, syscall.ENAMETOOLONG)...)
}

// newNames tries one name: some file systems refuse or interpret its colon or backslash, or treat it as equal to the name in
// the other case, in decomposed form, or without the dot at the end.
func newNames(root *os.Root) *names {
	n := &names{root: root, careful: true, probes: partialName(), listed: map[string]map[string]string{}}
	if root.Mkdir(n.probes, 0o700) != nil {
		n.probes = "" // Existing files are compared, and the creation of the first file returns this error.
		return n
	}
	if n.careful = n.try("A:\\\u00e9.", "a:\\\u00e9.", "A:\\e\u0301.", "A:\\\u00e9") != nil; !n.careful {
		n.close()
	}
	return n
}

func (n *names) close() {
	if n.probes != "" {
		n.root.Remove(n.probes)
		n.probes = ""
	}
}

// try returns a refusal if the file system cannot store a name, stores it in another form, or finds it by a similar name.
func (n *names) try(name string, similar ...string) error {
	if n.probes == "" {
		return nil
	}
	probe, err := n.root.OpenFile(n.probes+"/"+name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if _, gone := n.root.Lstat(n.probes); gone != nil {
			return Reason(gone)
		}
		return refuseName(name, err, syscall.ENOENT, syscall.EPERM)
	}
	probe.Close()
	isFound := slices.ContainsFunc(similar, func(other string) bool {
		_, err := n.root.Lstat(n.probes + "/" + other)
		return err == nil
	})
	stored, err := entries(n.root, n.probes)
	for _, one := range stored {
		n.root.Remove(n.probes + "/" + one)
	}
	if err == nil && (isFound || !slices.Equal(stored, []string{name})) {
		return &refusal{fmt.Sprintf("the target stores the name %q as %q", name, strings.Join(stored, "/"))}
	}
	return err
}

// lookUp returns the entry of a folder with exactly this name, or nil if there is none. It returns a refusal if the file
// system cannot store the name, or treats it as the name of another entry.
func (n *names) lookUp(f *folder, name string) (fs.FileInfo, error) {
	info, err := f.Lstat(name)
	switch {
	case err == nil && (n.careful || f.ignoresCase(name)):
		return info, n.requireExact(f, name)
	case err == nil:
		return info, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading %q: %w", filepath.Join(f.path, name), Reason(refuseName(name, err)))
	case !n.careful:
		return nil, nil
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return nil, n.try(name)
}

// ignoresCase reports whether an existing entry is perhaps found by its name in the other case, as in a folder with its own
// file system.
func (f *folder) ignoresCase(name string) bool {
	if f.distinct {
		return false
	}
	other := []byte(name)
	for i, letter := range other {
		if lower := letter | ' '; lower >= 'a' && lower <= 'z' {
			other[i] = letter ^ ' '
		}
	}
	if string(other) == name {
		return false
	}
	_, err := f.Lstat(string(other))
	f.distinct = err != nil
	return !f.distinct
}

// requireExact returns a refusal unless the listing of a folder contains the name.
func (n *names) requireExact(f *folder, name string) error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.listed[f.path][name] == name {
		return nil
	}
	if err := n.try(name); err != nil {
		return err
	}
	lower := strings.ToLower(name)
	// An entry is missing if the folder is not listed yet, or if it was created after that.
	if !n.careful || n.listed[f.path][lower] == "" {
		present, err := entries(f.Root, ".")
		if err != nil {
			return fmt.Errorf("listing %q: %w", f.path, Reason(err))
		}
		n.listed[f.path] = map[string]string{}
		for _, one := range present {
			n.add(f.path, one)
		}
	}
	if n.listed[f.path][name] == name {
		return nil
	}
	other := "the name of another entry"
	if known := n.listed[f.path][lower]; known != "" {
		other = strconv.Quote(known)
	}
	return &refusal{fmt.Sprintf("the target treats %q and %s as equal", name, other)}
}

// add adds an entry to the listing of the folder at a path, if there is one.
func (n *names) add(path, name string) {
	if listed := n.listed[path]; listed != nil {
		lower := strings.ToLower(name)
		listed[lower] = cmp.Or(listed[lower], name)
		listed[name] = name
	}
}

// create calls `make`, which must create an entry, or return fs.ErrExist if one is found by this name.
func (n *names) create(f *folder, name string, make func() error) error {
	if n.careful {
		n.mutex.Lock()
		defer n.mutex.Unlock()
	}
	err := make()
	if !n.careful {
		n.mutex.Lock()
		defer n.mutex.Unlock()
	}
	if err == nil {
		n.add(f.path, name)
	}
	return err
}

// rename gives a file its final name, and returns fs.ErrExist if an entry is found by this name.
func rename(f *folder, partial, name string) error {
	err := f.Link(partial, name)
	if err == nil {
		return f.Remove(partial)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	// The file system has no hard links.
	if _, err := f.Lstat(name); err == nil {
		return fs.ErrExist
	}
	return refuseName(name, f.Rename(partial, name))
}

// entries returns the names of all entries of a folder below root.
func entries(root *os.Root, path string) ([]string, error) {
	opened, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return opened.Readdirnames(-1)
}
