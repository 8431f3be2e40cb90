// The command sign: its flags and its result.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"packer/signature"
)

// signCommand signs the content of a file with a private key, and prints a JSON envelope with the signature.
var signCommand = command{
	name: "sign", usage: "--key KEY.pem --type MEDIA-TYPE MESSAGE-FILE",
	define: func(flags *flag.FlagSet) action {
		keyFile := flags.String("key", "", "the private key (PEM file)")
		mediaType := flags.String("type", "", "the media type of the message")
		return func(_ context.Context, messages []string) (any, error) {
			if *keyFile == "" || *mediaType == "" || len(messages) != 1 {
				return nil, flagsError{"expected --key, --type and one message file"}
			}
			key, err := signature.ReadKey(*keyFile)
			if err != nil {
				return nil, usageError{err.Error()}
			}
			message, err := os.ReadFile(messages[0])
			if err != nil {
				return nil, fmt.Errorf("reading the message: %w", err)
			}
			return signature.Envelope(key, *mediaType, message)
		}
	},
}
