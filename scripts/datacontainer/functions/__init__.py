"""Functions of the user: loaded, with the sources they import, and watched while they run."""
