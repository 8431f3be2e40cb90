"""Settings: the defaults, and a message of one line for each mistake in a configuration."""

import pytest

from datacontainer.config.dataset import Dataset
from datacontainer.config.settings import image_name
from datacontainer.runtime.errors import UsageError
from datacontainer.scan.sharding import MIN_SHARD
from tools.settings import read


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
            metadata=(),
            dataset_metadata=(),
            digests=("sha256",),
            formats=("docker", "sif"),
            platforms=("linux/amd64",),
            compression="none",
            shard_files=MIN_SHARD.files,
            shard_bytes=MIN_SHARD.size_bytes,
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
            "unknown key 'exlude': did you mean 'exclude'? (valid: after, attest,",
        ),
        ("datasets: {fruit: {path: a, exlude: []}}", "in datasets.fruit"),
        ("dataset: {path: a, exlude: []}", "unknown key 'exlude': did you mean 'exclude'?"),
        ("datasets: {fruit: {}}", "datasets.fruit has no key 'path': add it"),
        (
            "datasets: {fruit: {path: a, version: 1.0}}",
            "datasets.fruit.version: 1.0 is not text: write it in quotes, as you typed it",
        ),
        ("datasets: {fruit: {path: [a]}}", "datasets.fruit.path: ['a'] is not text"),
        ("datasets: {fruit: {path: a, exclude: b}}", "datasets.fruit.exclude: 'b' is not a list"),
        ("datasets: {fruit: {path: a, template: 1}}", "datasets.fruit.template: 1 is not text or null"),
        (
            "datasets: {fruit: {path: a, formats: [dokcer]}}",
            "datasets.fruit.formats.0: 'dokcer' is not valid: did you mean",
        ),
        (
            "datasets: {fruit: {path: a, digests: [md5]}}",
            "datasets.fruit.digests: sha256 must be the first digest, before 'md5'",
        ),
        ("datasets: {fruit: {path: a, mount: /etc}}", "datasets.fruit.mount: '/etc' is a folder for files of containers"),
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
            "datasets: {fruit: {path: a, metadata: [f]}}",
            "datasets.fruit.metadata.0: 'f' is not FILE.py:FUNCTION or MODULE:FUNCTION",
        ),
        ("datasets: {fruit: {path: a, labels: {lisence: x}}}", "unknown label 'lisence': did you mean 'license'?"),
        ("datasets: {Fruit: {path: a}}", "datasets: 'Fruit' is not a valid image name: lower-case letters"),
        ("datasets: []", "datasets: [] is not a mapping of keys"),
        ("dataset: 5", "dataset: 5 is not text: write it in quotes"),
        ("version: '1'", "unknown key 'version', in the top level: it is a key of a dataset: write it under `datasets"),
        ("datasets: {12: {path: a}}", "datasets: the key 12 is not text: write it in quotes, as you typed it"),
        ("datasets: {null: {path: a}}", "datasets: the key None is not text: write it in quotes, as you typed it"),
        ("datasets: {fruit: {path: }}", "datasets.fruit.path has no value"),
    ],
)
def test_read_settings_mistake_is_one_line_that_names_the_key(text, expected):
    assert expected in message(text)


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
        read("{outdir: ../out, datasets: {x: {path: .}}}")
    read("datasets: {x: {path: ., exclude: [/results/, .snakemake/]}}")
    read("datasets: {x: {path: results2}, y: {path: ..data}}")
    (tmp_path / "link").symlink_to("results")
    with pytest.raises(UsageError, match="contains 'results'"):
        read("datasets: {x: {path: link}}")
