# storage: datasets in the storage of one of Snakemake's plugins.


def use_plugin(dataset):
    """Passes the settings of the plugin for a dataset in storage to its jobs: those of this command line, of variables
    and of a directive `storage`."""
    from datacontainer.storage.provider import pass_settings

    query = getattr(storage, or_stop(plugin_of, dataset.name, dataset.path))(dataset.path)
    pass_settings(dataset.path, get_flag_value(query, "storage_object").provider.settings)


for one in SETTINGS.datasets.values():
    if is_remote(one.path):
        use_plugin(one)
