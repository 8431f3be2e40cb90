// Tests of runs: results, failures, damage, signals, and two runs at a time. The test's own binary is the program.

package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain is the program of the commands if its first word names one of them. Then it ends without the output of -coverprofile.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if program, is := programs[os.Args[1]]; is {
			program(os.Args[2:])
			syscall.Exit(0)
		}
	}
	os.Exit(m.Run())
}

var programs = map[string]func([]string){
	"copy": func(words []string) {
		content, err := os.ReadFile(words[0])
		if err != nil {
			fmt.Println(err)
			syscall.Exit(9)
		}
		fmt.Println("copied", len(content))
		os.WriteFile(words[1], content, 0o666)
	},
	"fail": func(words []string) {
		os.WriteFile("half", nil, 0o666)
		os.Mkdir("closed", 0)
		fmt.Fprintln(os.Stderr, "no such column")
		syscall.Exit(7)
	},
	"environment": func([]string) {
		os.WriteFile("environment", []byte(strings.Join(os.Environ(), "\n")), 0o666)
		os.WriteFile(filepath.Join(os.Getenv("TMPDIR"), "scratch"), nil, 0o666)
	},
	"wait": func(words []string) {
		os.WriteFile(words[0], nil, 0o666)
		time.Sleep(time.Minute)
	},
	"slow": func(words []string) {
		runs, _ := os.OpenFile(words[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		runs.WriteString("x")
		time.Sleep(300 * time.Millisecond)
		os.WriteFile("out", nil, 0o666)
	},
	"change": func(words []string) { os.WriteFile(words[0], []byte("other"), 0o666) },
	"link":   func(words []string) { os.Symlink(words[0], "link") },
	"reserved": func([]string) {
		os.WriteFile("run.json", nil, 0o666)
	},
	"background": func([]string) {
		(&exec.Cmd{Path: "/proc/self/exe", Args: []string{"", "wait", "started"}, Stdout: os.Stdout}).Start()
	},
	"fill": func(words []string) {
		file, _ := os.Create("big")
		for {
			if _, err := file.Write(make([]byte, 1<<16)); err != nil {
				fmt.Print(words[0])
				syscall.Exit(0)
			}
		}
	},
	"odd": func(words []string) {
		for _, name := range []string{"a b", "c\xff", "d\ne", "é%2F?#"} {
			os.WriteFile(name, []byte(name), 0o666)
		}
	},
}

// setting is a folder of inputs, a folder of results, and a command.
type setting struct {
	*testing.T
	in, out  string
	command  *Command
	messages bytes.Buffer
	request  Request
}

// prepare returns the setting of a command with the given words.
func prepare(t *testing.T, words ...string) *setting {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sha256, err := hashFile(program)
	if err != nil {
		t.Fatal(err)
	}
	s := &setting{T: t, in: t.TempDir(), out: t.TempDir()}
	s.command = &Command{
		Description: "Copies a table.", Argv: words,
		Inputs: map[string]Input{}, Parameters: map[string]Parameter{}, Outputs: map[string]Output{}, Environment: map[string]string{},
		Programs: map[string]Program{Platform: {Path: program, Name: "program", SHA256: sha256}},
	}
	summary := fmt.Sprintf(`{"digest": "sha256:%064d", "mount": %q, "about": {"license": "CC0-1.0"}}`, 1, filepath.Join(s.in, "data"))
	s.request = Request{
		Dataset: Dataset{"fruit", "1.0", []byte(summary)}, Command: "copy", Out: s.out, Messages: &s.messages,
		Document: &Document{Version: 1, Commands: map[string]*Command{"copy": s.command}},
	}
	return s
}

// copying returns the setting of a command that copies the input `table`.
func copying(t *testing.T) *setting {
	s := prepare(t, "copy", "{in.table}", "{out.copy}")
	s.command.Inputs["table"] = Input{Type: "file", Required: true}
	s.command.Outputs["copy"] = Output{Path: "copy.csv"}
	s.write("table.csv", "a,b\n")
	s.request.Inputs = []string{"table=" + filepath.Join(s.in, "table.csv")}
	return s
}

func (s *setting) write(name, content string) string {
	path := filepath.Join(s.in, name)
	os.MkdirAll(filepath.Dir(path), 0o777)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		s.Fatal(err)
	}
	return path
}

// run runs the command, which must succeed, and returns its folder.
func (s *setting) run() string {
	s.Helper()
	found, err := Run(&s.request)
	if err != nil {
		s.Fatalf("%v\n%s", err, s.messages.String())
	}
	return found.Folder
}

// fails runs the command, which must fail with a status and a message, and returns the message.
func (s *setting) fails(status int, message string) string {
	s.Helper()
	_, err := Run(&s.request)
	if err == nil {
		s.Fatal("no error")
	}
	found := 1
	if failure := (*Failure)(nil); errors.As(err, &failure) {
		found = failure.ExitStatus()
	}
	if found != status || !strings.Contains(err.Error(), message) || strings.Contains(err.Error(), "\n") {
		s.Fatalf("found the status %d and %q, expected %d and %q", found, err, status, message)
	}
	return err.Error()
}

// left returns the names in the folder of the command.
func (s *setting) left() []string {
	entries, _ := os.ReadDir(filepath.Join(s.out, "fruit/1.0/copy"))
	names := []string{}
	for _, one := range entries {
		names = append(names, one.Name())
	}
	return names
}

func (s *setting) read(path ...string) string {
	s.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		s.Fatal(err)
	}
	return string(content)
}

func equal[V any](t *testing.T, found, expected V) {
	t.Helper()
	if string(encoded(found)) != string(encoded(expected)) {
		t.Fatalf("found %q, expected %q", encoded(found), encoded(expected))
	}
}

func TestRunWritesTheResultAndItsRecord(t *testing.T) {
	s := copying(t)
	s.request.Inputs = []string{"table=" + s.write("t\xff\n'\".csv", "a,b\n")}
	folder := s.run()
	equal(t, filepath.Dir(folder), filepath.Join(s.out, "fruit/1.0/copy"))
	equal(t, s.read(folder, "copy.csv"), "a,b\n")
	equal(t, s.read(folder, "run.log"), "copied 4\n")
	equal(t, s.left(), []string{filepath.Base(folder)})
	var found struct {
		Data, Program map[string]string
		Inputs        map[string]map[string]any
		Files         []struct{ Path, SHA256 string }
		Status        int
		Run           string
	}
	if err := json.Unmarshal([]byte(s.read(folder, "run.json")), &found); err != nil {
		t.Fatal(err)
	}
	equal(t, found.Run, filepath.Base(folder))
	equal(t, found.Data, map[string]string{"name": "fruit", "version": "1.0", "digest": fmt.Sprintf("sha256:%064d", 1)})
	sum, err := exec.Command("sha256sum", filepath.Join(folder, "copy.csv")).Output()
	if err != nil {
		t.Fatal(err)
	}
	expected := string(sum[:64])
	equal(t, found.Inputs["table"]["digest"], any("sha256:"+expected))
	equal(t, found.Files[0].Path+found.Files[0].SHA256, "copy.csv"+expected)
	for _, one := range [][2]string{
		{"run.json", `t\udcff\n'\".csv"`}, {"ro-crate-metadata.json", `"alternateName": "`}, {"ro-crate-metadata.json", `"license": "CC0-1.0"`},
	} {
		if !strings.Contains(s.read(folder, one[0]), one[1]) {
			t.Errorf("%s does not contain %s", one[0], one[1])
		}
	}
}

func TestRunAgainFindsTheResult(t *testing.T) {
	s := copying(t)
	folder := s.run()
	before := s.read(folder, "run.json")
	found, err := Run(&s.request)
	equal(t, found, Result{folder, true})
	equal(t, s.read(folder, "run.json"), before)
	if err != nil {
		t.Fatal(err)
	}
	s.write("table.csv", "other")
	if s.run() == folder || len(s.left()) != 2 {
		t.Fatal("another input has the same result")
	}
}

func TestRunPrivateRecordsNoNames(t *testing.T) {
	s := copying(t)
	s.request.Inputs = []string{"table=" + s.write("patient-7/secret.csv", "a\n")}
	s.request.Private = true
	folder := s.run()
	for _, name := range []string{"run.json", "run.log", "ro-crate-metadata.json"} {
		for _, word := range []string{"patient", "secret", s.in} {
			if strings.Contains(s.read(folder, name), word) {
				t.Errorf("%q contains %q", name, word)
			}
		}
	}
}

func TestRunFailedCommandLeavesItsLogAndNoResult(t *testing.T) {
	s := prepare(t, "fail")
	message := s.fails(7, "the command failed with the exit status 7; its output is in ")
	names := s.left()
	if len(names) != 1 || !strings.HasSuffix(names[0], ".log") || !strings.Contains(message, names[0]) {
		t.Fatal(names, message)
	}
	equal(t, s.read(s.out, "fruit/1.0/copy", names[0]), "no such column\n")
	equal(t, s.messages.String(), "no such column\n")
	s.command.Argv = []string{"copy", "/dev/null", "out"}
	s.run()
}

func TestRunDamagedResultIsMadeAgain(t *testing.T) {
	for _, damage := range []func(folder string) error{
		func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "copy.csv"), []byte("a,c\n"), 0o666)
		},
		func(folder string) error { return os.Remove(filepath.Join(folder, "run.log")) },
		func(folder string) error { return os.WriteFile(filepath.Join(folder, "more"), nil, 0o666) },
		func(folder string) error { return os.Truncate(filepath.Join(folder, "run.json"), 100) },
		func(folder string) error { return os.Remove(filepath.Join(folder, "run.json")) },
	} {
		s := copying(t)
		folder := s.run()
		if err := damage(folder); err != nil {
			t.Fatal(err)
		}
		equal(t, s.run(), folder)
		equal(t, s.read(folder, "copy.csv"), "a,b\n")
		equal(t, s.left(), []string{filepath.Base(folder), filepath.Base(folder) + ".damaged"})
		if !strings.Contains(s.messages.String(), "is damaged: ") {
			t.Fatal(s.messages.String())
		}
	}
}

func TestRunTwoAtOnceRunTheCommandOnce(t *testing.T) {
	s := prepare(t, "slow", filepath.Join(t.TempDir(), "runs"))
	var all sync.WaitGroup
	var found [3]Result
	for n := range found {
		all.Go(func() {
			request := s.request
			request.Messages = &bytes.Buffer{}
			found[n], _ = Run(&request)
		})
	}
	all.Wait()
	equal(t, s.read(s.command.Argv[1]), "x")
	existed := 0
	for _, one := range found {
		equal(t, one.Folder, found[0].Folder)
		if one.Existed {
			existed++
		}
	}
	equal(t, existed, 2)
	equal(t, s.left(), []string{filepath.Base(found[0].Folder)})
}

func TestEnterAfterAnotherRunLeavesTakesALockThatOthersSee(t *testing.T) {
	first, second := &place{parent: t.TempDir(), run: "0"}, &place{}
	*second = *first
	if err := first.enter(nil); err != nil {
		t.Fatal(err)
	}
	waits, entered := make(chan bool), make(chan error)
	go func() { entered <- second.enter(func() { close(waits) }) }()
	<-waits
	first.leave()
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(second.locked()); err != nil {
		t.Error(err)
	}
}

func TestRunPassesASignalOn(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	s := prepare(t, "wait", started)
	go func() {
		for _, err := os.Stat(started); err != nil; _, err = os.Stat(started) {
			time.Sleep(time.Millisecond)
		}
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
	}()
	s.fails(128+15, "the command was ended by the signal 15 (terminated)")
}

func TestRunAfterAKilledRunStartsAgain(t *testing.T) {
	s := copying(t)
	folder := s.run()
	left := filepath.Join(filepath.Dir(folder), "."+filepath.Base(folder)+".partial/result")
	os.MkdirAll(filepath.Join(left, "closed"), 0o777)
	os.WriteFile(filepath.Join(left, "closed/copy.csv"), []byte("half"), 0o666)
	os.Chmod(filepath.Join(left, "closed"), 0)
	os.WriteFile(filepath.Join(filepath.Dir(folder), "."+filepath.Base(folder)+".lock"), nil, 0o666)
	os.RemoveAll(folder)
	equal(t, s.run(), folder)
	equal(t, s.left(), []string{filepath.Base(folder)})
	if _, err := os.Stat(filepath.Join(folder, "closed")); err == nil {
		t.Fatal("the result contains a file of the killed run")
	}
}

func TestRunEnvironmentContainsTheDeclaredVariables(t *testing.T) {
	s := prepare(t, "environment")
	t.Setenv("SECRET", "1")
	t.Setenv("PATH", "/bin")
	s.command.Environment = map[string]string{"LEVEL": "{param.level}", "MODE": "{{x}}"}
	s.command.Parameters["level"] = Parameter{Type: "number", Default: json.Number("0.50")}
	folder := s.run()
	home := filepath.Join(filepath.Dir(folder), "."+filepath.Base(folder)+".partial/tmp")
	equal(t, s.read(folder, "environment"), "HOME="+home+"\nLEVEL=0.5\nMODE={x}\nPATH=/bin\nTMPDIR="+home)
}

func TestRunFolderAsInputHasTheDigestOfSha256sum(t *testing.T) {
	s := prepare(t, "copy", "{in.tables}/sub/b", "out")
	s.command.Inputs["tables"] = Input{Type: "folder", Required: true}
	for _, name := range []string{"in/sub/b", "in/a\nb", "in/c\xff", "in/sub.x"} {
		s.write(name, name)
	}
	s.request.Inputs = []string{"tables=" + filepath.Join(s.in, "in")}
	const list = `cd "$1"; find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum`
	expected, err := exec.Command("bash", "-c", list, "bash", filepath.Join(s.in, "in")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if folder := s.run(); !strings.Contains(s.read(folder, "run.json"), `"digest": "sha256:`+string(expected[:64])) {
		t.Fatalf("expected %s", expected)
	}
	os.Symlink("/etc/passwd", filepath.Join(s.in, "in/link"))
	s.fails(1, `the input "tables": "link" is a symlink to "/etc/passwd", outside of the folder: replace it by a copy`)
	os.Remove(filepath.Join(s.in, "in/link"))
	syscall.Mkfifo(filepath.Join(s.in, "in/pipe"), 0o666)
	s.fails(1, `the input "tables": "pipe" is neither a file nor a folder nor a symlink: remove it`)
}

func TestRunResultThatCannotBeKeptIsAnError(t *testing.T) {
	for _, one := range []struct {
		words   []string
		message string
	}{
		{[]string{"link", "/etc/passwd"}, `the result: "link" is a symlink to "/etc/passwd", outside of the folder`},
		{[]string{"link", "../x"}, `the result: "link" is a symlink to "../x", outside of the folder`},
		{[]string{"reserved"}, `the command wrote "run.json", a file of the run: let it choose another name`},
		{[]string{"change", "{in.table}"}, `the input "table": it changed while the command ran`},
		{[]string{"background"}, `the command ended, but left processes that still write: let it wait for them`},
		{[]string{"link", "missing"}, `the command did not write its output "copy", "copy.csv": no such file or directory`},
	} {
		s := copying(t)
		s.command.Argv = one.words
		if one.words[len(one.words)-1] != "missing" {
			delete(s.command.Outputs, "copy")
		}
		s.fails(1, one.message)
		if names := s.left(); len(names) != 1 || !strings.HasSuffix(names[0], ".log") {
			t.Error(names)
		}
	}
}

func TestRunFullDiskLeavesNoResult(t *testing.T) {
	// The log is the first file that does not fit, or the first document.
	for printed, file := range map[string]string{"the log is full too": "run.log", "": "ro-crate-metadata.json"} {
		s := prepare(t, "fill", printed)
		if err := syscall.Mount("none", s.out, "tmpfs", 0, "size=1m"); err != nil {
			t.Skip("only root mounts a small disk, as root reads every file")
		}
		t.Cleanup(func() { syscall.Unmount(s.out, syscall.MNT_DETACH) })
		s.fails(1, file+`": no space left on device: bind a folder that you may write, with free space`)
		if names := s.left(); slices.ContainsFunc(names, func(name string) bool { return !strings.HasSuffix(name, ".log") }) {
			t.Error(names)
		}
	}
}

func TestRunUnusualNamesOfOutputsAreKept(t *testing.T) {
	s := prepare(t, "odd")
	folder := s.run()
	found, err := Run(&s.request)
	equal(t, found, Result{folder, true})
	if err != nil || !strings.Contains(s.read(folder, "run.json"), `"c\udcff"`) {
		t.Fatal(err)
	}
}

func TestRunWrongRequestIsAnErrorBeforeAnythingIsWritten(t *testing.T) {
	for _, one := range []struct {
		change  func(*setting)
		message string
	}{
		{func(s *setting) { s.request.Command = "x" }, `there is no command "x"; the commands are copy`},
		{func(s *setting) { s.request.Inputs = nil }, `the input "table" is missing: add -in table=PATH, a file`},
		{func(s *setting) { s.request.Inputs = []string{"x=y"} }, `-in "x=y": there is no input "x"; the command has table`},
		{func(s *setting) { s.request.Inputs = []string{"x"} }, `-in "x": write NAME=VALUE`},
		{func(s *setting) { s.request.Inputs = []string{"table=/missing\n"} }, `-in table="/missing\n": no such file or directory: bind its folder`},
		{func(s *setting) { s.request.Inputs = []string{"table=/"} }, `-in table="/" is not a file: give a file`},
		{func(s *setting) { s.request.Inputs = append(s.request.Inputs, "table=/") }, `table is given more than once: give it once`},
		{func(s *setting) { s.request.Parameters = []string{"x=y"} }, `-param "x=y": the command has no parameter: leave it out`},
		{func(s *setting) { s.command.Parameters["n"] = Parameter{Type: "integer"} }, `the parameter "n" is missing: add -param n=VALUE, of the type integer`},
		{func(s *setting) {
			s.command.Parameters["n"] = Parameter{Type: "integer"}
			s.request.Parameters = []string{"n=1.5"}
		}, `-param n="1.5" is not an integer of 64 bits`},
		{func(s *setting) {
			s.command.Parameters["all"] = Parameter{Type: "boolean"}
			s.request.Parameters = []string{"all=yes"}
		}, `-param all="yes" is not true or false`},
		{func(s *setting) { s.request.Out += "/missing" }, `is not a folder: bind a folder that you may write`},
		{func(s *setting) {
			s.command.Inputs["table"] = Input{Type: "folder", Required: true}
			s.request.Inputs = []string{"table=" + filepath.Dir(s.out)}
		}, `contains the folder of -out`},
	} {
		s := copying(t)
		one.change(s)
		s.fails(2, one.message)
		equal(t, s.left(), []string{})
	}
}

func TestRunDamagedProgramIsAnError(t *testing.T) {
	s := copying(t)
	s.command.Programs[Platform] = Program{Path: "/proc/self/exe", SHA256: "00"}
	s.fails(1, `expected 00 (commands.json): pull or build the image again`)
	s.command.Programs = nil
	s.command.Argv = []string{"missing-program"}
	s.fails(1, `the image has no program "missing-program" in the folders of PATH`)
}

func TestRunDerivativeOfBIDSIsDescribed(t *testing.T) {
	s := copying(t)
	s.write("data/dataset_description.json", `{"Name": "Faces", "BIDSVersion": "1.10.0", "DatasetDOI": "doi:10.5281/zenodo.1"}`)
	folder := s.run()
	var found struct {
		Name, BIDSVersion, DatasetType string
		GeneratedBy                    []struct{ Name string }
		SourceDatasets                 []struct{ DOI string }
	}
	if err := json.Unmarshal([]byte(s.read(folder, "dataset_description.json")), &found); err != nil {
		t.Fatal(err)
	}
	equal(t, found.Name+found.DatasetType+found.BIDSVersion, "copy of Facesderivative1.10.0")
	equal(t, found.GeneratedBy[0].Name+found.SourceDatasets[0].DOI, "copydoi:10.5281/zenodo.1")
}

func TestEncodedKeepsTheCharactersOfHTML(t *testing.T) {
	if found := string(encoded(map[string]string{"a": "<b> & c"})); found != `{"a":"<b> & c"}` {
		t.Fatalf("found %s", found)
	}
}
