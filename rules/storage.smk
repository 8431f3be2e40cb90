# storage: datasets in the storage of one of Snakemake's plugins, by their own URL or as the output of a rule.
from dataclasses import replace

from snakemake.storage import flag_with_storage_object

LOCATED = {}
# With --default-storage-provider, the outputs of rules are in storage, but not those of these rules: their jobs write
# into the folders of the results.
IN_DEFAULT_STORAGE = MODIFIER.path_modifier.apply_default_storage
MODIFIER.path_modifier.apply_default_storage = lambda path: path


def use_plugin(dataset):
    """Passes the settings of the plugin for a dataset in storage to its jobs: those of this command line, of variables
    and of a directive `storage`."""
    from datacontainer.storage.provider import pass_settings

    plugin = or_stop(plugin_of, dataset.name, dataset.path)
    stored = STORED.get(dataset.path) or get_flag_value(getattr(storage, plugin)(dataset.path), "storage_object")
    or_stop(pass_settings, dataset.path, stored.provider.settings)


def made_by_rule(path):
    """The output of a rule that is a dataset's folder; None if no rule makes it."""
    for output in (local(path), IN_DEFAULT_STORAGE(path)):
        if any(one.is_producer(str(output)) for one in workflow.rules):
            return output


def in_storage(output):
    """The query of an output in storage; None for any other."""
    stored = output is not None and get_flag_value(output, "storage_object")
    return stored.query if stored else None


def located(dataset):
    """The dataset with the path from which jobs read it, once all rules are known."""
    if dataset.name not in LOCATED:
        query = in_storage(made_by_rule(dataset.path))
        LOCATED[dataset.name] = replace(dataset, path=query) if query else dataset
        if query and is_remote(query):
            use_plugin(LOCATED[dataset.name])
    return LOCATED[dataset.name]


def not_retrieved(output):
    """An output as an input of which Snakemake makes no copy, as jobs read it from the storage."""
    if not in_storage(output):
        return output
    stored = get_flag_value(output, "storage_object")
    return flag_with_storage_object(stored.query, stored.provider.object(stored.query, retrieve=False))


for one in SETTINGS.datasets.values():
    if is_remote(one.path):
        use_plugin(one)
