// -start: a process that does nothing.

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

var start = Command{
	Name: "start", Help: "stays up until it is told to stop, for an orchestrator",
	Group: Else, Refuses: all, NoIndex: true,
	Run: func(*Session) (int, error) {
		// Waiting takes no time of the processor.
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
		<-signals
		return Done, nil
	},
}
