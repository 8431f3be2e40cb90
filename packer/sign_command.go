// The command sign: its flags, and the envelope that it prints.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"packer/signature"
)

const signUsage = "usage: packer sign --key KEY.pem --type MEDIA-TYPE MESSAGE-FILE"

// signCommand prints the message of a file, signed with a private key, as an envelope of JSON.
func signCommand(args []string) error {
	var keyFile, mediaType string
	flags := flag.NewFlagSet("sign", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&keyFile, "key", "", "the private key, a PEM file")
	flags.StringVar(&mediaType, "type", "", "the message's media type")
	if err := flags.Parse(args); err != nil {
		return usageError{fmt.Sprintf("%v; %s", err, signUsage)}
	}
	if keyFile == "" || mediaType == "" || flags.NArg() != 1 {
		return usageError{"--key, --type or the message is missing; " + signUsage}
	}
	key, err := signature.ReadKey(keyFile)
	if err != nil {
		return usageError{err.Error()}
	}
	message, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("reading the message: %w", err)
	}
	signed, err := signature.Envelope(key, mediaType, message)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(signed)
	return err
}
