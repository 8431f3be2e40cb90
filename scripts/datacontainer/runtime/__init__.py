"""Runtime: errors, logs, progress, output files, seals, the lock and other programs, for all stages."""
