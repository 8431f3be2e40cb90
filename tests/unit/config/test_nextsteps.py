"""What is said at the end of a run."""

from dataclasses import replace

from datacontainer.config.nextsteps import left_over, next_steps
from tools.settings import read


def dataset_with(**keys):
    (fruit,) = read("datasets: {fruit: {path: here}}").datasets.values()
    return replace(fruit, **keys)


def test_next_steps_without_images_is_the_entrypoint(tmp_path):
    entrypoint = tmp_path / "fruit/bin/linux-amd64/entrypoint"
    entrypoint.parent.mkdir(parents=True)
    entrypoint.touch()
    assert next_steps(str(tmp_path), [dataset_with(formats=())]) == [f"{entrypoint} -ls"]
    assert next_steps(str(tmp_path), [dataset_with()]) == []


def test_left_over_image_that_is_not_made_any_more_is_named(tmp_path):
    archive = tmp_path / "fruit/fruit.docker.tar"
    archive.parent.mkdir()
    archive.touch()
    assert left_over(str(tmp_path), [dataset_with()]) == []
    (line,) = left_over(str(tmp_path), [dataset_with(formats=("sif",))])
    assert line == f"'{archive}' is of an earlier run, and not made any more: delete it, or add 'docker' to formats"


def test_next_steps_of_images_are_what_runs_them(tmp_path):
    folder = tmp_path / "my results/fruit"
    (folder / "oci").mkdir(parents=True)
    for product in ("fruit.docker.tar", "fruit.sif", "oci/index.json"):
        (folder / product).touch()
    load, run, start = next_steps(str(folder.parent), [dataset_with(compression="zstd")])
    note = "   # Docker 23 or later: the layers are compressed with zstd"
    assert load == f"docker load -i '{folder}/fruit.docker.tar'{note}"
    assert run == "docker run --rm fruit:1.0"
    assert start == f"apptainer run '{folder}/fruit.sif'"
    assert next_steps(str(folder.parent), [dataset_with(formats=("oci",))]) == []
