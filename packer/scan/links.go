// Targets of symlinks, and how symlinks are handled.
package scan

import (
	"path"
	"slices"
	"strings"
	"syscall"
)

// The values of `symlinks` in the configuration: how symlinks are handled.
const (
	KeepLinks   = "keep"   // store all symlinks unchanged
	FollowLinks = "follow" // replace symlinks whose target is outside of the dataset or excluded by a copy of the target
	// Refuse symlinks whose target is outside of the dataset, excluded or missing, but replace symlinks to files that are
	// left out by default, such as those of git-annex.
	RefuseLinks = "refuse"
)

// Policies are all values of `symlinks`.
var Policies = []string{KeepLinks, FollowLinks, RefuseLinks}

// Linux follows at most this many symlinks in one path.
const maxLinks = 40

// A targetClass classifies the target of a symlink; the text is the reason in the refused entry.
type targetClass string

const (
	inside   targetClass = ""
	absolute targetClass = "is a symlink to the absolute path"
	outside  targetClass = "is a symlink to a path outside of the dataset:"
	excluded targetClass = "is a symlink to an excluded path:"
	leftOut  targetClass = "is a symlink to a path that is left out by default:"
	dangling targetClass = "is a symlink to a path that does not exist:"
	loop     targetClass = "is a symlink in a loop:"
)

// followed reports whether FollowLinks replaces the symlink by its target.
func (c targetClass) followed() bool {
	return c == absolute || c == outside || c == excluded || c == leftOut
}

// A base is the dataset, or a folder that replaces a symlink to the outside. Symlinks in it may only point into it.
type base struct {
	prefix  string     // path of the folder in the dataset, with a slash at its end; "" for the dataset
	parent  *base      // the base that contains the symlink
	folders []identity // the folder and its parent folders, up to the file system's root or a folder of a parent base
}

// An identity identifies a folder.
type identity struct{ device, inode uint64 }

// newBase returns the base of the folder with the given path. It stores the identities of the parent folders, because
// following a symlink to one of them would never end.
func (w *walk) newBase(prefix string, parent *base) *base {
	b := &base{prefix: prefix, parent: parent}
	for path := pathOrDot(prefix); ; path += "/.." {
		var status syscall.Stat_t
		if pathStatus(w.root, path, &status) != nil || b.inside(&status) {
			return b
		}
		b.folders = append(b.folders, identity{status.Dev, status.Ino})
	}
}

// inside reports whether a folder is, or contains, this base or one of its parent bases.
func (b *base) inside(folder *syscall.Stat_t) bool {
	for ; b != nil; b = b.parent {
		if slices.Contains(b.folders, identity{folder.Dev, folder.Ino}) {
			return true
		}
	}
	return false
}

// through returns Record.Through of the paths in the base.
func (b *base) through() int {
	return max(0, len(b.prefix)-1)
}

// classify returns the class of the target of a symlink, which is in a folder of the base.
func (w *walk) classify(b *base, folder, name, target string) targetClass {
	if strings.HasPrefix(target, "/") {
		return absolute
	}
	below := folder[len(b.prefix):]
	if lexical := path.Join(below, target); lexical == ".." || strings.HasPrefix(lexical, "../") {
		return outside
	}
	r := resolution{walk: w, base: b, rest: strings.Split(target, "/")}
	if below != "" {
		r.parts = strings.Split(below[:len(below)-1], "/")
	}
	if found := r.resolve(); found != inside {
		return found
	}
	var status syscall.Stat_t
	return classOf(pathStatus(w.root, folder+name, &status))
}

// classOf returns the class of a symlink, given the result of stat(2) on it.
func classOf(err error) targetClass {
	switch err {
	case nil:
		return inside
	case syscall.ELOOP:
		return loop
	}
	return dangling
}

// A resolution follows a symlink, one path component at a time, while it stays inside of the base.
type resolution struct {
	*walk
	base     *base
	parts    []string // the resolved components, none of which is a symlink
	rest     []string // the components that are not resolved yet
	links    int      // the number of symlinks that were followed
	excluded bool     // whether one of the paths is excluded from the image
	leftOut  bool     // whether one of the paths is excluded by default
}

// resolve returns `inside` unless a component leaves the base or is excluded, or there are too many symlinks. It does not
// check that components exist: classify does so afterwards.
func (r *resolution) resolve() targetClass {
	for len(r.rest) > 0 {
		name := r.rest[0]
		r.rest = r.rest[1:]
		switch {
		case name == "" || name == ".":
			continue
		case name == ".." && len(r.parts) == 0:
			return outside
		case name == "..":
			r.parts = r.parts[:len(r.parts)-1]
			continue
		}
		if found := r.enter(name); found != inside {
			return found
		}
	}
	switch {
	case r.excluded:
		return excluded
	case r.leftOut:
		return leftOut
	}
	return inside
}

// enter adds a component to the path or, if it is a symlink, the components of its target to the rest.
func (r *resolution) enter(name string) targetClass {
	r.parts = append(r.parts, name)
	path := r.base.prefix + strings.Join(r.parts, "/")
	next, err := readLink(r.root, path)
	r.checkExcluded(path, err == syscall.EINVAL)
	if err != nil {
		return inside
	}
	if r.links++; r.links > maxLinks {
		return loop
	}
	if strings.HasPrefix(next, "/") {
		return outside
	}
	r.parts = r.parts[:len(r.parts)-1]
	r.rest = slices.Concat(strings.Split(next, "/"), r.rest)
	return inside
}

// checkExcluded sets r.excluded or r.leftOut if a path on the way is excluded. A path that is not a symlink may be a folder.
func (r *resolution) checkExcluded(path string, notLink bool) {
	start := strings.LastIndexByte(path, '/') + 1
	rule, folderRule := r.exclude.excludedBy(path[:start], path[start:]), r.exclude.excludedBy(path[:start], path[start:]+"/")
	if rule != folderRule && notLink && r.leadsToFolder(path) {
		rule = folderRule
	}
	r.leftOut = r.leftOut || rule != included && rule < r.defaults
	r.excluded = r.excluded || rule >= r.defaults
}

// addLink adds the record of a symlink, or of the file that replaces it, or a refused entry.
func (w *worker) addLink(b *builder, t *task, name, target string, descriptor int) {
	if w.symlinks == KeepLinks {
		b.addLink(t.folder, name, target, t.base.through(), &w.status)
		if w.columns {
			w.countBroken(&b.current.broken, t, name, target)
		}
		return
	}
	class := w.classify(t.base, t.folder, name, target)
	if w.symlinks == FollowLinks && class.followed() || class == leftOut && !w.leadsToFolder(t.folder+name) {
		w.addTarget(b, t, name, target, descriptor)
		return
	}
	if class != inside {
		b.refuse(t.folder+name, string(class), target)
	}
	b.addLink(t.folder, name, target, t.base.through(), &w.status)
}

func (w *walk) leadsToFolder(path string) bool {
	var status syscall.Stat_t
	err := pathStatus(w.root, path, &status)
	return err == nil && status.Mode&syscall.S_IFMT == syscall.S_IFDIR
}

// addTarget adds the record of the file that replaces a symlink.
func (w *worker) addTarget(b *builder, t *task, name, target string, descriptor int) {
	if err := pathStatus(w.root, t.folder+name, &w.status); err != nil {
		b.refuse(t.folder+name, string(classOf(err)), target)
		return
	}
	if kind := w.status.Mode & syscall.S_IFMT; kind != syscall.S_IFREG {
		b.refuse(t.folder+name, kindReason(kind), "")
		return
	}
	w.checkReadable(b, t.folder, name, descriptor, 0)
	b.addFile(t.folder, name, len(t.folder)+len(name), &w.status)
}

// baseOf returns the base of a subfolder: a new base if the subfolder replaces a symlink, nil if the symlink is refused.
func (w *worker) baseOf(b *builder, t *task, name string, descriptor int) *base {
	if w.symlinks != FollowLinks {
		return t.base
	}
	plain := name[:len(name)-1]
	if err := w.readStatus(descriptor, plain); err != nil || w.status.Mode&syscall.S_IFMT != syscall.S_IFLNK {
		return t.base
	}
	// An error is not checked here: the same error occurs when the folder is opened, and is reported then.
	target, _ := readLink(descriptor, plain)
	if err := pathStatus(w.root, t.folder+plain, &w.status); err != nil {
		b.refuse(t.folder+plain, string(classOf(err)), target)
		return nil
	}
	if t.base.inside(&w.status) {
		b.refuse(t.folder+plain, string(loop), target)
		return nil
	}
	return w.newBase(t.folder+name, t.base)
}
