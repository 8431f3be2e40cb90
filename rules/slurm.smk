# slurm: messages about jobs that Slurm ends, and states that its executor plugin does not handle.
def watch_slurm():
    """Replaces the executor class of a run on Slurm, before the run makes its executor."""
    plugin = workflow.executor_plugin
    if workflow.is_main_process and plugin and plugin.executor.__module__ == "snakemake_executor_plugin_slurm":
        # Few runs need it, and each process of Snakemake reads the rules.
        from datacontainer.terminal.slurm import watched

        plugin.executor = watched(plugin.executor, show)
