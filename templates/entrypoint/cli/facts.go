// The facts about the dataset, which are attached to the program before the index.

package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"entrypoint/index"
)

// factsHead is the size of the two numbers before the facts.
const factsHead = 8

// Facts are the properties of the dataset.
type Facts struct {
	Name, Version string
	// Program is the version of datacontainer that built the image, or "".
	Program string
	// Dataset is the content of dataset.json.
	Dataset []byte
	// Index is the index of the catalog.
	Index []byte
}

// readFacts returns the facts in the attached bytes after checking their checksum. docs/index-format.md describes them.
func readFacts(attached []byte) (facts Facts, err error) {
	err = index.Guard(func() error {
		if len(attached) < factsHead {
			return &index.DamagedError{Problem: "is missing"}
		}
		size := max(factsHead, min(int(binary.LittleEndian.Uint32(attached)), len(attached)))
		expected, found := binary.LittleEndian.Uint32(attached[4:]), crc32.ChecksumIEEE(attached[factsHead:size])
		texts := bytes.SplitN(attached[factsHead:size], []byte{0}, 5)
		if found != expected || len(texts) != 5 {
			return fmt.Errorf("dataset.json, the name or a version in this image is damaged: "+
				"expected the checksum %08x, found %08x; pull or build the image again", expected, found)
		}
		facts = Facts{string(texts[0]), string(texts[1]), string(texts[2]), texts[3], attached[size:]}
		return nil
	})
	return facts, err
}
