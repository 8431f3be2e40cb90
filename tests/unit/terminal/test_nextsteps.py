"""The commands at the end of a run."""

from dataclasses import replace

from datacontainer.terminal.nextsteps import left_over, next_steps
from tools.settings import read


def dataset_with(**keys):
    (fruit,) = read("datasets: {fruit: {path: here}}").datasets.values()
    return replace(fruit, **keys)


def test_next_steps_without_images_is_the_entrypoint(tmp_path):
    entrypoint = tmp_path / "bin/linux-amd64/entrypoint"
    made = {str(entrypoint)}
    assert list(next_steps(tmp_path, dataset_with(formats=()), made)) == [f"{entrypoint} -ls"]
    assert list(next_steps(tmp_path, dataset_with(), made)) == []
    assert list(next_steps(tmp_path, dataset_with(formats=()), ())) == []


def test_left_over_image_that_is_not_made_any_more_is_named(tmp_path):
    archive = tmp_path / "fruit.docker.tar"
    archive.touch()
    assert list(left_over(tmp_path, dataset_with())) == []
    (line,) = left_over(tmp_path, dataset_with(formats=("sif",)))
    assert line == (
        f"'{archive}' is from an earlier run and is not updated any more: delete it, or add 'docker' to formats"
    )


def test_next_steps_of_images_are_what_runs_them(tmp_path):
    folder = tmp_path / "my results/fruit"
    (folder / "oci").mkdir(parents=True)
    made = {str(folder / product) for product in ("fruit.docker.tar", "fruit.sif", "oci/index.json")}
    for product in made:
        open(product, "x").close()
    load, run, start = next_steps(folder, dataset_with(compression="zstd"), made)
    note = "   # Docker 23 or later: the layers are compressed with zstd"
    assert load == f"docker load -i '{folder}/fruit.docker.tar'{note}"
    assert run == "docker run --rm fruit:1.0"
    assert start == f"apptainer run '{folder}/fruit.sif'"
    layout = f"oci:'{folder}/oci'"
    assert list(next_steps(folder, dataset_with(formats=("oci",)), made)) == [
        f"podman run --rm {layout}",
        f"skopeo inspect {layout}",
    ]
    assert list(next_steps(folder, dataset_with(), made - {str(folder / "fruit.sif")})) == [
        load.partition("   ")[0],
        run,
    ]
