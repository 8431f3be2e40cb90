// Where links lead, and what becomes of them.
package scan

import (
	"path"
	"slices"
	"strings"
	"syscall"
)

// What becomes of links: the configuration's `symlinks`.
const (
	KeepLinks   = "keep"   // all stay links as they are
	FollowLinks = "follow" // what leads out of the dataset becomes a copy of what it leads to
	RefuseLinks = "refuse" // what leads out of the dataset, or nowhere, is an offender
)

// Policies are all that `symlinks` can say.
var Policies = []string{KeepLinks, FollowLinks, RefuseLinks}

// After so many links Linux follows no more.
const maxLinks = 40

// A lead says where a link leads, as an offender's reason has it; "" is a place inside of the dataset.
type lead string

const (
	inside   lead = ""
	absolute lead = "is a link to the absolute path"
	outside  lead = "is a link that leaves the dataset:"
	leftOut  lead = "is a link to what is left out:"
	nowhere  lead = "is a link that leads nowhere:"
	loop     lead = "is a link in a loop:"
)

// followed tells whether the policy to follow links replaces one that leads there.
func (l lead) followed() bool {
	return l == absolute || l == outside || l == leftOut
}

// A base is what links must not leave: the dataset, or a folder that a link to the outside was replaced by.
type base struct {
	prefix string // the folder's path in the dataset, with a slash at its end; "" for the dataset
	above  *base  // in which the link lies
	around []identity
}

// An identity tells a folder from all others.
type identity struct{ device, inode uint64 }

// newBase returns the base of a folder with the given path. It knows all the folders around it: to follow a link from it to
// one of them would have no end.
func (w *walk) newBase(prefix string, above *base) *base {
	b := &base{prefix: prefix, above: above}
	for path := here(prefix); ; path += "/.." {
		var status syscall.Stat_t
		if pathStatus(w.root, path, &status) != nil || b.within(&status) {
			return b
		}
		b.around = append(b.around, identity{status.Dev, status.Ino})
	}
}

// within tells whether the base, or one above it, is or lies in a folder.
func (b *base) within(folder *syscall.Stat_t) bool {
	for ; b != nil; b = b.above {
		if slices.Contains(b.around, identity{folder.Dev, folder.Ino}) {
			return true
		}
	}
	return false
}

// through is how much of a path in the base leads through links.
func (b *base) through() int {
	return max(0, len(b.prefix)-1)
}

// leads tells where a link in a folder of the base leads.
func (w *walk) leads(b *base, folder, name, target string) lead {
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
	return leadOf(pathStatus(w.root, folder+name, &status))
}

// leadOf tells what the system's answer about what lies behind a link says of the link.
func leadOf(err error) lead {
	switch err {
	case nil:
		return inside
	case syscall.ELOOP:
		return loop
	}
	return nowhere
}

// A resolution follows a link, part by part, as far as it stays inside of the base.
type resolution struct {
	*walk
	base    *base
	parts   []string // the path so far, in which there is no link
	rest    []string // what comes behind it
	links   int
	leftOut bool // whether something on the way will not be in the image
}

// resolve tells whether the way stays inside. What is not there is passed over: it may only seem to lead back.
func (r *resolution) resolve() lead {
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
	if r.leftOut {
		return leftOut
	}
	return inside
}

// enter goes on to a name, or to where the link of that name leads.
func (r *resolution) enter(name string) lead {
	r.parts = append(r.parts, name)
	here := r.base.prefix + strings.Join(r.parts, "/")
	next, err := readLink(r.root, here)
	r.checkLeftOut(here, err == syscall.EINVAL)
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

// checkLeftOut notes whether the image will lack a path on the way; only what is no link can be a folder.
func (r *resolution) checkLeftOut(here string, noLink bool) {
	if r.exclude == nil {
		return
	}
	var status syscall.Stat_t
	if noLink && pathStatus(r.root, here, &status) == nil && status.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		here += "/"
	}
	r.leftOut = r.leftOut || r.exclude.leaveOut(here)
}

// lookAtLink adds the record of a link, or of the file that it is replaced by, or says why there can be none.
func (w *worker) lookAtLink(b *builder, t *task, name, target string, descriptor int) {
	if w.symlinks == KeepLinks {
		b.addLink(t.folder, name, target, t.base.through(), &w.status)
		return
	}
	found := w.leads(t.base, t.folder, name, target)
	if w.symlinks == FollowLinks && found.followed() {
		w.lookBehindLink(b, t, name, target, descriptor)
		return
	}
	if found != inside {
		b.offend(t.folder+name, string(found), target)
	}
	b.addLink(t.folder, name, target, t.base.through(), &w.status)
}

// lookBehindLink adds the record of the file that a link is replaced by.
func (w *worker) lookBehindLink(b *builder, t *task, name, target string, descriptor int) {
	if err := pathStatus(w.root, t.folder+name, &w.status); err != nil {
		b.offend(t.folder+name, string(leadOf(err)), target)
		return
	}
	if kind := w.status.Mode & syscall.S_IFMT; kind != syscall.S_IFREG {
		b.refuse(t.folder+name, kindReason(kind), nil)
		return
	}
	w.checkReadable(b, t.folder, name, descriptor, 0)
	b.addFile(t.folder, name, len(t.folder)+len(name), &w.status)
}

// baseOf returns the base of a folder, which is one of its own behind a link; nil where that leads back.
func (w *worker) baseOf(b *builder, t *task, name string, descriptor int) *base {
	if w.symlinks != FollowLinks {
		return t.base
	}
	plain := name[:len(name)-1]
	if err := w.look(descriptor, plain); err != nil || w.status.Mode&syscall.S_IFMT != syscall.S_IFLNK {
		return t.base
	}
	// What cannot be read any more cannot be opened either, and that is told.
	target, _ := readLink(descriptor, plain)
	if err := pathStatus(w.root, t.folder+plain, &w.status); err != nil {
		b.offend(t.folder+plain, string(leadOf(err)), target)
		return nil
	}
	if t.base.within(&w.status) {
		b.offend(t.folder+plain, string(loop), target)
		return nil
	}
	return w.newBase(t.folder+name, t.base)
}
