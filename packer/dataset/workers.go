// The number of files and folders that are read at the same time.
package dataset

import (
	"fmt"
	"strconv"
)

// WorkersVariable is the environment variable that sets Workers. It has no influence on results.
const WorkersVariable = "DATACONTAINER_OPEN_FILES"

// On network file systems, the speed depends on the number of files that are opened concurrently.
const maxWorkers = 32

// Workers is the number of files and folders of the dataset that the program opens or reads at the same time.
var Workers = maxWorkers

// SetWorkers sets Workers, unless the text is empty, and returns an error if it is no number from 1 to maxWorkers.
func SetWorkers(text string) error {
	if text == "" {
		return nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > maxWorkers {
		return fmt.Errorf("%s is %q, expected a number from 1 to %d", WorkersVariable, text, maxWorkers)
	}
	Workers = number
	return nil
}
