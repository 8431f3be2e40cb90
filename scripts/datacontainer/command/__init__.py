"""Command: the command line `datacontainer`."""
