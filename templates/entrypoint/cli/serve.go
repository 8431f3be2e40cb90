// -serve: a server of the files, with a page and an API.

package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"entrypoint/serve"
)

// The addresses without a value of -serve: a container has its own network, another process shares that of the machine.
const (
	localAddress     = "127.0.0.1:8080"
	containerAddress = ":8080"
)

var serveCommand = Command{
	Name: "serve", Takes: "[ADDR]", Optional: true, Help: "serves a page, an API, the files, WebDAV and S3 over HTTP",
	Group: Files, Refuses: all,
	Run: func(s *Session) (int, error) {
		handler, err := serve.New(serve.Options{
			Name: s.Facts.Name, Index: s.Index, Token: s.token(), Log: s.accessLog(), Query: s.query,
		})
		if err != nil {
			return NoMatch, err
		}
		listener, err := net.Listen("tcp", serveAddress(s.Flag("serve"), os.Getpid()))
		if err != nil {
			return NoMatch, fmt.Errorf("%w: choose another address, such as -serve 127.0.0.1:9000", err)
		}
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		fmt.Fprintf(s.Messages, "serving %s %s at http://%s/\n", s.Facts.Name, s.Facts.Version, listener.Addr())
		return Done, serve.Serve(ctx, listener, handler)
	},
}

// serveAddress returns the address to listen on. given: the value of the flag. process: 1 for the first of a container.
func serveAddress(given string, process int) string {
	switch {
	case given != "":
		return given
	case process == 1:
		return containerAddress
	}
	return localAddress
}

// tokenVariable contains the token, which other users of the machine could see in the flag -token.
const tokenVariable = "DATACONTAINER_TOKEN"

func (s *Session) token() string { return cmp.Or(s.options.token, os.Getenv(tokenVariable)) }

func (s *Session) accessLog() io.Writer {
	if s.options.accessLog {
		return s.Messages
	}
	return nil
}

// query runs the program with flags and the opened index, and writes its output to w. Only commands that print are allowed.
func (s *Session) query(ctx context.Context, w io.Writer, flags []string) (int, error) {
	o, err := parse(flags)
	if err != nil {
		return WrongUsage, err
	}
	one := &Session{context: ctx, Facts: s.Facts, Index: s.Index, Out: bufio.NewWriterSize(w, outputBytes), Stdout: w, Messages: io.Discard, options: o}
	command := o.command
	if command == nil {
		command = &list
	}
	status, err := command.Run(one)
	if flushed := one.Out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		status = statusOf(err)
	}
	return status, err
}
