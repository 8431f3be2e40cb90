# deployment: where jobs run, and with which software.
def on_cluster():
    """Whether jobs run on other machines, one or more for each stage."""
    return workflow.non_local_exec or not workflow.is_main_process


# The container of the jobs with --sdm apptainer; `make container` builds it. A workflow from a repository has no such file.
IMAGE = os.getenv("DATACONTAINER_IMAGE") or str(ROOT / "workflow/envs/datacontainer.sif")


def in_container():
    """Whether jobs run in a container."""
    return DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method


def deployed():
    """Whether jobs run in an environment of their own."""
    return in_container() or DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method


def bind_folders():
    """Makes the folders outside the working directory visible in the containers of the jobs that this process starts."""
    folders = [
        ROOT,
        *(place(one) for one in ("<results>", "<logs>")),
        *(one.path for one in SETTINGS.datasets.values()),
    ]
    known = os.getenv("APPTAINER_BIND", "").split(",")
    found = [os.path.abspath(one) for one in folders if os.path.isdir(one)]
    os.environ.update(APPTAINER_BIND=",".join(dict.fromkeys(filter(None, [*known, *found]))))
