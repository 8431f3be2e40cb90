// Command entrypoint is the program of a data container.
package main

import (
	"os"

	"entrypoint/attached"
	"entrypoint/cli"
)

func main() {
	os.Exit(cli.Main(attached.Bytes(), os.Args))
}
