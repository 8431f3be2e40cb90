// The output files and the summary.
package scan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"entrypoint/progress"
)

// A writer writes results in the order of the list.
type writer struct {
	outputs                      []*file // records, columns, refused entries
	recordsDigest, refusedDigest hash.Hash
	end                          uint64 // the size of the records so far
	records                      *progress.Progress
	sum                          Summary
}

// newWriter returns a writer whose output files are created, except those with the path "".
func newWriter(options Options) (*writer, error) {
	w := &writer{recordsDigest: sha256.New(), refusedDigest: sha256.New()}
	w.sum.LeftOut = make([]int64, options.Defaults)
	for _, path := range []string{options.Records, options.Columns, options.Refused} {
		created, err := create(path)
		if err != nil {
			w.close()
			return nil, err
		}
		w.outputs = append(w.outputs, created)
	}
	return w, nil
}

// write appends records, columns and refused entries to the outputs.
func (w *writer) write(f *found) error {
	for i := 0; i < len(f.columns); i += columnsBytes {
		end := f.columns[i : i+8]
		binary.LittleEndian.PutUint64(end, w.end+binary.LittleEndian.Uint64(end))
	}
	w.end += uint64(len(f.records))
	w.recordsDigest.Write(f.records)
	w.refusedDigest.Write(f.refused)
	w.records.Files.Add(f.recordCount)
	w.sum.Files += f.fileCount
	w.sum.Bytes += f.fileBytes
	w.sum.Refused += f.refusedCount
	w.sum.Broken.add(f.broken)
	for i, count := range f.leftOut {
		w.sum.LeftOut[i] += count
	}
	for i, content := range [][]byte{f.records, f.columns, f.refused} {
		if err := w.outputs[i].write(content); err != nil {
			return err
		}
	}
	return nil
}

// summary closes the outputs and returns the summary.
func (w *writer) summary() (Summary, error) {
	for _, one := range w.outputs {
		if err := one.finish(); err != nil {
			return Summary{}, err
		}
	}
	both := sha256.New()
	both.Write(w.recordsDigest.Sum(nil))
	both.Write(w.refusedDigest.Sum(nil))
	w.sum.Records, w.sum.Digest = w.records.Files.Load(), hex.EncodeToString(both.Sum(nil))
	return w.sum, nil
}

func (w *writer) close() {
	for _, one := range w.outputs {
		one.close()
	}
}
