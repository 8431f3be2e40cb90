// -start: a process that waits for a signal.

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

var start = Command{
	Name: "start", Help: "waits until it gets SIGTERM or SIGINT, for an orchestrator",
	Group: Else, Refuses: all, NoIndex: true,
	Run: func(*Session) (int, error) {
		// Waiting for a signal uses no CPU time.
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
		<-signals
		return Done, nil
	},
}
