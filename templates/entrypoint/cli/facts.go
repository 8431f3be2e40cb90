// The checksum of the facts that are compiled into the program.

package cli

import (
	"fmt"
	"hash/crc32"
)

// check returns an error if the checksum of Name, Version, Program and Dataset, with a NUL byte between them, is not Checksum:
// eight hexadecimal digits of a CRC-32 as in gzip.
func (f Facts) check() error {
	if f.Checksum == "" {
		return nil
	}
	sum := crc32.ChecksumIEEE([]byte(f.Name + "\x00" + f.Version + "\x00" + f.Program + "\x00"))
	found := fmt.Sprintf("%08x", crc32.Update(sum, crc32.IEEETable, f.Dataset))
	if found != f.Checksum {
		return fmt.Errorf("dataset.json, the name or a version in this image is damaged: "+
			"expected the checksum %q, found %q; pull or build the image again", f.Checksum, found)
	}
	return nil
}
