// The place of a result, and the lock that only one process holds.

package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"entrypoint/files"
)

// place is the folder of a result, <parent>/<run>, and what lies beside it until the result is complete.
type place struct {
	parent, run string
	lock        *os.File
}

func (p *place) target() string  { return filepath.Join(p.parent, p.run) }
func (p *place) partial() string { return filepath.Join(p.parent, "."+p.run+".partial") }
func (p *place) result() string  { return filepath.Join(p.partial(), "result") }
func (p *place) home() string    { return filepath.Join(p.partial(), "tmp") }
func (p *place) log() string     { return p.target() + ".log" }
func (p *place) locked() string  { return filepath.Join(p.parent, "."+p.run+".lock") }

// enter creates the folders above the result and takes the lock. waiting is called if another process holds it.
func (p *place) enter(waiting func()) error {
	if err := os.MkdirAll(p.parent, 0o777); err != nil {
		return notWritten(p.parent, err)
	}
	for {
		lock, err := os.OpenFile(p.locked(), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o666)
		if err != nil {
			return notWritten(p.locked(), err)
		}
		if err := take(lock, waiting); err != nil {
			lock.Close()
			return fmt.Errorf("locking %q: %w: choose a folder on another file system", p.locked(), err)
		}
		// The process that held the lock removes the file.
		held, err := lock.Stat()
		there, missing := os.Lstat(p.locked())
		if err == nil && missing == nil && os.SameFile(held, there) {
			p.lock = lock
			return nil
		}
		lock.Close()
	}
}

func take(lock *os.File, waiting func()) error {
	err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		waiting()
		for err = syscall.EINTR; err == syscall.EINTR; {
			err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
		}
	}
	return err
}

// leave releases the lock.
func (p *place) leave() {
	os.Remove(p.locked())
	p.lock.Close()
}

// prepare removes what a killed run left, and creates the folders of the command.
func (p *place) prepare() error {
	if err := removeAll(p.partial()); err != nil {
		return notWritten(p.partial(), err)
	}
	for _, folder := range []string{p.partial(), p.result(), p.home()} {
		if err := os.Mkdir(folder, 0o777); err != nil {
			return notWritten(folder, err)
		}
	}
	return nil
}

// finish renames the complete result to its place. A damaged result is moved beside it.
func (p *place) finish() error {
	if _, err := os.Lstat(p.target()); err == nil {
		if err := removeAll(p.target() + ".damaged"); err != nil {
			return notWritten(p.target()+".damaged", err)
		}
		if err := os.Rename(p.target(), p.target()+".damaged"); err != nil {
			return notWritten(p.target()+".damaged", err)
		}
	}
	if err := os.Rename(p.result(), p.target()); err != nil {
		return notWritten(p.target(), err)
	}
	os.Remove(p.log())
	removeAll(p.partial())
	return syncFolder(p.parent)
}

// removeAll removes a folder with all that is in it, also if the command made a folder that cannot be listed or changed.
func removeAll(path string) error {
	if os.RemoveAll(path) == nil {
		return nil
	}
	filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && (err == nil || errors.Is(err, fs.ErrPermission)) {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err == nil {
		defer folder.Close()
		err = folder.Sync()
	}
	if err != nil && !errors.Is(err, syscall.EINVAL) {
		return notWritten(path, err)
	}
	return nil
}

func notWritten(path string, err error) error {
	return fmt.Errorf("writing %q: %w: bind a folder that you may write, with free space", path, files.Reason(err))
}
