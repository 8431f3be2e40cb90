// The names that the file system of the target can hold.

package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode"
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

// lookUp returns the entry of a folder that has exactly the last name of the path `full`, or nil if there is no such entry.
// It returns a refusal if the file system cannot store this name, or treats it as the name of another entry.
func (n *names) lookUp(folder *os.Root, full string) (fs.FileInfo, error) {
	dir, name := filepath.Split(full)
	info, err := folder.Lstat(name)
	if err == nil && (n.careful || hasOtherCase(folder, name, info)) {
		return info, n.requireExact(folder, dir, name)
	}
	if errors.Is(err, fs.ErrNotExist) && n.careful {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		return nil, n.try(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, refusedName(name, err)
}

// hasOtherCase reports whether an entry is also found by its name in the other case, as in a folder that ignores case inside
// of a file system that does not.
func hasOtherCase(folder *os.Root, name string, info fs.FileInfo) bool {
	other := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) {
			return r
		}
		return r ^ ' '
	}, name)
	if other == name {
		return false
	}
	found, err := folder.Lstat(other)
	return err == nil && os.SameFile(info, found)
}

// requireExact returns a refusal unless the listing of a folder contains the name.
func (n *names) requireExact(folder *os.Root, dir, name string) error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.listed[dir][name] == name {
		return nil
	}
	if err := n.try(name); err != nil {
		return err
	}
	if n.listed[dir][strings.ToLower(name)] == "" { // Not listed yet, or created by another program.
		present, err := entries(folder)
		if err != nil {
			return fmt.Errorf("listing %q: %w", dir, reason(err))
		}
		n.listed[dir] = map[string]string{}
		for _, one := range present {
			n.add(dir, one)
		}
	}
	switch other := n.listed[dir][strings.ToLower(name)]; {
	case n.listed[dir][name] == name:
		return nil
	case other == "":
		return &refusal{fmt.Sprintf("the target treats %q and the name of another entry as equal", name)}
	default:
		return &refusal{fmt.Sprintf("the target treats %q and %q as equal", name, other)}
	}
}

// add adds an entry to the listing of a folder, if there is one.
func (n *names) add(dir, name string) {
	if listed := n.listed[dir]; listed != nil {
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

// create calls `make`, which must create the entry at the path `full` and return fs.ErrExist if an entry is found by this name.
func (n *names) create(full string, make func() error) error {
	if !n.careful {
		return make()
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	err := make()
	if err == nil {
		n.add(filepath.Split(full))
	}
	return err
}

// rename gives a file its final name, and returns fs.ErrExist if an entry is found by this name.
func rename(folder *os.Root, partial, name string) error {
	err := folder.Link(partial, name)
	if err == nil {
		return folder.Remove(partial)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	// The file system has no hard links.
	if _, err := folder.Lstat(name); err == nil {
		return fs.ErrExist
	}
	return refusedName(name, folder.Rename(partial, name))
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
