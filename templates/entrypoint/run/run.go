// One run: from the request to the result.

package run

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"entrypoint/files"
)

// Result is the folder of a result. Existed is true if an earlier run wrote it.
type Result struct {
	Folder  string
	Existed bool
}

// Run runs a command, or finds the result of an earlier run with the same data, program, parameters and inputs.
//
// The result is written beside its place, checked, synced and renamed. A run that fails leaves its log and no result.
func Run(request *Request) (Result, error) {
	j, err := newJob(request)
	if err != nil {
		return Result{}, err
	}
	same := j.identity()
	digest := digestOf(encoded(same))
	p := &place{parent: filepath.Join(j.Out, j.Dataset.Name, j.Dataset.Version, request.Command), run: runOf(digest)}
	// A person may find a result in a folder that only others may write.
	if p.find(digest, io.Discard) {
		return Result{p.target(), true}, nil
	}
	waiting := func() {
		fmt.Fprintf(j.Messages, "another process runs this command: waiting for its result %q\n", p.target())
	}
	if err := p.enter(waiting); err != nil {
		return Result{}, err
	}
	defer p.leave()
	if p.find(digest, j.Messages) {
		return Result{p.target(), true}, nil
	}
	return Result{Folder: p.target()}, j.run(p, same, digest)
}

// find reports whether the place holds an undamaged result. digest: of the identity of its run.
func (p *place) find(digest string, messages io.Writer) bool {
	if _, err := os.Lstat(p.target()); err != nil {
		return false
	}
	damage := check(p.target(), digest)
	if damage != nil {
		fmt.Fprintf(messages, "the result %q is damaged: %s; running the command again\n", p.target(), damage)
	}
	return damage == nil
}

// run runs the command and writes its result; after an error, it leaves the log.
func (j *job) run(p *place, same identity, digest string) error {
	if err := p.prepare(); err != nil {
		return err
	}
	err := j.complete(p, same, digest)
	if err == nil {
		err = p.finish()
	}
	if err == nil {
		return nil
	}
	log := filepath.Join(p.partial(), logName)
	if _, missing := os.Lstat(log); missing != nil {
		log = filepath.Join(p.result(), logName)
	}
	if os.Rename(log, p.log()) == nil {
		err = fmt.Errorf("%w; its output is in %q", err, p.log())
	}
	removeAll(p.partial())
	return err
}

// complete runs the command and completes the folder of its result.
func (j *job) complete(p *place, same identity, digest string) error {
	path := filepath.Join(p.partial(), logName)
	log, err := os.Create(path)
	if err != nil {
		return notWritten(path, err)
	}
	done, err := j.execute(p, log)
	if closing := log.Close(); err == nil && closing != nil {
		err = notWritten(path, closing)
	}
	if err != nil {
		return err
	}
	for _, name := range Names(j.inputs) {
		if err := j.inputs[name].checkUnchanged(); err != nil {
			return err
		}
	}
	if err := j.checkWritten(p.result()); err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(p.result(), logName)); err != nil {
		return fmt.Errorf("renaming %q: %w", path, files.Reason(err))
	}
	return j.describe(p.result(), j.record(same, digest, done))
}

// describe writes the documents of a result, run.json last.
func (j *job) describe(folder string, found *record) error {
	if err := j.writeBIDS(folder); err != nil {
		return err
	}
	var err error
	if found.Files, err = listed(folder); err != nil {
		return err
	}
	if err := writeJSON(folder, crateName, j.crate(found)); err != nil {
		return err
	}
	if found.Files, err = withFile(found.Files, folder, crateName); err != nil {
		return err
	}
	if err := writeJSON(folder, recordName, found); err != nil {
		return err
	}
	return syncAll(folder)
}
