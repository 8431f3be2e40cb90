package main

// The linker needs the entry of this package, also if a user's main.go does not import package cli.
import _ "entrypoint/process"
