// The command sign: its flags, and the envelope that it prints.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"packer/signature"
)

// signCommand prints the message of a file, signed with a private key, as an envelope of JSON.
var signCommand = command{
	name: "sign", takes: "--key KEY.pem --type MEDIA-TYPE MESSAGE-FILE",
	define: func(flags *flag.FlagSet) work {
		keyFile := flags.String("key", "", "the private key, a PEM file")
		mediaType := flags.String("type", "", "the message's media type")
		return func(_ context.Context, messages []string) (any, error) {
			if *keyFile == "" || *mediaType == "" || len(messages) != 1 {
				return nil, flagsError{"--key, --type or the message is missing"}
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
