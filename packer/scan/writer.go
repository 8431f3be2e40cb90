// The outputs, and the summary of what goes into them.
package scan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"entrypoint/progress"
)

// A writer writes what was found, in order.
type writer struct {
	outputs                        []*file // the records one after the other, for each its columns, and the offenders
	recordsDigest, offendersDigest hash.Hash
	end                            uint64 // of the records so far
	records                        *progress.Progress
	sum                            Summary
}

// newWriter returns a writer with its outputs open, or without any.
func newWriter(options Options) (*writer, error) {
	w := &writer{recordsDigest: sha256.New(), offendersDigest: sha256.New()}
	for _, path := range []string{options.Records, options.Columns, options.Offenders} {
		one, err := create(path)
		if err != nil {
			w.close()
			return nil, err
		}
		w.outputs = append(w.outputs, one)
	}
	return w, nil
}

// write writes a run of records and offenders behind those before it.
func (w *writer) write(f *found) error {
	for i := 0; i < len(f.columns); i += columnsBytes {
		end := f.columns[i : i+8]
		binary.LittleEndian.PutUint64(end, w.end+binary.LittleEndian.Uint64(end))
	}
	w.end += uint64(len(f.records))
	w.recordsDigest.Write(f.records)
	w.offendersDigest.Write(f.offenders)
	w.records.Files.Add(f.recordCount)
	w.sum.Files += f.fileCount
	w.sum.Bytes += f.fileBytes
	w.sum.Offenders += f.offenderCount
	for i, content := range [][]byte{f.records, f.columns, f.offenders} {
		if err := w.outputs[i].write(content); err != nil {
			return err
		}
	}
	return nil
}

// summary finishes the outputs and returns what there is to say of them.
func (w *writer) summary() (Summary, error) {
	for _, one := range w.outputs {
		if err := one.finish(); err != nil {
			return Summary{}, err
		}
	}
	both := sha256.New()
	both.Write(w.recordsDigest.Sum(nil))
	both.Write(w.offendersDigest.Sum(nil))
	w.sum.Records, w.sum.Digest = w.records.Files.Load(), hex.EncodeToString(both.Sum(nil))
	return w.sum, nil
}

func (w *writer) close() {
	for _, one := range w.outputs {
		one.close()
	}
}
