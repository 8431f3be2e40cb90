// The names that the file system of the target can hold.

package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// names looks up and creates entries of a target whose file system may treat different names as equal, store a name in
// another form, or refuse it.
type names struct {
	root *os.Root
	// careful is true unless probes showed that the file system stores each name exactly.
	careful bool
	// probes is an empty folder of the target in which names are tried, nil if it cannot be created.
	probes *os.Root
	place  string // of probes in the target

	mutex sync.Mutex // protects the fields below and, if careful, each creation
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

// The name of a probe, and names that some file systems treat as equal: in the other case, decomposed, without the last dot.
// Some file systems refuse or interpret the colon and the backslash.
const probed = "A:\\\u00e9."

var similar = []string{"a:\\\u00e9.", "A:\\e\u0301.", "A:\\\u00e9"}

// newNames tries a few names in a temporary folder of the target.
func newNames(root *os.Root) *names {
	n := &names{root: root, careful: true, place: partialName(), listed: map[string]map[string]string{}}
	if root.Mkdir(n.place, 0o700) != nil {
		return n // Existing files can still be compared, and each creation returns this error.
	}
	if n.probes, _ = root.OpenRoot(n.place); n.probes == nil {
		return n
	}
	probe, err := n.probes.Create(probed)
	if err != nil {
		return n
	}
	probe.Close()
	exists := func(name string) bool {
		_, err := n.probes.Lstat(name)
		return !errors.Is(err, fs.ErrNotExist)
	}
	isEqual := slices.ContainsFunc(similar, exists)
	n.careful = !slices.Equal(n.clear(), []string{probed}) || isEqual
	if !n.careful {
		n.close()
	}
	return n
}

// clear deletes the probes and returns the names under which they were stored.
func (n *names) clear() []string {
	stored, _ := entries(n.probes)
	for _, name := range stored {
		n.probes.Remove(name)
	}
	return stored
}

func (n *names) close() {
	if n.probes != nil {
		n.probes.Close()
		n.probes = nil
		n.root.Remove(n.place)
	}
}

// lookUp returns the entry of a folder with exactly this name, or nil if there is none. It returns a refusal if the file
// system cannot store the name, or treats it as the name of another entry.
func (n *names) lookUp(f *folder, name string) (fs.FileInfo, error) {
	info, err := f.Lstat(name)
	switch {
	case err == nil && (n.careful || f.ignoresCase(name, info)):
		return info, n.requireExact(f, name)
	case err == nil:
		return info, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, refusedName(name, err)
	case !n.careful:
		return nil, nil
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return nil, n.try(name)
}

// ignoresCase reports whether an existing entry is also found by its name in the other case. A folder can ignore the case
// although the root of the target does not.
func (f *folder) ignoresCase(name string, info fs.FileInfo) bool {
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
	found, err := f.Lstat(string(other))
	f.distinct = err != nil || !os.SameFile(info, found)
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
	if n.listed[f.path][strings.ToLower(name)] == "" { // Not listed yet, or created by another program.
		present, err := entries(f.Root)
		if err != nil {
			return fmt.Errorf("listing %q: %w", f.path, reason(err))
		}
		n.listed[f.path] = map[string]string{}
		for _, one := range present {
			n.add(f.path, one)
		}
	}
	switch other := n.listed[f.path][strings.ToLower(name)]; {
	case n.listed[f.path][name] == name:
		return nil
	case other == "":
		return &refusal{fmt.Sprintf("the target treats %q and the name of another entry as equal", name)}
	default:
		return &refusal{fmt.Sprintf("the target treats %q and %q as equal", name, other)}
	}
}

// add adds an entry to the listing of the folder at a path, if there is one.
func (n *names) add(path, name string) {
	if listed := n.listed[path]; listed != nil {
		if lower := strings.ToLower(name); listed[lower] == "" {
			listed[lower] = name
		}
		listed[name] = name
	}
}

// try returns a refusal if the file system cannot store a name, or stores it in another form.
func (n *names) try(name string) error {
	if n.probes == nil {
		return nil
	}
	probe, err := n.probes.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if _, gone := n.root.Lstat(n.place); gone != nil || hitsAll(err) {
			return err
		}
		return &refusal{fmt.Sprintf("the target cannot store the name %q%s", name, because(err))}
	}
	probe.Close()
	if stored := n.clear(); !slices.Equal(stored, []string{name}) {
		return &refusal{fmt.Sprintf("the target stores the name %q as %q", name, strings.Join(stored, "/"))}
	}
	return nil
}

// create calls `make`, which must create an entry, or return fs.ErrExist if one is found by this name.
func (n *names) create(f *folder, name string, make func() error) error {
	if !n.careful {
		return make()
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	err := make()
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
	return refusedName(name, f.Rename(partial, name))
}

// refusedName returns a refusal instead of an error that only concerns the name.
func refusedName(name string, err error) error {
	for _, one := range []error{syscall.EINVAL, syscall.EILSEQ, syscall.ENAMETOOLONG} {
		if errors.Is(err, one) {
			return &refusal{fmt.Sprintf("the target cannot store the name %q%s", name, because(err))}
		}
	}
	return err
}

// hitsAll reports whether an error concerns all files of the target.
func hitsAll(err error) bool {
	for _, one := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.EACCES} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// because returns an error in parentheses, or "" for the error that some file systems return for each invalid name.
func because(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return fmt.Sprintf(" (%s)", reason(err))
}

// entries returns the names of all entries of a folder.
func entries(folder *os.Root) ([]string, error) {
	opened, err := folder.Open(".")
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return opened.Readdirnames(-1)
}
