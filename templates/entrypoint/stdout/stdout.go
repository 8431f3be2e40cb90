// Package stdout makes writes to a standard output that was closed at the start of the program return an error.
//
// Go's runtime opens /dev/null in place of a closed descriptor before it runs any Go code, and all writes would succeed.
// The linker therefore gets the flag -E entrypoint/stdout.entry: the program starts at `entry`, which tests descriptor 1.
package stdout

import "os"

// status is the result of fcntl(1, F_GETFD): negative if descriptor 1 was closed.
var status int64

func init() {
	if status < 0 {
		os.Stdout.Close()
	}
}
