"""A command that a user's template adds works like a built-in command."""

import pyarrow as pa
import pytest

from tools.engines import Tool
from tools.entrypoint import one_line

COMMAND = """\
package main

import (
	"fmt"

	"entrypoint/cli"
)

func init() {
	cli.Add(cli.Command{
		Name: "above", Takes: "BYTES", Help: "how many files are larger", Refuses: []string{"ls"}, Run: above,
	})
	cli.Add(cli.Command{Name: "mount", Help: "{{ name }}", NoIndex: true, Run: func(s *cli.Session) (int, error) {
		_, err := fmt.Fprintln(s.Out, s.Facts.Name, s.Index == nil)
		return cli.Done, err
	}})
}

func above(s *cli.Session) (int, error) {
	var limit, count int64
	if _, err := fmt.Sscan(s.Flag("above"), &limit); err != nil {
		return cli.WrongUsage, cli.Usagef("-above %q is no number", s.Flag("above"))
	}
	rows, err := s.Rows()
	if err != nil {
		return cli.WrongUsage, err
	}
	for row := range rows.All() {
		if s.Index.Field("size").Integer(row) > limit {
			count++
		}
	}
	_, err = fmt.Fprintln(s.Out, count)
	return s.Matched(count > 0), err
}
"""


@pytest.fixture(scope="module")
def program(entrypoint_of, tmp_path_factory) -> Tool:
    folder = tmp_path_factory.mktemp("template")
    (folder / "above.go.j2").write_text(COMMAND)
    catalog = pa.table({"path": ["a", "b", "c"], "size": pa.array([1, 2, 3], pa.int64())})
    return Tool((entrypoint_of(catalog, template=folder),))


def test_added_command_gets_its_value_and_the_selected_rows(program):
    assert program("-above", "1") == b"2\n"
    assert program("-above", "1", "-get", "/data/c") == b"1\n"
    assert program.run("-above", "1", "-get", "/data/a", status=1).stdout == b"0\n"
    assert program("-mount") == b"fruit true\n"


def test_added_command_is_last_in_help(program):
    lines = program("-help").decode().splitlines()
    added = ["  -above BYTES         how many files are larger", "  -mount               fruit"]
    assert lines[lines.index("  -version, -help") + 1 :][:2] == added


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-above 1 -ls", "-above and -ls cannot be combined: leave out one of them"),
        ("-above 1 -count", "-count and -above cannot be combined: use one of them"),
        ("-above 1 -above 2", "-above is given more than once: give it once"),
        ("-above x", '-above "x" is no number'),
        ("-colour", "unknown flag -colour; the flags are -a"),
        ("-above 1 -metric colour", 'unknown metric "colour": the metrics are size'),
    ],
)
def test_added_command_wrong_usage_prints_the_error_and_exits_with_2(program, arguments, message):
    assert message in one_line(program.run(*arguments.split(), status=2).stderr)


def test_template_without_package_cli_is_compiled(entrypoint_of, tmp_path):
    (tmp_path / "main.go").write_text('package main\n\nfunc main() { print("mine") }\n')
    catalog = pa.table({"path": ["a"], "size": pa.array([1], pa.int64())})
    assert Tool((entrypoint_of(catalog, template=tmp_path / "main.go"),)).run().stderr == b"mine"
