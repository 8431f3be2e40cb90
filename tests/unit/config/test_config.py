"""Settings: the defaults, and a message of one line for each mistake in a configuration."""

import re

import pytest

from datacontainer.config.dataset import Dataset
from datacontainer.config.mistakes import Validator
from datacontainer.config.results import Results
from datacontainer.config.settings import image_name, read_settings
from datacontainer.runtime.errors import UsageError
from tools.settings import SCHEMA, read


def fruit(keys: str) -> str:
    """A configuration with one dataset and further keys."""
    return f"datasets: {{fruit: {{path: a, {keys}}}}}"


def message(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_read_settings_path_alone_gives_the_documented_defaults():
    settings = read("datasets: {fruit: {path: here}}")
    assert settings.outdir == "results"
    assert settings.datasets == {
        "fruit": Dataset(
            name="fruit",
            path="here",
            version="1.0",
            exclude=(),
            symlinks="refuse",
            stable="trust",
            metadata=(),
            dataset_metadata=(),
            digests=("sha256",),
            formats=("docker", "sif"),
            platforms=("linux/amd64",),
            compression="none",
            shard_files=None,
            shard_bytes=None,
            mount="/data",
            template=None,
            rescan="changed",
            labels=(),
            sign=None,
            attest=(),
        )
    }


def test_read_settings_rescan_of_a_dataset_overrides_the_top_level():
    settings = read("{rescan: full, datasets: {one: {path: a}, two: {path: b, rescan: changed}}}")
    assert {name: one.rescan for name, one in settings.datasets.items()} == {"one": "full", "two": "changed"}


def test_read_settings_single_dataset_overrides_datasets():
    settings = read("{dataset: /big/My Folder_2, datasets: {fruit: {path: here}}}")
    assert list(settings.datasets) == ["my-folder_2"]
    assert settings.named_by_folder
    assert settings.datasets["my-folder_2"].path == "/big/My Folder_2"


def test_read_settings_path_with_slash_at_the_end_is_the_same_path():
    (dataset,) = read("dataset: /big/one/").datasets.values()
    assert (dataset.name, dataset.path) == ("one", "/big/one")


def test_read_settings_single_dataset_as_mapping_takes_keys():
    (dataset,) = read("dataset: {path: /big/one, version: '2', formats: [sif]}").datasets.values()
    assert (dataset.name, dataset.version, dataset.formats) == ("one", "2", ("sif",))


def test_read_settings_labels_are_completed_and_sorted():
    labels = "{vendor: us, license: MIT, org.example.x: y}"
    dataset = read(f"datasets: {{fruit: {{path: here, labels: {labels}}}}}").datasets["fruit"]
    assert dataset.labels == (
        ("org.example.x", "y"),
        ("org.opencontainers.image.licenses", "MIT"),
        ("org.opencontainers.image.vendor", "us"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the configuration has no dataset: add one under `datasets`, or use --config dataset=FOLDER"),
        (
            "outdri: x",
            "unknown key 'outdri': did you mean 'outdir'? (valid: dataset, datasets, outdir, pathvars, rescan), in the",
        ),
        (
            "datasets: {fruit: {path: a, exlude: []}}",
            "unknown key 'exlude': did you mean 'exclude'? (valid: about, after, attest,",
        ),
        ("datasets: {fruit: {path: a, exlude: []}}", "in datasets.fruit"),
        ("dataset: {path: a, exlude: []}", "unknown key 'exlude': did you mean 'exclude'?"),
        ("datasets: {fruit: {}}", "datasets.fruit has no key 'path': add it"),
        (
            "datasets: {fruit: {path: a, version: 1.0}}",
            "datasets.fruit.version: 1.0 is not text: write it in quotes, as you typed it",
        ),
        ("datasets: {fruit: {path: [a]}}", "datasets.fruit.path: ['a'] is not text"),
        (
            "datasets: {fruit: {path: a, exclude: b}}",
            "datasets.fruit.exclude: 'b' is not a list: write it in brackets: [\"b\"]",
        ),
        ("datasets: {fruit: {path: ''}}", "datasets.fruit.path is empty: write a value"),
        (
            "datasets: {fruit: {path: a, formats: [sif, sif]}}",
            "datasets.fruit.formats has a value twice: remove one of",
        ),
        ("datasets: {fruit: {path: a, template: 1}}", "datasets.fruit.template: 1 is not text or null"),
        (
            "datasets: {fruit: {path: a, formats: [dokcer]}}",
            "datasets.fruit.formats.0: 'dokcer' is not valid: did you mean",
        ),
        (
            "datasets: {fruit: {path: a, digests: [md5]}}",
            "datasets.fruit.digests: sha256 must be the first digest, before 'md5'",
        ),
        (
            "datasets: {fruit: {path: a, mount: /etc}}",
            "datasets.fruit.mount: '/etc' is a folder for files of",
        ),
        (
            "datasets: {fruit: {path: a, version: '-1'}}",
            "datasets.fruit.version: '-1' is not a valid image tag",
        ),
        ("datasets: {fruit: {path: a, symlinks: kep}}", "'kep' is not valid: did you mean 'keep'?"),
        (
            "datasets: {fruit: {path: a, mount: data}}",
            "datasets.fruit.mount: 'data' is not an absolute path",
        ),
        (
            "datasets: {fruit: {path: a, metadata: [f.py]}}",
            "datasets.fruit.metadata.0: 'f.py' is not FILE.py:FUNCTION or MODULE:FUNCTION",
        ),
        ("datasets: {fruit: {path: a, labels: {lisence: x}}}", "unknown label 'lisence': did you mean 'license'?"),
        ("datasets: {Fruit: {path: a}}", "datasets: 'Fruit' is not a valid image name: at most 128 lower-case letters"),
        ("datasets: []", "datasets: [] is not a mapping of keys"),
        ("dataset: 5", "dataset: 5 is not text: write it in quotes"),
        ("version: '1'", "unknown key 'version', in the top level: it is a key of a dataset: write it under `datasets"),
        ("datasets: {12: {path: a}}", "datasets: the key 12 is not text: write it in quotes, as you typed it"),
        ("datasets: {null: {path: a}}", "datasets: the key None is not text: write it in quotes, as you typed it"),
        ("datasets: {fruit: {path: }}", "datasets.fruit.path has no value"),
        (r'datasets: {"n\n": {path: a}}', r"datasets: 'n\n' is not a valid image name"),
        (f"datasets: {{{'n' * 129}: {{path: a}}}}", f"'{'n' * 129}' is not a valid image name: at most 128 lower-case"),
        (fruit(r'mount: "/data\n"'), r"datasets.fruit.mount: '/data\n' is not an absolute path"),
        (fruit(f"mount: /{'d' * 128}"), "is not an absolute path, as in /data, with at most 128 letters"),
        (fruit("mount: /.datacontainer"), "datasets.fruit.mount: '/.datacontainer' is not an absolute path"),
        (fruit("mount: /run"), "datasets.fruit.mount: '/run' is a folder for files of containers themselves: choose"),
        (fruit("mount: /var"), "datasets.fruit.mount: '/var' cannot be in a SIF: Apptainer hides it behind a folder"),
        (fruit(f"version: {'v' * 10**6}"), "vvv...vvv"),
        (f"{{dataset: x, {'k' * 1020}: 1}}", "kkk...kkk"),
        (
            fruit(r'labels: {title: "a\0"}'),
            r"labels.title: 'a\x00' is not a text without control characters and",
        ),
        (fruit("about: {titel: a}"), "unknown key 'titel': did you mean 'title'? (valid: authors, description, doi,"),
        (fruit("about: {published: 2020-01-31}"), "about.published: datetime.date(2020, 1, 31) is not text: write it"),
        (fruit("about: {authors: [{orcid: x}]}"), "datasets.fruit.about.authors.0 has no key 'name': add it"),
        (fruit(f"about: {{title: {'t' * 10_001}}}"), "about.title has 10001 characters, more than 10000: shorten it"),
        (fruit("standards: [bagit]"), "datacite); for a BagIt bag, run the image with -export DIR -bagit"),
        (fruit("standards: [datacite], formats: []"), "standards: its documents describe an image: add a format, such"),
        (fruit("labels: {license: a, licenses: b}"), "'license' and 'licenses' are the same label: remove one of them"),
        (
            fruit("labels: {io.datacontainer.x: '1'}"),
            "'io.datacontainer.x' describes the image, and the workflow sets",
        ),
        (
            fruit("labels: {org.opencontainers.image.version: '1'}"),
            "'org.opencontainers.image.version' is the dataset's version: set datasets.fruit.version instead",
        ),
        (r'datasets: {fruit: {path: "a\0"}}', r"datasets.fruit.path: 'a\x00' is not a path of at most 4095 bytes, 255"),
        (f"datasets: {{fruit: {{path: {'ä' * 128}}}}}", "' is not a path of at most 4095 bytes, 255 in a name"),
        (fruit(r'exclude: ["a\0"]'), r"datasets.fruit.exclude.0: 'a\x00' is not a path"),
        (fruit(f"metadata: [{'f' * 256}.py:f]"), "f.py:f' is not a path"),
        (fruit("shard_files: 4096.0"), "datasets.fruit.shard_files: 4096.0 is not an integer"),
        (fruit("shard_files: .nan"), "datasets.fruit.shard_files: nan is not an integer"),
        (fruit("exclude: !!set {a}"), "datasets.fruit.exclude: {'a'} is not a list"),
        ("{dataset: x, outdir: 'a{b}'}", "outdir: 'a{b}' is not a folder without {NAME} and <NAME>, which Snakemake"),
        ("{dataset: x, outdir: <results>}", "outdir: '<results>' is not a folder without {NAME} and <NAME>"),
        (fruit("after: ['{x}']"), "datasets.fruit.after.0: '{x}' is not the name of a rule or the path of a file,"),
        (f"datasets: {{{', '.join(map('d{}'.format, range(10_001)))}}}", "datasets has 10001 entries, more than 10000"),
    ],
)
def test_read_settings_mistake_is_one_line_that_names_the_key(text, expected):
    assert expected in message(text)


@pytest.mark.parametrize("mount", ["/tmp", "/tmp/x", "/var/tmp", "/root/x", "/home", "/home/u/x"])
def test_read_settings_mount_that_apptainer_hides_is_refused_only_for_a_sif(mount):
    assert f"mount: '{mount}' cannot be in a SIF: Apptainer hides it" in message(fruit(f"mount: {mount}"))
    assert read(fruit(f"mount: {mount}, formats: [docker]")).datasets["fruit"].mount == mount
    assert read(fruit(f"mount: /x{mount}")).datasets["fruit"].mount == f"/x{mount}"


def test_read_settings_unusual_texts_are_kept():
    dataset = read(fruit(r'labels: {title: "a\n\tb"}, exclude: ["!", "a\\", "[z-a]"]')).datasets["fruit"]
    assert dataset.labels == (("org.opencontainers.image.title", "a\n\tb"),)
    assert dataset.exclude == ("!", "a\\", "[z-a]")
    # The folder's name is not UTF-8; --config gives it to the workflow in this form.
    assert read_settings({"dataset": "caf\udce9"}, SCHEMA).datasets["caf"].path == "caf\udce9"


def test_schema_patterns_match_no_line_break_at_the_end():
    patterns = [Validator({"pattern": one}) for one in re.findall(r"pattern: (\^.*\$)\n", SCHEMA.read_text())]
    for value in ("fruit-2", "f.py:f", "1.0", "/data", "org.example.x"):
        matching = [one for one in patterns if one.is_valid(value)]
        assert matching
        assert not any(one.is_valid(f"{value}\n") for one in matching)
    assert len(patterns) == 9


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/big/ds005", "ds005"),
        ("a/My Data (v2)/", "my-data-v2"),
        ("x/Straße_ä", "strasse_a"),
        ("x/e\u0301te\u0301", "ete"),
        ("sub_01.v1.2", "sub_01.v1.2"),
        ("a__b..c._d", "a_b.c-d"),
        ("日本 data", "data"),
        ("/p/._q--", "q"),
    ],
)
def test_image_name_from_folder_is_a_valid_repository_name(folder, name):
    assert image_name(folder) == name
    assert not read(f"datasets: {{{name}: {{path: x}}}}").named_by_folder


def test_image_name_folder_without_a_valid_character_is_refused():
    with pytest.raises(UsageError, match="no image name can be made from the folder '/big/__'"):
        image_name("/big/__")


def test_read_settings_outdir_inside_a_dataset_is_refused_unless_excluded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"'x': its folder '.' contains 'results', .* outdir .* add '/results/' to"):
        read("datasets: {x: {path: .}}")
    with pytest.raises(UsageError, match=r"contains '.snakemake', .* run snakemake in a different folder"):
        read("{outdir: ../out, datasets: {x: {path: ., exclude_defaults: false}}}")
    read("datasets: {x: {path: ., exclude: [/results/]}}")
    read("datasets: {x: {path: results2}, y: {path: ..data}}")
    (tmp_path / "link").symlink_to("results")
    with pytest.raises(UsageError, match="contains 'results'"):
        read("datasets: {x: {path: link}}")


def test_shard_names_of_a_damaged_table_raises_no_error(tmp_path):
    """The plan of a run reads the table before scan creates it again."""
    results = Results(tmp_path)
    results.shards.parent.mkdir(parents=True)
    results.shards.write_bytes(b"xxxx\xff\n\na\t1\t2\tbatch-0\n")
    assert results.batches()["batch-0"] == ["a"]
    assert "a" in results.shard_names()


def command(keys: str, program: str = "program: bin/count, ", dataset: str = "") -> str:
    return fruit(f"{dataset} commands: {{count: {{description: Counts., {program}{keys}}}}}")


def test_read_settings_command_is_completed_with_defaults():
    text = command('argv: ["{in.table}", "{{x}}"], inputs: {table: {type: file}}, parameters: {n: {type: integer}}')
    assert read(text).datasets["fruit"].commands == {
        "count": {
            "description": "Counts.",
            "program": "bin/count",
            "argv": ["{in.table}", "{{x}}"],
            "inputs": {"table": {"type": "file", "required": True, "description": ""}},
            "parameters": {"n": {"type": "integer", "description": ""}},
            "outputs": {},
            "environment": {},
            "network": False,
            "rules": {},
        }
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            command('argv: ["{in.tabel}"], inputs: {table: {type: file}}'),
            "datasets.fruit.commands.count.argv.0: unknown placeholder '{in.tabel}': did you mean '{in.table}'? (",
        ),
        (
            command("environment: {A: '{x'}"),
            "datasets.fruit.commands.count.environment.A: '{x' has a single '{': write '{{' for a brace",
        ),
        (command("argv: [a]", program=""), "datasets.fruit.commands.count has no program, and the image has no base"),
        (
            command("argv: []", program="program: {linux/arm64: a}, "),
            "datasets.fruit.commands.count.program: there is no file for linux/amd64, a platform of the image: add it",
        ),
        (
            command("argv: []", dataset="platforms: [linux/amd64, linux/arm64],"),
            "datasets.fruit.commands.count.program: the image has several platforms: write {linux/amd64: FILE, ",
        ),
        (
            command("parameters: {n: {type: integer, default: true}}"),
            "datasets.fruit.commands.count.parameters.n.default: True is not of the type integer: correct the type",
        ),
        (
            command(f"parameters: {{n: {{type: integer, default: {2**63}}}}}"),
            "datasets.fruit.commands.count.parameters.n.default: 9223372036854775808 does not fit into 64 bits",
        ),
        (
            command('parameters: {n: {type: text, default: "a\\0"}}'),
            "datasets.fruit.commands.count.parameters.n.default: 'a\\x00' contains NUL: remove it",
        ),
        (
            command("outputs: {o: {path: run.json}}"),
            "datasets.fruit.commands.count.outputs.o.path: 'run.json' is a file of the run: choose another name",
        ),
        (
            command("outputs: {o: {path: a/../b}}"),
            "datasets.fruit.commands.count.outputs.o.path: 'a/../b' is not a path in the folder of the result",
        ),
        (
            command("inputs: {T: {type: file}}"),
            "datasets.fruit.commands.count.inputs: 'T' is not a valid name: at",
        ),
        (command("argv: [1]"), "datasets.fruit.commands.count.argv.0: 1 is not text: write it in quotes"),
        (command("args: []"), "unknown key 'args': did you mean 'argv'?"),
        (
            command("", dataset="formats: [],"),
            "datasets.fruit.commands: there is no image to run them in: add a",
        ),
        (
            fruit("commands: {Count: {description: x}}"),
            "datasets.fruit.commands: 'Count' is not a valid name of a",
        ),
        (
            command("", program="program: {windows/amd64: a}, "),
            "datasets.fruit.commands.count.program: 'windows/amd64' is not valid",
        ),
    ],
)
def test_read_settings_wrong_command_is_one_line(text, expected):
    assert expected in message(text)
