"""Terminal: the output of a run for the person who started it."""
