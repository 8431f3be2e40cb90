"""Runtime: what every stage uses: errors, logs, progress, outputs, seals, the lock and other programs."""
