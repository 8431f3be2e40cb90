// Package process makes faults around the program into errors: a closed standard output, and low limits.
//
// Go's runtime opens /dev/null in place of a closed descriptor before it runs any Go code, and all writes would succeed.
// The linker therefore gets the flag -E entrypoint/process.entry: the program starts at `entry`, which tests descriptor 1.
package process

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

const (
	// The least number of open files with which the program runs, and the most of a worker.
	leastFiles, workerFiles = 64, 8
	// RLIMIT_NPROC of getrlimit(2).
	limitTasks = 6
)

var (
	// status is the result of fcntl(1, F_GETFD): negative if descriptor 1 was closed.
	status int64
	files  = limit(syscall.RLIMIT_NOFILE)
	// spare is the number of threads that can run or wait for a disk in addition to those that every program has.
	spare = math.MaxInt
)

func init() {
	if status < 0 {
		os.Stdout.Close()
	}
}

// Check returns an error if the program may open too few files, or start fewer than leastTasks threads: Go's runtime would
// abort it. It uses fewer cores if a limit is low.
func Check(leastTasks int) error {
	const message = "the limit of %s is %d, expected at least %d: raise it with ulimit %s, or with docker run %s"
	if files < leastFiles {
		return fmt.Errorf(message, "open files", files, leastFiles, "-n", "--ulimit nofile=1024")
	}
	tasks := min(limit(limitTasks), pids("/sys/fs/cgroup/pids.max"), pids("/sys/fs/cgroup/pids/pids.max"))
	if tasks < leastTasks {
		return fmt.Errorf(message, "processes and threads", tasks, leastTasks, "-u", "--pids-limit 64")
	}
	if spare = (tasks - leastTasks) / 2; spare < runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(max(1, spare))
	}
	return nil
}

// Workers returns the number of goroutines that can work on files at a time: `wanted`, or fewer if a limit is low.
func Workers(wanted int) int { return max(1, min(wanted, files/workerFiles, spare)) }

// limit returns the limit of a resource of this user; root's processes are not limited.
func limit(resource int) int {
	var found syscall.Rlimit
	if syscall.Getrlimit(resource, &found) != nil || resource == limitTasks && os.Getuid() == 0 {
		return math.MaxInt
	}
	return int(min(found.Cur, math.MaxInt))
}

// pids returns the limit of the processes of a container.
func pids(path string) int {
	text, _ := os.ReadFile(path)
	number, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return math.MaxInt
	}
	return number
}
