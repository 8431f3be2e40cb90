// The process of a command.

package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Values of `network` in run.json.
const (
	allowed   = "allowed"
	off       = "off"
	available = "available, because the kernel does not allow the entrypoint to take it away"
)

// waitDelay is the time for which the output of processes in the background is read after the command ended.
const waitDelay = time.Second

// killed is added to the number of the signal that ended the command, as in a shell.
const killed = 128

// execution is a finished command.
type execution struct {
	start, end time.Time
	network    string
}

// execute runs the command and returns an error if it does not end with status 0. Its output goes to the log and to Messages.
func (j *job) execute(p *place, log io.Writer) (execution, error) {
	values := j.values(p.result())
	words, err := values.words(j.program.words)
	if err != nil {
		return execution{}, err
	}
	variables, err := values.environment(j.Environment, p.home(), os.Getenv("PATH"))
	if err != nil {
		return execution{}, err
	}
	command := func() *exec.Cmd {
		both := &tee{log, j.Messages}
		return &exec.Cmd{
			Path: j.program.path, Args: append([]string{j.program.name}, words...), Env: variables, Dir: p.result(),
			Stdout: both, Stderr: both, WaitDelay: waitDelay,
			SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
		}
	}
	// Pdeathsig kills the process when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	// A child inherits an ignored signal, but not one that is notified.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Ignore(syscall.SIGPIPE)
	found := execution{start: time.Now()}
	started, network, err := j.start(command)
	if err != nil {
		return found, fmt.Errorf("starting %q: %w: correct the program of the command", j.program.path, err)
	}
	found.network = network
	err = wait(started, signals)
	found.end = time.Now()
	return found, err
}

// start starts the command, without a network if it does not need one and the kernel allows it.
func (j *job) start(command func() *exec.Cmd) (*exec.Cmd, string, error) {
	if j.Network {
		one := command()
		return one, allowed, one.Start()
	}
	one := command()
	withoutNetwork(one.SysProcAttr)
	if one.Start() == nil {
		return one, off, nil
	}
	one = command()
	if err := one.Start(); err != nil || !hasNetwork() {
		return one, off, err
	}
	fmt.Fprintf(j.Messages, "note: the network is %s: start the container with --network none\n", available)
	return one, available, nil
}

// withoutNetwork puts a process into its own network, which has no connection. An ordinary user needs a namespace of users for it.
func withoutNetwork(attributes *syscall.SysProcAttr) {
	attributes.Cloneflags = syscall.CLONE_NEWNET
	if os.Geteuid() == 0 {
		return
	}
	attributes.Cloneflags |= syscall.CLONE_NEWUSER
	attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
	attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
}

// hasNetwork reports whether this process has a connection other than to itself.
func hasNetwork() bool {
	found, err := net.Interfaces()
	for _, one := range found {
		if one.Flags&net.FlagUp != 0 && one.Flags&net.FlagLoopback == 0 {
			return true
		}
	}
	return err != nil
}

// wait passes signals on, and waits for the end of the command and of the processes that it left.
func wait(command *exec.Cmd, signals <-chan os.Signal) error {
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	for {
		select {
		case received := <-signals:
			syscall.Kill(-command.Process.Pid, received.(syscall.Signal))
		case err := <-done:
			syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
			return ended(command, err)
		}
	}
}

// ended returns the error of a command that ended.
func ended(command *exec.Cmd, err error) error {
	var exit *exec.ExitError
	var log *fs.PathError
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		return errors.New("the command ended, but left processes that still write: let it wait for them")
	case errors.As(err, &log):
		return notWritten(log.Path, err)
	case !errors.As(err, &exit):
		return err
	}
	status := exit.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return &Failure{killed + int(status.Signal()), fmt.Errorf("the command was ended by the signal %d (%s)", status.Signal(), status.Signal())}
	}
	return &Failure{status.ExitStatus(), fmt.Errorf("the command failed with the exit status %d", status.ExitStatus())}
}

// tee writes to the log, and to messages, whose errors it ignores.
type tee struct{ log, messages io.Writer }

func (t *tee) Write(content []byte) (int, error) {
	t.messages.Write(content)
	return t.log.Write(content)
}
